import { readFileSync } from 'node:fs';
import { benchTenant } from './bench-events.js';
import { type BenchRun, type BenchStage, startStage } from './bench-stage.js';
import { NotificationLists } from './notification-lists.js';
import type { Outcome } from './outcome.js';
import { type Percentiles, percentilesOf, type Spread } from './percentiles.js';
import { mediansOf, spreadsOf } from './spreads.js';
import { table } from './table.js';
import { pagesOfList } from './usage.js';

const warmPages = 50;
const pageSize = 50;

/** Lists an operator asks for; how many rows each finds of a million is said beside it. */
const lists = [
  { name: 'newest', filter: '' },
  { name: 'of an endpoint', filter: 'endpoint = e3' },
  { name: 'of a client', filter: 'subject = "clients/5"' },
  { name: 'of an event', filter: 'event_id = repayment-77' },
  { name: 'failed', filter: 'state = FAILED' },
  { name: 'pending', filter: 'state = PENDING' },
  { name: 'failed of an endpoint', filter: 'endpoint = e3 AND state = FAILED' },
] as const;

/** What one round found out: milliseconds a page, by list. */
interface SearchRound {
  readonly pageMs: Readonly<Record<string, Percentiles>>;
}

/** Pages of lists through the admin's API, one call at a time. */
export async function search(run: BenchRun): Promise<Outcome> {
  const stage = await startStage(run, ['admin']);
  const { events } = run.options;
  run.say(`storing ${events} notifications`);
  await storeHistory(stage, events);
  const client = new NotificationLists(stage.adminAddress, readFileSync(stage.adminKeyFile, 'utf8').trim());
  for (const { filter } of lists) await pages(client, filter, warmPages);
  const rounds: SearchRound[] = [];
  for (let round = 1; round <= run.options.rounds; round++) rounds.push(await searchRound(run, client, round));
  client.close();
  const spread = spreadsOf(rounds);
  return {
    json: { rounds, median: mediansOf<SearchRound>(spread), spread, bare: null, ratioToBare: null },
    lines: [
      `search: pages of ${pageSize} of ${events} notifications, ${rounds.length} rounds of ${pagesOfList} pages of each list, milliseconds (min / median / max)`,
      '',
      ...table([
        ['list', 'p50', 'p95', 'p99'],
        ...Object.entries(spread.pageMs).map(([name, { p50, p95, p99 }]) => [name, ...[p50, p95, p99].map(three)]),
      ]),
    ],
  };
}

async function searchRound(run: BenchRun, client: NotificationLists, round: number): Promise<SearchRound> {
  const pageMs: Record<string, Percentiles> = {};
  for (const { name, filter } of lists) {
    const percentiles = percentilesOf(await pages(client, filter, pagesOfList));
    if (percentiles !== null) pageMs[name] = percentiles;
    run.say(`round ${round}: ${name}: p50 ${percentiles?.p50.toFixed(1)} ms`);
  }
  return { pageMs };
}

function three({ min, median, max }: Spread): string {
  return [min, median, max].map((ms) => ms.toFixed(1)).join(' / ');
}

/** Follows the list from page to page, from the beginning again when it ends. */
async function pages(client: NotificationLists, filter: string, count: number): Promise<Float64Array> {
  const tookMs = new Float64Array(count);
  let pageToken = '';
  for (let page = 0; page < count; page++) {
    const startedMs = performance.now();
    pageToken = await client.page({ parent: `tenants/${benchTenant}`, pageSize, filter, pageToken });
    tookMs[page] = performance.now() - startedMs;
  }
  return tookMs;
}

/** Six days of history: 97 % sent, 2 % failed, 1 % pending, with an attempt each. */
async function storeHistory({ database: { store }, run }: BenchStage, count: number): Promise<void> {
  const { endpoints } = run.options;
  await store.query(
    `INSERT INTO notifications (id, tenant_id, event_source, event_id, event_type, event_time, subject, template_id,
       template_version, endpoint_id, state, waiting_reason, failure_reason, next_number, attempt_count, created_at,
       finished_at, payload_bytes, source_topic, source_partition, source_offset, next_attempt_at)
     SELECT (lpad(to_hex(at_ms), 12, '0') || '7' || substr(hash, 1, 3) || '8' || substr(hash, 4, 15))::uuid, $2, '/lending/core',
       'repayment-' || n, 'loan.repaid', to_timestamp(at_ms / 1000.0), 'clients/' || n % 1000, 'to-e' || n % $3, 1,
       'e' || n % $3, state, CASE state WHEN 'pending' THEN 'RETRY_SCHEDULED' END,
       CASE state WHEN 'failed' THEN 'EXHAUSTED' END, 2, 1, to_timestamp(at_ms / 1000.0), to_timestamp(at_ms / 1000.0),
       900, 'events', n % 6, n, CASE state WHEN 'pending' THEN now() + interval '1 day' END
       FROM (SELECT n, md5(n::text) AS hash,
                    ((extract(epoch FROM now()) - 518400.0 * (1 - n::float8 / $1)) * 1000)::bigint AS at_ms,
                    CASE WHEN n % 100 < 2 THEN 'failed' WHEN n % 100 = 2 THEN 'pending' ELSE 'sent' END AS state
               FROM generate_series(0, $1::int - 1) AS n) AS made`,
    [count, benchTenant, endpoints],
  );
  await store.query('VACUUM ANALYZE notifications');
}
