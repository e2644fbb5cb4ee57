import type { Given } from './command.js';

/** As they are written on the command line and in its answers. */
export const notificationStates = ['pending', 'sent', 'failed', 'cancelled'];

/** Flags whose value is compared with a field of the API. */
const fields: Readonly<Record<string, string>> = {
  'event-id': 'event_id',
  'event-type': 'event_type',
  subject: 'subject',
  endpoint: 'endpoint',
  template: 'template',
};

/** The AIP-160 filter of the flags, joined by AND; empty when there is none. */
export function filterOf(given: Given): string {
  const state = given.text('state');
  const compared = Object.entries(fields).flatMap(([flag, field]) => {
    const value = given.text(flag);
    return value === undefined ? [] : [`${field} = ${quoted(value)}`];
  });
  const own = given.text('filter')?.trim() ?? '';
  return [
    ...compared,
    ...(state === undefined ? [] : [`state = ${state.toUpperCase()}`]),
    ...(own === '' ? [] : [own]),
  ].join(' AND ');
}

/** A string literal: what would end it early is escaped. */
function quoted(value: string): string {
  return `"${value.replaceAll(/["\\]/g, '\\$&')}"`;
}
