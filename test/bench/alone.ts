import { topicNames } from '#contracts/topics';
import { recordsInTopic } from '#kafka/kafkajs/topics-command';
import { createLog } from '#telemetry/log';
import { allArrived, waitUntil } from './arrivals.js';
import { epochMs } from './bench-clock.js';
import { emptyDatabase, isSettled } from './bench-database.js';
import { insertPending } from './bench-deliveries.js';
import { type BenchRun, type BenchStage, startStage } from './bench-stage.js';
import { usageOf, usedBetween } from './components.js';
import { eventPartitions } from './drain.js';
import type { ProfiledApp } from './options.js';
import type { Outcome } from './outcome.js';
import { profileRound } from './profile-round.js';
import { noAside } from './programs/aside.js';
import type { Load } from './programs/generator.js';
import { untilQuiet } from './quiet.js';
import { figuresFrom, type RoundFigures } from './round-figures.js';
import { speedOutcome, withProfile } from './speed-outcome.js';
import { said } from './warm-up.js';

/** A record is through when Postgres or the broker says so; longer than this none of a round takes. */
const doneMsMax = 600_000;
const tierPartitions = 3;
const deliveryPartitions = 12;
const log = createLog({ app: 'bench', level: 'error' });

/** What one round of an app alone needs. */
interface AloneRound {
  /** Without its numbers. */
  readonly load: Omit<Load, 'from' | 'count' | 'endpoints'>;
  /** Puts in place what the records refer to. */
  readonly prepare: (numbers: { readonly from: number; readonly count: number }) => Promise<void>;
  /** Records that have gone through. */
  readonly gone: (count: number) => Promise<number>;
}

/** One app and its topic; the others are not started, so that nothing but it uses what it leads to. */
export function alone(app: ProfiledApp): (run: BenchRun) => Promise<Outcome> {
  return async (run) => {
    const stage = await startStage(run, [app]);
    const round = (count: number) => aloneRound(stage, app, count);
    await said(stage, `warm-up: ${app}`, round(run.options.warmUpEvents));
    const rounds: RoundFigures[] = [];
    for (let k = 1; k <= run.options.rounds; k++)
      rounds.push(await said(stage, `round ${k}: ${app}`, round(run.options.events)));
    const profile = await profileRound(stage, () => round(run.options.events));
    return withProfile(speedOutcome(run.options, rounds), profile);
  };
}

/** As `drain`, but CPU is that of the app's own process. */
async function aloneRound(stage: BenchStage, app: ProfiledApp, count: number): Promise<RoundFigures> {
  const { generator, receiver, database, numbers, run } = stage;
  const from = numbers.take(count);
  const { endpoints } = run.options;
  await emptyDatabase(database);
  await receiver.call('expect', { from, count, timed: false, aside: noAside });
  const { load, prepare, gone } = await roundsOf[app](stage);
  await prepare({ from, count });
  await generator.call('fill', { ...load, from, count, endpoints });
  const wasQuiet = await untilQuiet(stage);
  const before = usageOf(stage);
  const startedMs = await generator.call('release', {});
  const isDone = await waitUntil(async () => (await gone(count)) >= count, doneMsMax, run.signal);
  const lastMs = epochMs();
  const used = usedBetween(before, usageOf(stage));
  const settled = (await untilQuiet(stage)) && wasQuiet && isDone;
  const arrivals = await receiver.call('arrivals', {}); // with what came a second time since
  const isSent = app === 'dispatcher';
  const distinct = isSent ? arrivals.distinct : Math.min(count, await gone(count));
  const duplicates = isSent ? arrivals.duplicates + arrivals.unexpected : Math.max(0, (await gone(count)) - count);
  const through = { distinct, duplicates, lastMs: isSent ? arrivals.lastMs : lastMs };
  return figuresFrom({ count, startedMs, arrivals: through, used, settled, cpuSeconds: used[app]?.cpuSeconds ?? 0 });
}

const roundsOf: Readonly<Record<ProfiledApp, (stage: BenchStage) => Promise<AloneRound>>> = {
  renderer: async ({ topics, database }) => ({
    load: { topic: topics.eventsTopic, partitions: eventPartitions, value: 'event' },
    prepare: async () => undefined,
    gone: async () => {
      const [row] = await database.store.query<readonly { readonly matched: string | null }[]>(
        'SELECT sum(bit_count(matched)) AS matched FROM books',
      );
      return Number(row?.matched ?? 0);
    },
  }),
  dispatcher: async (stage) => {
    const idsMs = Math.floor(epochMs());
    const { endpoints } = stage.run.options;
    return {
      load: {
        topic: topicNames.deliveries(stage.topicPrefix),
        partitions: deliveryPartitions,
        value: 'delivery',
        idsMs,
      },
      prepare: (numbers) => insertPending(stage.database, { ...numbers, endpoints, idsMs }),
      gone: async (count) => {
        const { distinct } = await allArrived(stage, count);
        return (await isSettled(stage.database)) || distinct < count ? count : 0;
      },
    };
  },
  'retry-scheduler': async ({ topics, topicPrefix, database }) => {
    const deliveries = topicNames.deliveries(topicPrefix);
    const before = await recordsInTopic(topics.kafka, deliveries, log);
    return {
      load: {
        topic: topicNames.tier(topicPrefix, '5s'),
        partitions: tierPartitions,
        value: 'tier',
        idsMs: Math.floor(epochMs()),
      },
      // Nobody reads what it releases, and it would wait for that: all of it counts as read.
      prepare: async () => {
        await database.store.query(
          `INSERT INTO consumer_progress (topic, partition, read_to, reported_at, next_offset)
           SELECT $1, partition, now(), now(), 1000000000000000 FROM generate_series(0, $2::int - 1) AS partition
           ON CONFLICT (topic, partition) DO UPDATE SET next_offset = excluded.next_offset`,
          [deliveries, deliveryPartitions],
        );
      },
      gone: async () => (await recordsInTopic(topics.kafka, deliveries, log)) - before,
    };
  },
};
