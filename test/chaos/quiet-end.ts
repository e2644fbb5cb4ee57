import { systemClock } from '#domain/clock';
import type { DataSource } from '#postgres/data-source';
import { tailOf } from '../../deploy/local/local-process.js';
import type { ChaosApp } from './chaos-app.js';
import { type ChaosTopics, unreadRecords } from './read-kafka.js';
import { countPending, readCounts, whatIsPending } from './read-views.js';

/** What is waited for. */
export interface QuietNeeds {
  readonly store: DataSource;
  readonly topics: ChaosTopics;
  readonly apps: readonly ChaosApp[];
  readonly signal: AbortSignal;
  /** A long run may leave more behind than fits into the limit: it has until then, milliseconds, as long as it gets less. */
  readonly drainMsMax?: number;
}

/** From the last healed fault: all apps ready again. */
const readyMsMax = 60_000;
/**
 * And then nothing pending, open or unread, or nothing that gets less: the longest series of attempts takes some 20 s, a lost
 * lease 15 s more, what is held for a dead endpoint is failed when it is disabled.
 */
const quietMsMax = 120_000;
const lookMs = 500;
const probeMsMax = 3_000;
const askMsMax = 10_000;
/** Nothing of it twice in a row: between two looks a record may be neither here nor there. */
const quietLooks = 2;

/** How the end went: `trouble` is in words what stood where when the limit was hit. */
export interface QuietEnd {
  readonly quietMs: number;
  readonly trouble: readonly string[];
}

/** Waits until every app is ready and nothing is pending; never longer than the limits. */
export async function quietEnd(needs: QuietNeeds): Promise<QuietEnd> {
  const startMs = systemClock.monotonicMs();
  const passed = () => systemClock.monotonicMs() - startMs;
  const unready = async () => (await readiness(needs.apps)).filter((line) => line !== null);
  if (!(await within(readyMsMax, async () => (await unready()).length === 0, needs.signal))) {
    const said = `not all apps were ready within ${readyMsMax / 1_000} s`;
    return { quietMs: passed(), trouble: [said, ...(await unready())] };
  }
  let looks = 0;
  const isQuiet = async () => {
    looks = (await isNothingLeft(needs)) ? looks + 1 : 0;
    return looks >= quietLooks;
  };
  if (await untilQuiet(needs, isQuiet)) return { quietMs: passed(), trouble: [] };
  const said = `something was still pending after ${Math.round(passed() / 1_000)} s`;
  return { quietMs: passed(), trouble: [said, ...(await whereItStands(needs))] };
}

/** Gives up when for `quietMsMax` nothing got less, or nothing else is allowed. */
async function untilQuiet(needs: QuietNeeds, isQuiet: () => Promise<boolean>): Promise<boolean> {
  const endMs = systemClock.monotonicMs() + (needs.drainMsMax ?? quietMsMax);
  for (let least = Number.POSITIVE_INFINITY; systemClock.monotonicMs() < endMs && !needs.signal.aborted; ) {
    const limitMs = Math.min(quietMsMax, endMs - systemClock.monotonicMs());
    if (await within(limitMs, isQuiet, needs.signal)) return true;
    const { pending } = await readCounts(needs.store).catch(() => ({ pending: least }));
    if (pending >= least) return false;
    least = pending;
  }
  return false;
}

async function within(limitMs: number, look: () => Promise<boolean>, signal: AbortSignal): Promise<boolean> {
  for (const endMs = systemClock.monotonicMs() + limitMs; systemClock.monotonicMs() < endMs && !signal.aborted; ) {
    if (await look()) return true;
    await systemClock.wait(lookMs, signal);
  }
  return false;
}

async function isNothingLeft({ store, topics }: QuietNeeds): Promise<boolean> {
  try {
    const { pending, started, wishes } = await readCounts(store);
    if (pending + started + wishes > 0) return false;
    if ((await countPending(store)) > 0) return false;
    return (await unreadRecords(topics)).length === 0;
  } catch {
    return false; // a server that has just come back may refuse once; the limit says so if it goes on
  }
}

async function whereItStands({ store, topics, apps }: QuietNeeds): Promise<readonly string[]> {
  const asked = Promise.all([whatIsPending(store), unreadRecords(topics), readiness(apps)]).then(
    ([pending, unread, ready]) => [
      ...pending,
      ...unread.map((line) => `unread ${line}`),
      ...ready.filter((line) => line !== null),
    ],
    (error: unknown) => [`a server did not answer: ${String(error)}`],
  );
  const late = systemClock.wait(askMsMax).then(() => [`the servers did not answer within ${askMsMax / 1_000} s`]);
  return Promise.race([asked, late]);
}

/** Of each app null, or why it is not ready. */
function readiness(apps: readonly ChaosApp[]): Promise<readonly (string | null)[]> {
  return Promise.all(
    apps.map(async ({ part, httpPort, logFile }) => {
      try {
        const signal = AbortSignal.timeout(probeMsMax);
        const response = await fetch(`http://127.0.0.1:${httpPort}/readyz`, { signal });
        const text = await response.text();
        return response.status === 200 ? null : `${part} is not ready: ${text}`;
      } catch (error) {
        return `${part} does not answer: ${String(error)}\n${tailOf(logFile)}`;
      }
    }),
  );
}
