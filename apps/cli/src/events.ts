import type { DecodedEvent } from '#contracts/event-record';
import type { PublishEventResponse__Output } from '#contracts/generated/hookline/admin/v1/PublishEventResponse';
import { allTenants } from '#contracts/resource-names';
import { idOf, int64Value, orNull, stateText } from './api-values.js';
import { CliFault, type ExitCode } from './cli-fault.js';
import type { CommandContext, Flag, Noun, Output } from './command.js';
import { displayJson, displayText } from './display-text.js';
import { eventEntries } from './event-file.js';
import { binaryRecord, decodeRecord, type EventRecord, namesTenant, structuredRecord } from './event-record.js';
import { nameOf, readInput } from './input-file.js';
import { tenantName } from './resource-names.js';
import { painted } from './table.js';

const fileBytesMax = 64 * 1_048_576;

const fileFlags: readonly Flag[] = [
  {
    name: 'file',
    short: 'f',
    value: 'FILE',
    required: true,
    help: 'one JSON object, a JSON array, or NDJSON; - is standard input',
  },
  { name: 'binary', help: 'as binary records (ce_ headers, the data as the value) instead of structured ones' },
  { name: 'raw', help: 'the whole file as one record, whatever it is: this is how parking is tried' },
];

/** Events as they come from upstream. */
export const eventsNoun: Noun = {
  name: 'events',
  summary: 'publishes events, and checks them without a server',
  commands: [
    {
      verb: 'publish',
      operands: [],
      flags: [
        ...fileFlags,
        { name: 'no-wait', help: 'do not wait for what the renderer makes of it' },
        { name: 'key', value: 'K', help: 'the record key; none when left out' },
      ],
      summary: 'writes events to the events topic and says what became of each',
      details: [
        'The event itself says whose it is (platform keys); --tenant refuses one of another tenant. HOOKLINE_TENANT is not read here.',
        'Ends with 0 when every event was read and none was parked, 1 when one was parked, 3 when one was not read in time.',
      ],
      examples: [
        'hookline events publish -f order.json',
        'hookline events publish -f orders.ndjson --binary --no-wait',
      ],
      run: publish,
    },
    {
      verb: 'check',
      operands: [],
      flags: fileFlags,
      summary: 'says whether events would be read or parked, without a server',
      details: [
        "This is the renderer's own decoder. Only a tenant that does not exist cannot be seen here. Ends with 1 when one would be parked.",
      ],
      examples: ['hookline events check -f orders.ndjson', 'cat order.json | hookline events check -f -'],
      run: check,
    },
  ],
};

async function publish(context: CommandContext): Promise<ExitCode> {
  const { given, output, format } = context;
  const parent = tenantName(context.isTenantGiven ? context.tenant : allTenants);
  const records = await recordsOf(context);
  const admin = await context.admin();
  const request = { parent, key: given.text('key') ?? '', noWait: given.has('no-wait') };
  const ends: PublishEnd[] = [];
  for (const record of records) {
    const { where, value, headers } = record;
    const answer = await admin.publish({ ...request, value, headers }).catch((error: unknown) => {
      throw records.length === 1 ? error : afterSome(error, ends.length, records.length, where);
    });
    const end = endOf(answer, request.noWait);
    ends.push(end);
    if (format === 'table') await output.out(endLines(record, answer, { end, context }));
    else await output.out(`${ends.length === 1 ? '[\n' : ',\n'}${displayJson(endJson(record, answer), 0)}`);
  }
  if (format === 'json') await output.out('\n]\n');
  if (ends.includes('parked')) return 1;
  return ends.includes('unread') ? 3 : 0;
}

async function check(context: CommandContext): Promise<ExitCode> {
  const { output, format } = context;
  const records = await recordsOf(context, true);
  const checked = records.map((record) => ({ where: record.where, decoded: decodeRecord(record) }));
  const parked = checked.filter(({ decoded }) => decoded.kind === 'parked').length;
  if (format === 'json') await output.out(`${displayJson(checked.map(checkJson))}\n`);
  else {
    for (const one of checked) await output.out(checkLine(one, output));
    await output.out(`${checked.length - parked} would be read, ${parked} would be parked\n`);
  }
  return parked === 0 ? 0 : 1;
}

interface Checked {
  readonly where: string;
  readonly decoded: DecodedEvent;
}

function checkLine({ where, decoded }: Checked, output: Output): string {
  const said =
    decoded.kind === 'parked'
      ? `${painted('parked', 'red', output)}: ${displayText(`${decoded.reason} ${decoded.detail}`)}`
      : `${painted('ok', 'green', output)}: ${displayText(`${decoded.event.type} ${decoded.event.id}`)} (tenant not checked)`;
  return `${displayText(where)}: ${said}\n`;
}

function checkJson({ where, decoded }: Checked): object {
  if (decoded.kind === 'parked')
    return { where, verdict: 'parked', parkReason: decoded.reason, detail: decoded.detail };
  const { tenantId, source, id, type, subject } = decoded.event;
  return { where, verdict: 'event', tenant: tenantId, source, id, type, subject };
}

/** The file's records. Throws a CliFault, before anything is published, when one is no JSON object; `mayBeWrong` lets it pass. */
async function recordsOf({ given, world }: CommandContext, mayBeWrong = false): Promise<readonly EventRecord[]> {
  const file = given.text('file') ?? '';
  if (given.has('raw') && given.has('binary'))
    throw new CliFault('usage', '--raw and --binary contradict each other: give one');
  const bytes = await readInput(file, fileBytesMax, world.stdin);
  if (given.has('raw')) return [structuredRecord({ where: nameOf(file), bytes, fault: null })];
  const entries = eventEntries(bytes, nameOf(file));
  if (entries.length === 0) throw new CliFault('failed', `${nameOf(file)} holds no event`);
  const faults = entries.filter(({ fault }) => fault !== null);
  if (faults.length > 0 && !mayBeWrong)
    throw new CliFault(
      'failed',
      `nothing was published, for ${faults.length} of ${entries.length} cannot be events; --raw publishes a file as it is:`,
      faults.slice(0, faultsShownMax).map(({ where, fault }) => `  ${displayText(`${where}: ${fault}`)}`),
    );
  return entries.map((entry) =>
    given.has('binary') && entry.fault === null ? binaryRecord(entry) : structuredRecord(entry),
  );
}

const faultsShownMax = 20;

type PublishEnd = 'matched' | 'unmatched' | 'duplicate' | 'parked' | 'written' | 'unread';

function endOf({ verdict }: PublishEventResponse__Output, noWait: boolean): PublishEnd {
  switch (verdict) {
    case 'EVENT_VERDICT_MATCHED':
      return 'matched';
    case 'EVENT_VERDICT_UNMATCHED':
      return 'unmatched';
    case 'EVENT_VERDICT_DUPLICATE':
      return 'duplicate';
    case 'EVENT_VERDICT_PARKED':
      return 'parked';
    case 'EVENT_VERDICT_UNSPECIFIED':
      return noWait ? 'written' : 'unread';
  }
}

function endLines(
  record: EventRecord,
  answer: PublishEventResponse__Output,
  { end, context }: { readonly end: PublishEnd; readonly context: CommandContext },
): string {
  const place = displayText(`${answer.topic}/${answer.partition}/${answer.offset}`);
  const colour = end === 'parked' ? 'red' : end === 'unread' ? 'yellow' : end === 'matched' ? 'green' : undefined;
  const said = painted(displayText(endText(record, answer, end)), colour, context.output);
  const ids = answer.notifications.map((name) => `  notification ${displayText(idOf(name))}\n`);
  return `${place}: ${said}\n${ids.join('')}`;
}

function endText(
  record: EventRecord,
  { notifications, parkReason, detail }: PublishEventResponse__Output,
  end: PublishEnd,
): string {
  switch (end) {
    case 'matched':
      return `matched ${notifications.length} ${notifications.length === 1 ? 'template' : 'templates'}`;
    case 'unmatched':
      return `matched none: no active template for type ${typeOf(record)}`;
    case 'duplicate':
      return 'duplicate of an event read before';
    case 'parked':
      return `parked: ${parkReason} ${detail}${parkReason === 'UNKNOWN_TENANT' ? tenantHint(record) : ''}`.trimEnd();
    case 'written':
      return 'written';
    case 'unread':
      return `written, but not seen read within 10 s${detail === '' ? '' : ` (${detail})`}: is the renderer running, and does it keep up?`;
  }
}

function tenantHint(record: EventRecord): string {
  return namesTenant(record) ? '' : ' (the event names none)';
}

function typeOf(record: EventRecord): string {
  const decoded = decodeRecord(record);
  return decoded.kind === 'event' ? decoded.event.type : 'unknown';
}

function endJson({ where }: EventRecord, answer: PublishEventResponse__Output): object {
  return {
    where,
    topic: answer.topic,
    partition: answer.partition,
    offset: int64Value(answer.offset),
    verdict: orNull(stateText(answer.verdict, 'EVENT_VERDICT')),
    notifications: answer.notifications.map(idOf),
    parkReason: orNull(answer.parkReason),
    detail: orNull(answer.detail),
  };
}

/** The same fault, which also says how far it had come: what is published is not taken back. */
function afterSome(error: unknown, done: number, all: number, where: string): unknown {
  if (!(error instanceof CliFault)) return error;
  const said = `${done} of ${all} events were published before; this was ${displayText(where)}`;
  return new CliFault(error.kind, error.message, [...error.more, said], { cause: error, fields: error.fields });
}
