import type { NotificationColumn } from '#audit/notification-reads';
import { ResourceFault } from '#registry/resource-fault';

/** Conditions that must all hold. */
export type NotificationFilter = readonly (readonly [NotificationColumn, string])[];

interface Token {
  readonly kind: 'word' | 'text' | 'equals';
  readonly value: string;
  /** From 1. */
  readonly column: number;
}

const fields: Readonly<Record<string, NotificationColumn>> = {
  event_id: 'event_id',
  event_source: 'event_source',
  event_type: 'event_type',
  subject: 'subject',
  state: 'state',
  template: 'template_id',
  endpoint: 'endpoint_id',
};
const states = ['PENDING', 'SENT', 'FAILED', 'CANCELLED'];
const filterCharsMax = 4_000;
/** White space, `=`, a quoted text, or a word: whatever stands up to the next of those. */
const tokenPattern = /\s+|=|"(?:[^"\\]|\\.)*"|[^\s="]+/suy;

/**
 * Reads `field = value AND field = value` (a subset of AIP-160): a value is a word or a quoted text with `\"` and `\\`.
 * Throws ResourceFault invalid with the position of what is wrong.
 */
export function parseNotificationFilter(filter: string): NotificationFilter {
  if (filter.length > filterCharsMax) throw wrong(`is longer than ${filterCharsMax} characters`);
  if (/[\p{Cc}\p{Cs}]/u.test(filter.replaceAll(/[\t\n\r]/g, ' '))) throw wrong('holds a control character');
  const tokens = tokenize(filter);
  const conditions: (readonly [NotificationColumn, string])[] = [];
  for (let i = 0; i < tokens.length; i += 4) {
    const condition = readCondition(tokens.slice(i, i + 3), filter.length + 1);
    if (conditions.some(([column]) => column === condition[0]))
      throw wrongAt(tokens[i], filter, `${tokens[i]?.value} stands twice`);
    conditions.push(condition);
    const joint = tokens[i + 3];
    if (joint !== undefined && !(joint.kind === 'word' && joint.value === 'AND'))
      throw wrongAt(joint, filter, 'AND is expected');
    if (joint !== undefined && tokens[i + 4] === undefined) throw wrongAt(undefined, filter, 'a field is expected');
  }
  return conditions;
}

function readCondition([field, operator, value]: readonly Token[], endColumn: number) {
  const end: Token = { kind: 'word', value: '', column: endColumn };
  const column = field?.kind === 'word' && Object.hasOwn(fields, field.value) ? fields[field.value] : undefined;
  if (column === undefined)
    throw wrongToken(field ?? end, `${shown(field)} is not one of ${Object.keys(fields).join(', ')}`);
  if (operator?.kind !== 'equals') throw wrongToken(operator ?? end, '= is expected; there is no other operator');
  if (value === undefined || value.kind === 'equals') throw wrongToken(value ?? end, 'a value is expected');
  return [column, column === 'state' ? readState(value) : value.value] as const;
}

function readState(value: Token): string {
  const state = value.value.replace(/^NOTIFICATION_STATE_/, '');
  if (!states.includes(state)) throw wrongToken(value, `${shown(value)} is not one of ${states.join(', ')}`);
  return state.toLowerCase();
}

function tokenize(filter: string): readonly Token[] {
  const tokens: Token[] = [];
  const pattern = new RegExp(tokenPattern);
  for (let at = 0; at < filter.length; at = pattern.lastIndex) {
    pattern.lastIndex = at;
    const [text = ''] = pattern.exec(filter) ?? [];
    if (text === '') throw wrong(`column ${at + 1}: a quoted text does not end`);
    if (text.trim() !== '') tokens.push(tokenOf(text, at + 1));
    pattern.lastIndex = at + text.length;
  }
  return tokens;
}

function tokenOf(text: string, column: number): Token {
  if (text === '=') return { kind: 'equals', value: text, column };
  if (!text.startsWith('"')) return { kind: 'word', value: text, column };
  return { kind: 'text', value: text.slice(1, -1).replaceAll(/\\(.)/gsu, '$1'), column };
}

function wrongAt(token: Token | undefined, filter: string, said: string): ResourceFault {
  return wrong(`column ${token?.column ?? filter.length + 1}: ${said}`);
}

function wrongToken({ column }: Token, said: string): ResourceFault {
  return wrong(`column ${column}: ${said}`);
}

function wrong(said: string): ResourceFault {
  return ResourceFault.invalid([{ field: 'filter', said }]);
}

function shown(token: Token | undefined): string {
  return JSON.stringify((token?.value ?? '').slice(0, 80));
}
