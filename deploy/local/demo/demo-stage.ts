import { createWriteStream, writeFileSync } from 'node:fs';
import path from 'node:path';
import { systemClock } from '#domain/clock';
import { KafkaRecordProducer } from '#kafka/record-producer';
import { createDataSource, type DataSource } from '#postgres/data-source';
import type { Environment } from '#runtime/config';
import { createLog, type Log } from '#telemetry/log';
import { runningPids } from '../local-process.js';
import { announceInstalls } from '../needs.js';
import { runFolder } from '../run-folder.js';
import { startKafka } from '../start-kafka.js';
import { startPostgres } from '../start-postgres.js';
import { applyConfiguration, cliEnvironment, configurationSeen } from './apply-configuration.js';
import { appReady, type DemoApp, lostText, startApps, stopApps } from './demo-apps.js';
import { createDemoDatabase } from './demo-database.js';
import { appEnvironment, createDemoSettings, type DemoServers, type DemoSettings } from './demo-settings.js';
import { createDemoTopics, type DemoTopics } from './demo-topics.js';
import { DemoReceiver } from './receiver.js';
import type { Teardown } from './teardown.js';

/** What the demo is started with. */
export interface StageOptions {
  readonly env: Environment;
  /** Leaves topics and database of given servers. */
  readonly keep: boolean;
  readonly say: (line: string) => void;
  /** Hears why the demo cannot go on: an app ended by itself. */
  readonly onLost: (reason: Error) => void;
  readonly teardown: Teardown;
}

/** Everything that runs before the first event. */
export interface DemoStage {
  readonly folder: string;
  readonly store: DataSource;
  readonly topics: DemoTopics;
  readonly receiver: DemoReceiver;
  readonly producer: KafkaRecordProducer;
  /** When each event was produced, in milliseconds since the epoch. */
  readonly producedAtMs: Map<string, number>;
  /** For the command line. */
  readonly cliEnv: Readonly<Record<string, string>>;
  readonly log: Log;
}

/** Starts servers, schema, topics, apps and receiver, and applies the sample configuration. Throws in words. */
export async function startStage(options: StageOptions): Promise<DemoStage> {
  const { env, say, teardown } = options;
  const { KAFKA_BROKERS: brokers, DATABASE_URL: databaseUrl } = env;
  announceInstalls({ kafka: !brokers, postgres: !databaseUrl }, say);
  const folder = runFolder('demo', say);
  const settings = createDemoSettings(folder);
  say(`logs go to ${path.relative(process.cwd(), folder)}/`);
  const log = createLog({ app: 'demo', level: 'warn', sink: createWriteStream(path.join(folder, 'demo.log')) });
  const servers = await startServers(options);
  const prepared = await prepareServers(options, { settings, servers, log });
  const { topics, appEnv, store } = prepared;

  const producedAtMs = new Map<string, number>();
  const receiver = new DemoReceiver(settings.signingSecret, producedAtMs);
  const receiverAddress = await receiver.start();
  teardown.add('the receiver', () => receiver.stop());
  const producer = new KafkaRecordProducer(topics.kafka, 'hookline-demo', log, systemClock);
  teardown.add('the producer', () => producer.stop());

  const { apps, adminAddress } = await startApps(folder, appEnv, (app) => options.onLost(new Error(lostText(app))));
  teardown.add('the apps', () => stopApps(apps));
  writePids(folder, apps);
  say('starting renderer, dispatcher, retry-scheduler and admin');
  const cliEnv = cliEnvironment(settings, adminAddress);
  await Promise.all(apps.filter(({ name }) => name === 'admin').map(appReady));
  const applied = await applyConfiguration(settings, receiverAddress, { ...appEnv, ...cliEnv });
  say(`applied the sample configuration: ${applied.trim().split('\n').at(-1) ?? ''}`);
  await Promise.all(apps.map(appReady));
  await configurationSeen(
    apps.filter(({ name }) => name === 'renderer' || name === 'dispatcher'),
    store,
  );
  say(`the apps are ready; the receiver listens on ${receiverAddress}`);
  return { folder, store, topics, receiver, producer, producedAtMs, cliEnv, log };
}

/** Both at once; what was given is used as it is. */
async function startServers({ env, say, teardown }: StageOptions): Promise<DemoServers> {
  const [kafka, postgres] = await Promise.allSettled([
    startKafka(env['KAFKA_BROKERS'], say),
    startPostgres(env['DATABASE_URL'], say),
  ]);
  for (const [name, server] of [['Kafka', kafka] as const, ['Postgres', postgres] as const])
    if (server.status === 'fulfilled') teardown.add(name, () => server.value.stop());
  if (kafka.status === 'rejected') throw kafka.reason;
  if (postgres.status === 'rejected') throw postgres.reason;
  return { brokers: kafka.value.address, databaseUrl: postgres.value.address };
}

interface ServerParts {
  readonly settings: DemoSettings;
  readonly servers: DemoServers;
  readonly log: Log;
}

/** Topics and schema of this run; both are removed again from servers that were given. */
async function prepareServers(options: StageOptions, { settings, servers, log }: ServerParts) {
  const { env, say, teardown, keep } = options;
  const database = await createDemoDatabase(servers.databaseUrl, settings.databaseName);
  if (env['DATABASE_URL'] && !keep) teardown.add(database.said, database.remove);
  say(`Postgres: ${database.said}, migrated`);
  const appEnv = appEnvironment(env, settings, { ...servers, databaseUrl: database.url });
  const topics = await createDemoTopics(appEnv, log);
  if (env['KAFKA_BROKERS'] && !keep) teardown.add(`topics ${settings.topicPrefix}*`, topics.remove);
  say(`Kafka: ${topics.count} topics ${settings.topicPrefix}* on ${servers.brokers}, made and verified`);
  const store = createDataSource({ url: database.url, poolMax: 2, applicationName: 'hookline.demo' });
  await store.initialize();
  teardown.add("the demo's connections", () => store.destroy());
  return { topics, appEnv, store };
}

/** For whoever wants to see that nothing is left: `pids` has a line for each process. */
function writePids(folder: string, apps: readonly DemoApp[]): void {
  const names = new Map(apps.map(({ name, child }) => [child.pid, name]));
  const lines = runningPids().map((pid) => `${pid} ${names.get(pid) ?? 'server'}\n`);
  writeFileSync(path.join(folder, 'pids'), lines.join(''));
}
