import type { Difference__Output } from '#contracts/generated/hookline/admin/v1/Difference';
import type { Ledger__Output } from '#contracts/generated/hookline/admin/v1/Ledger';
import type { NotificationLedger__Output } from '#contracts/generated/hookline/admin/v1/NotificationLedger';
import type { PartitionLedger__Output } from '#contracts/generated/hookline/admin/v1/PartitionLedger';
import { installationLedger } from '#contracts/resource-names';
import type { AdminClient } from './admin-client.js';
import { int64Value, orNull, reasonText, timeText } from './api-values.js';
import { CliFault, type ExitCode } from './cli-fault.js';
import type { CommandContext, Flag, Given, Noun, Output } from './command.js';
import { displayJson, displayText } from './display-text.js';
import { tenantLedgerName } from './resource-names.js';
import { painted, Table } from './table.js';

const shownMax = 1_000;
const pageRows = 200;

const flags: readonly Flag[] = [
  { name: 'json', help: 'the same as -o json' },
  {
    name: 'accept',
    value: 'NAME',
    help: 'a difference that is dealt with and can never be repaired: it stands no more',
  },
  { name: 'reason', value: 'TEXT', help: 'what was done about it, with --accept; it stands in the operator log' },
];

/** Whether what was read and made is all there. */
export const booksNoun: Noun = {
  name: 'books',
  summary: 'says whether the books balance: what was read, what was made of it, what is missing',
  commands: [
    {
      verb: null,
      operands: [],
      flags,
      summary: 'prints both lines of the books and every difference',
      details: [
        'Events, for each partition: committed - first - gaps = matched + unmatched + duplicate + parked + missing.',
        "  Kafka says the left side, the verdicts in Postgres the right one; nothing may be missing. 'first' is where the books",
        "  begin, 'gaps' are offsets that the log leaves out.",
        'Notifications: created = sent + pending + failed + cancelled = attempted + waiting + ended without an attempt.',
        '',
        'The retry-scheduler compares them all the time; a difference is shown once two of its looks have found it, within two',
        'minutes, and no more once it is repaired. A platform key sees all of it. With --tenant T it is the second line of that',
        'tenant and its own differences, which is all that a key of a tenant sees: a partition belongs to no tenant.',
        '',
        'Exit code 1 when something does not balance, or when nothing was checked for two minutes (no scheduler, DUTIES_OFF=books,',
        'Kafka or Postgres away): then what is shown is old. Exit code 0 else.',
      ],
      examples: [
        'hookline books',
        'hookline books --json',
        'hookline books --tenant acme',
        'hookline books --accept differences/0190a5b2-7c1e-7a5b-8d3f-0123456789ab --reason "produced again, ticket 4711"',
      ],
      run: books,
    },
  ],
};

async function books({ given, admin, output, format, tenant, isTenantGiven }: CommandContext): Promise<ExitCode> {
  const name = isTenantGiven && tenant !== '-' ? tenantLedgerName(tenant) : installationLedger;
  const client = await admin();
  await acceptGiven(given, client);
  const ledger = await client.ledger(name);
  const differences = await differencesOf(client, name);
  const isWell = ledger.balanced && !ledger.stale;
  if (format === 'json' || given.has('json')) await output.out(`${displayJson(ledgerJson(ledger, differences))}\n`);
  else await printLedger(ledger, differences, output);
  return isWell ? 0 : 1;
}

async function acceptGiven(given: Given, client: AdminClient): Promise<void> {
  const [name, reason] = [given.text('accept'), given.text('reason')];
  if (name === undefined && reason === undefined) return;
  if (name === undefined || reason === undefined)
    throw new CliFault('usage', '--accept and --reason go together', ['see: hookline books --help']);
  await client.acceptDifference({ name: name.startsWith('differences/') ? name : `differences/${name}`, reason });
}

async function differencesOf(client: AdminClient, parent: string): Promise<readonly Difference__Output[]> {
  const all: Difference__Output[] = [];
  let pageToken = '';
  do {
    const page = await client.differences({ parent, pageSize: pageRows, pageToken });
    all.push(...page.rows);
    pageToken = page.nextPageToken;
  } while (pageToken !== '' && all.length < shownMax);
  return all;
}

async function printLedger(ledger: Ledger__Output, differences: readonly Difference__Output[], output: Output) {
  const { partitions, notifications } = ledger;
  if (partitions.length > 0) {
    await output.out('events read, by partition\n');
    await new Table(partitionColumns, output).add(partitions);
    await output.out('\n');
  }
  const lines = notifications === null ? notCounted : notificationLines(notifications);
  await output.out(`${lines.join('\n')}\n\n`);
  for (const difference of differences) {
    const { name, detail, remedy, firstSeenTime } = difference;
    const kind = painted(kindOf(difference), 'red', output);
    await output.out(`${kind}  ${displayText(`${placeOf(difference)}: ${detail}`)}\n`);
    await output.out(
      `  ${displayText(name)}, first seen ${timeText(firstSeenTime)}; what to do: ${displayText(remedy)}\n`,
    );
  }
  const more = ledger.differenceCount - differences.length + ledger.unlistedCount;
  if (more > 0) await output.out(`and ${more} more differences\n`);
  const [text, colour] = verdictOf(ledger);
  await output.out(`${painted(text, colour, output)}; ${checkedText(ledger)}\n`);
}

function verdictOf({ balanced, stale }: Ledger__Output) {
  if (!balanced) return ['the books do not balance', 'red'] as const;
  return stale ? (['nobody checks the books', 'red'] as const) : (['the books balance', 'green'] as const);
}

function checkedText({ stale, partitions, eventsCheckTime, notificationsCheckTime }: Ledger__Output): string {
  const at = (time: Ledger__Output['eventsCheckTime']) => timeText(time) || 'never';
  const isWhole = eventsCheckTime !== null || partitions.length > 0;
  const events = isWhole ? [`events checked ${at(eventsCheckTime)}`] : [];
  const old = stale ? ['this is older than two minutes'] : [];
  return [...events, `notifications checked ${at(notificationsCheckTime)}`, ...old].join(', ');
}

const partitionColumns = [
  { title: 'PARTITION', text: ({ topic, partition }: PartitionLedger__Output) => `${topic}/${partition}` },
  { title: 'FIRST', text: ({ firstOffset }: PartitionLedger__Output) => firstOffset },
  { title: 'COMMITTED', text: (line: PartitionLedger__Output) => committedOf(line) ?? '' },
  { title: 'GAPS', text: ({ gaps }: PartitionLedger__Output) => gaps },
  { title: 'READ', text: (line: PartitionLedger__Output) => String(readOf(line)) },
  { title: 'MATCHED', text: ({ matched }: PartitionLedger__Output) => matched },
  { title: 'UNMATCHED', text: ({ unmatched }: PartitionLedger__Output) => unmatched },
  { title: 'DUPLICATE', text: ({ duplicate }: PartitionLedger__Output) => duplicate },
  { title: 'PARKED', text: ({ parked }: PartitionLedger__Output) => parked },
  {
    title: 'MISSING',
    text: ({ missing, accepted }: PartitionLedger__Output) =>
      accepted === '0' ? missing : `${missing} (${accepted} accepted)`,
    colour: ({ missing, accepted }: PartitionLedger__Output) => (missing === accepted ? undefined : ('red' as const)),
  },
];

function committedOf(line: PartitionLedger__Output): string | null {
  return 'committedOffset' in line && line.committedOffset !== undefined ? line.committedOffset : null;
}

/** Of what is committed. */
function readOf({ matched, unmatched, duplicate, parked }: PartitionLedger__Output): bigint {
  return [matched, unmatched, duplicate, parked].reduce((sum, count) => sum + BigInt(count), 0n);
}

/** A long history takes its time; differences are shown meanwhile. */
const notCounted: readonly string[] = ['notifications are counted for the first time'];

function notificationLines(line: NotificationLedger__Output): readonly string[] {
  const { created, sent, pending, failed, cancelled, attempted, waiting, endedWithoutAttempt: ended } = line;
  return [
    `notifications created ${created} = sent ${sent} + pending ${pending} + failed ${failed} + cancelled ${cancelled}`,
    `notifications created ${created} = attempted ${attempted} + waiting ${waiting} + ended without an attempt ${ended}`,
    `counted ${timeText(line.countTime)}`,
  ];
}

const kindOf = ({ kind }: Difference__Output) => reasonText(kind, 'DIFFERENCE_KIND');

function placeOf(difference: Difference__Output): string {
  const { topic, partition, firstOffset, lastOffset, tenant, notificationId, attemptNumber } = difference;
  const offsets = firstOffset === lastOffset ? firstOffset : `${firstOffset} to ${lastOffset}`;
  const place = topic === '' ? [] : [`${topic}/${partition} offset ${offsets}`];
  const row = notificationId === '' ? [] : [`notification ${notificationId}`];
  const number = attemptNumber === 0 ? [] : [`attempt ${attemptNumber}`];
  return [...place, ...row, ...number, ...(tenant === '' ? [] : [`tenant ${tenant}`])].join(', ');
}

function ledgerJson(ledger: Ledger__Output, differences: readonly Difference__Output[]): object {
  const { name, balanced, stale, eventsCheckTime, notificationsCheckTime, partitions, notifications } = ledger;
  return {
    ...{ ok: balanced && !stale, name, balanced, stale },
    ...{
      eventsChecked: orNull(timeText(eventsCheckTime)),
      notificationsChecked: orNull(timeText(notificationsCheckTime)),
    },
    partitions: partitions.map(partitionJson),
    notifications: notifications === null ? null : notificationsJson(notifications),
    differences: differences.map(differenceJson),
    ...{ differenceCount: ledger.differenceCount, unlistedCount: ledger.unlistedCount },
  };
}

function partitionJson(line: PartitionLedger__Output): object {
  const committed = committedOf(line);
  const { matched, unmatched, duplicate, parked, gaps, missing, accepted, uncommitted } = line;
  const counts = { matched, unmatched, duplicate, parked, gaps, missing, accepted, uncommitted };
  return {
    ...{ topic: line.topic, partition: line.partition, first: int64Value(line.firstOffset) },
    committed: committed === null ? null : int64Value(committed),
    ...{ logStart: int64Value(line.logStartOffset), logEnd: int64Value(line.logEndOffset) },
    read: int64Value(String(readOf(line))),
    ...Object.fromEntries(Object.entries(counts).map(([field, count]) => [field, int64Value(count)])),
    checked: orNull(timeText(line.checkTime)),
  };
}

function notificationsJson({ countTime, ...counts }: NotificationLedger__Output): object {
  const { created, sent, pending, failed, cancelled, attempted, waiting, endedWithoutAttempt } = counts;
  const all = { created, sent, pending, failed, cancelled, attempted, waiting, endedWithoutAttempt };
  const numbers = Object.entries(all).map(([field, count]) => [field, int64Value(count)]);
  return { ...Object.fromEntries(numbers), counted: orNull(timeText(countTime)) };
}

function differenceJson(difference: Difference__Output): object {
  const { name, topic, partition, firstOffset, lastOffset, tenant, notificationId, attemptNumber } = difference;
  const isPlace = topic !== '';
  return {
    ...{ name, kind: kindOf(difference), tenant: orNull(tenant), topic: orNull(topic) },
    ...{ partition: isPlace ? partition : null, firstOffset: isPlace ? int64Value(firstOffset) : null },
    lastOffset: isPlace ? int64Value(lastOffset) : null,
    ...{ notification: orNull(notificationId), attempt: orNull(attemptNumber) },
    ...{ detail: difference.detail, remedy: difference.remedy },
    ...{ firstSeen: orNull(timeText(difference.firstSeenTime)), lastSeen: orNull(timeText(difference.lastSeenTime)) },
  };
}
