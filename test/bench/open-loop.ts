import { allArrived, waitUntil } from './arrivals.js';
import { epochMs } from './bench-clock.js';
import { emptyDatabase, isSettled } from './bench-database.js';
import type { BenchStage } from './bench-stage.js';
import { subtractIdle, type Usage, usageOf, usedBetween } from './components.js';
import { eventPartitions } from './drain.js';
import { type Aside, countedOf, noAside } from './programs/aside.js';
import { untilQuiet } from './quiet.js';
import { figuresFrom, type RoundFigures } from './round-figures.js';
import { workBetween, workOf } from './work.js';

const leadMs = 200;
const settleMsMax = 60_000;

/** One open loop. */
export interface OpenLoop {
  readonly count: number;
  readonly ratePerSecond: number;
  /** What is used anyway, by second; subtracted. */
  readonly idle: Usage;
  readonly aside?: Aside;
}

/** Events come at their times whatever becomes of those before: a system that stalls is not spared what it delays. */
export async function openLoop(stage: BenchStage, loop: OpenLoop): Promise<RoundFigures> {
  const { count, ratePerSecond, idle, aside = noAside } = loop;
  const { generator, receiver, topics, numbers, run, database } = stage;
  const { endpoints } = run.options;
  const from = numbers.take(count);
  const expected = countedOf({ from, count, endpoints }, aside);
  await emptyDatabase(database);
  await receiver.call('expect', { from, count, timed: true, aside });
  const wasQuiet = await untilQuiet(stage);

  const [work, before, startMs] = [await workOf(stage), usageOf(stage), epochMs() + leadMs];
  const load = { topic: topics.eventsTopic, partitions: eventPartitions, from, count, endpoints };
  const paced = generator.call('pace', { ...load, value: 'event', ratePerSecond, startMs });
  let lagMax = 0;
  await Promise.all([
    allArrived(stage, expected, ({ distinct }) => {
      const due = Math.min(expected, Math.floor(((epochMs() - startMs) / 1_000) * ratePerSecond * (expected / count)));
      lagMax = Math.max(lagMax, due - distinct);
    }),
    paced,
  ]);
  const isDone = aside.hangs || (await waitUntil(() => isSettled(database), settleMsMax, run.signal));
  const all = usedBetween(before, usageOf(stage));
  const used = subtractIdle(all, idle, (epochMs() - startMs + leadMs) / 1_000);
  if (!isDone) run.say(`after ${settleMsMax / 1_000} s something was still pending`);
  const isQuiet = aside.hangs || (await untilQuiet(stage));
  const arrivals = await receiver.call('arrivals', {}); // with what came a second time since
  return {
    ...figuresFrom({ count: expected, startedMs: startMs, arrivals, used, settled: wasQuiet && isDone && isQuiet }),
    arrivalMs: await receiver.call('latencies', {}),
    lagMax,
    ...workBetween(work, await workOf(stage), arrivals),
  };
}
