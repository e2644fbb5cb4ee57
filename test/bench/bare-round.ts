import { createTopics } from '#kafka/kafkajs/topics-command';
import { createLog } from '#telemetry/log';
import { allArrived } from './arrivals.js';
import { askedPartitions, askedTopic } from './bare/bare-path.js';
import type { BareStage } from './bare/bare-stages.js';
import { epochMs } from './bench-clock.js';
import { emptyDatabase, keptRows } from './bench-database.js';
import type { BenchStage } from './bench-stage.js';
import { idlePrefix, type Usage, usageOf, usedBetween } from './components.js';
import { eventPartitions } from './drain.js';
import { noAside } from './programs/aside.js';
import { untilQuiet } from './quiet.js';
import { figuresFrom, type RoundFigures } from './round-figures.js';

/** Requests that are made beforehand stand in memory all at once. */
const dispatchMax = 100_000;

export const bareStages = ['dispatch', 'kafka', 'sql', 'path'] as const satisfies readonly BareStage[];

const day = 86_400_000;

/**
 * One round of the bare loop against the same servers and the same receiver; the apps are up and idle meanwhile, and what
 * they use then is among the figures. Clock and backlog are those of `drain`.
 */
export async function bareRound(stage: BenchStage, bareStage: BareStage, events: number): Promise<RoundFigures> {
  const count = bareStage === 'dispatch' ? Math.min(events, dispatchMax) : events;
  const { bare, receiver, servers, bareDatabase, numbers, run, receiverAddresses } = stage;
  const from = numbers.take(count);
  const topic = `bare.${bareStage}.${from}`;
  await emptyDatabase(bareDatabase);
  if (bareStage !== 'dispatch') await fillTopic(stage, topic, { from, count });
  const { endpoints } = run.options;
  const round = { stage: bareStage, brokers: servers.brokers, databaseUrl: bareDatabase.url, topic, from, count };
  await bare.call('prepare', { ...round, endpoints, receivers: receiverAddresses });
  await receiver.call('expect', { from, count, timed: false, aside: noAside });
  const settled = await untilQuiet(stage);

  const before = usageOf(stage);
  const finished = bare.call('finish', {});
  const startedMs = bareStage === 'dispatch' ? epochMs() : await stage.generator.call('release', {});
  const arrived = allArrived(stage, count).then(({ distinct }) => {
    if (distinct < count) throw new Error(`the bare loop lost ${count - distinct} requests`);
  });
  await Promise.all([finished, arrived]);
  const used = usedBetween(before, usageOf(stage));
  if (bareStage === 'sql' || bareStage === 'path') await checkKept(stage, count);
  const arrivals = await receiver.call('arrivals', {});
  return figuresFrom({ count, startedMs, arrivals, used: ownUsage(used), settled });
}

async function checkKept({ bareDatabase }: BenchStage, count: number): Promise<void> {
  const { sent, attempts, claims } = await keptRows(bareDatabase);
  if (sent !== count || attempts !== count || claims !== 0)
    throw new Error(
      `the bare loop kept ${sent} sent notifications, ${attempts} attempts, ${claims} claims of ${count}`,
    );
}

/** The loop is the system here; the apps only idle. */
function ownUsage(used: Usage): Usage {
  const own: Readonly<Record<string, string>> = {
    ...{ bare: 'bare loop', kafka: 'kafka', postgres: 'postgres', receiver: 'receiver' },
  };
  return Object.fromEntries(
    Object.entries(used).map(([name, figures]) => [own[name] ?? `${idlePrefix}${name}`, figures]),
  );
}

async function fillTopic(stage: BenchStage, topic: string, load: { from: number; count: number }): Promise<void> {
  const { topics, generator, run } = stage;
  const config = { 'message.timestamp.type': 'LogAppendTime', 'retention.ms': String(day) };
  const spec = (name: string, partitions: number) => ({
    ...{ name, partitions, replicationFactor: 1, retentionMs: day, config },
  });
  const both = [spec(topic, eventPartitions), spec(askedTopic(topic), askedPartitions)];
  await createTopics(topics.kafka, both, createLog({ app: 'bench', level: 'error' }));
  const { endpoints } = run.options;
  await generator.call('fill', { topic, partitions: eventPartitions, ...load, endpoints, value: 'body' });
}
