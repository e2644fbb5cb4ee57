import { allArrived, waitUntil } from './arrivals.js';
import { emptyDatabase, isSettled } from './bench-database.js';
import type { BenchStage } from './bench-stage.js';
import { usageOf, usedBetween } from './components.js';
import { type Aside, countedOf, noAside } from './programs/aside.js';
import { untilQuiet } from './quiet.js';
import { figuresFrom, type RoundFigures } from './round-figures.js';
import { workBetween, workOf } from './work.js';

const settleMsMax = 60_000;
/** Of the profile `development`. */
export const eventPartitions = 6;

/**
 * One backlog. The events are written inside one Kafka transaction while the apps are up, warm and joined, and can see
 * nothing of them; the clock starts when its commit is asked for, and stops at the last arrival. CPU is counted until the
 * last delivery is finished in Postgres.
 */
export async function drain(stage: BenchStage, count: number, aside: Aside = noAside): Promise<RoundFigures> {
  const { generator, receiver, topics, numbers, run, database } = stage;
  const { endpoints } = run.options;
  const from = numbers.take(count);
  const expected = countedOf({ from, count, endpoints }, aside);
  await emptyDatabase(database);
  await receiver.call('expect', { from, count, timed: false, aside });
  const load = { topic: topics.eventsTopic, partitions: eventPartitions, from, count, endpoints };
  await generator.call('fill', { ...load, value: 'event' });
  const early = await receiver.call('arrivals', {});
  if (early.distinct > 0)
    throw new Error('events of an open transaction were sent: the renderer reads uncommitted ones');
  const wasQuiet = await untilQuiet(stage);

  const [work, before] = [await workOf(stage), usageOf(stage)];
  const startedMs = await generator.call('release', {});
  await allArrived(stage, expected);
  const isDone = aside.hangs || (await waitUntil(() => isSettled(database), settleMsMax, run.signal));
  const used = usedBetween(before, usageOf(stage));
  if (!isDone) run.say(`after ${settleMsMax / 1_000} s something was still pending`);
  const isQuiet = aside.hangs || (await untilQuiet(stage));
  const arrivals = await receiver.call('arrivals', {});
  return {
    ...figuresFrom({ count: expected, startedMs, arrivals, used, settled: wasQuiet && isDone && isQuiet }),
    ...workBetween(work, await workOf(stage), arrivals),
  };
}
