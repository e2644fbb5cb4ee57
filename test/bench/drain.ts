import { allArrived, waitUntil } from './arrivals.js';
import { pause } from './bench-clock.js';
import { emptyDatabase, isSettled, storeWork } from './bench-database.js';
import type { BenchStage } from './bench-stage.js';
import { systemCpuSeconds, type Usage, usageOf, usedBetween } from './components.js';
import type { RoundFigures } from './round-figures.js';

const settleMsMax = 60_000;
/** Everything is quiet again after a round: commits, progress reports, the last statistics. */
const quietMs = 3_000;
export const eventPartitions = 6;

/**
 * One backlog. The events are written inside one Kafka transaction while the apps are up, warm and joined, and can see
 * nothing of them; the clock starts when its commit is asked for, and stops at the last arrival. CPU is counted until the
 * last delivery is finished in Postgres.
 */
export async function drain(stage: BenchStage, count: number): Promise<RoundFigures> {
  const { generator, receiver, topics, numbers, run, database } = stage;
  const from = numbers.take(count);
  await emptyDatabase(database);
  await receiver.call('expect', { from, count, timed: false, hangingPath: null });
  const load = {
    topic: topics.eventsTopic,
    partitions: eventPartitions,
    from,
    count,
    endpoints: run.options.endpoints,
  };
  await generator.call('fill', { ...load, value: 'event' });
  const early = await receiver.call('arrivals', {});
  if (early.distinct > 0)
    throw new Error('events of an open transaction were delivered: the renderer reads uncommitted');
  await pause(quietMs, run.signal);

  const [work, before] = [await storeWork(database), usageOf(stage)];
  const startedMs = await generator.call('release', {});
  const arrivals = await allArrived(stage, count);
  const isDone = await waitUntil(() => isSettled(database), settleMsMax, run.signal);
  const used = usedBetween(before, usageOf(stage));
  if (!isDone) run.say(`after ${settleMsMax / 1_000} s something was still pending`);
  await pause(quietMs, run.signal);
  const last = await receiver.call('arrivals', {});
  const now = await storeWork(database);
  return {
    ...figuresFrom(count, { startedMs, arrivals: last, used }),
    lost: count - last.distinct,
    transactions: now.transactions - work.transactions,
    walBytes: now.walBytes - work.walBytes,
    isComplete: arrivals.distinct === count,
  };
}

/** What drains and bare rounds have in common. */
export function figuresFrom(
  count: number,
  of: {
    readonly startedMs: number;
    readonly arrivals: { readonly distinct: number; readonly duplicates: number; readonly lastMs: number };
    readonly used: Usage;
  },
): RoundFigures {
  const { startedMs, arrivals, used } = of;
  const seconds = (arrivals.lastMs - startedMs) / 1_000;
  return {
    deliveries: arrivals.distinct,
    seconds,
    deliveriesPerSecond: arrivals.distinct / seconds,
    deliveriesPerCpuSecond: arrivals.distinct / systemCpuSeconds(used),
    arrivalMs: null,
    used,
    lost: count - arrivals.distinct,
    duplicates: arrivals.duplicates,
    transactions: null,
    walBytes: null,
    isComplete: arrivals.distinct === count,
  };
}
