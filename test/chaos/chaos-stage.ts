import { randomBytes } from 'node:crypto';
import { createWriteStream, writeFileSync } from 'node:fs';
import path from 'node:path';
import { systemClock } from '#domain/clock';
import { KafkaRecordProducer } from '#kafka/record-producer';
import { createDataSource, type DataSource } from '#postgres/data-source';
import type { Environment } from '#runtime/config';
import { createLog } from '#telemetry/log';
import { configurationSeen } from '../../deploy/local/demo/apply-configuration.js';
import { appReady } from '../../deploy/local/demo/demo-apps.js';
import { createDemoTopics } from '../../deploy/local/demo/demo-topics.js';
import type { Teardown } from '../../deploy/local/demo/teardown.js';
import { freePort } from '../../deploy/local/local-process.js';
import { runFolder } from '../../deploy/local/run-folder.js';
import { createBenchDatabase } from '../bench/bench-database.js';
import { AdminClient } from '../support/admin-client.js';
import { aSecret, writeEndpoints } from '../support/configure.js';
import { ChaosApp } from './chaos-app.js';
import { type AppPart, appParts } from './chaos-plan.js';
import { ChaosReceiver } from './chaos-receiver.js';
import { type ChaosServers, startChaosServers } from './chaos-servers.js';
import {
  type ChaosTimes,
  chaosEndpoints,
  chaosRules,
  chaosSettings,
  chaosTenant,
  settingsOf,
  sharedEndpoints,
  sharedType,
  typeOf,
} from './chaos-settings.js';
import type { ChaosTopics } from './read-kafka.js';
import type { SeenRequest } from './run-logs.js';
import { RunShards } from './run-shards.js';

/** What a run is given. */
export interface StageNeeds {
  readonly seed: number;
  readonly times: ChaosTimes;
  /** Where programs are found. */
  readonly path: string | undefined;
  readonly say: (line: string) => void;
  readonly teardown: Teardown;
  /** An app that ended without being asked. */
  readonly onExit: (app: ChaosApp) => void;
}

/** Everything that runs before the first event. */
export interface ChaosStage {
  readonly folder: string;
  readonly servers: ChaosServers;
  /** Past the proxy. */
  readonly store: DataSource;
  readonly topics: ChaosTopics;
  readonly eventsTopic: string;
  readonly receiver: ChaosReceiver;
  /** What is known of every event, in files. */
  readonly shards: RunShards;
  /** Past the proxy. */
  readonly producer: KafkaRecordProducer;
  readonly admin: AdminClient;
  readonly apps: ReadonlyMap<AppPart, ChaosApp>;
}

/** Starts servers, proxies, topics, schema, endpoints, receiver and apps, and waits until all of it is ready. */
export async function startChaosStage(needs: StageNeeds): Promise<ChaosStage> {
  const { say, teardown } = needs;
  const folder = runFolder('run', say);
  say(`logs go to ${path.relative(process.cwd(), folder)}/`);
  const servers = await startChaosServers(say, teardown);
  const database = await createBenchDatabase(servers.directPostgresUrl, 'chaos', teardown);
  const store = await lookInto(database.url, teardown);
  const shards = RunShards.in(path.join(folder, 'shards'));
  const prefix = 'chaos.';
  const key = `hlk_${randomBytes(32).toString('base64url')}`;
  const env = await appEnvironment({ folder, prefix, key, servers, databaseUrl: database.url, ...needs });
  const log = createLog({ app: 'chaos', level: 'warn', sink: createWriteStream(path.join(folder, 'chaos.log')) });
  const { eventsTopic } = await createDemoTopics(env, log);
  const receiver = await startReceiver(needs, { store, env, shards });

  const kafka = { brokers: servers.directBrokers.split(','), ssl: false };
  const producer = new KafkaRecordProducer(kafka, 'chaos', log, systemClock);
  teardown.add('the generator', () => producer.stop());
  const admin = new AdminClient(String(env['GRPC_LISTEN']), key);
  teardown.add('the admin client', async () => admin.close());
  const apps = await startApps(needs, { folder, env, store });
  const topics = { brokers: servers.directBrokers, prefix, tiers: chaosSettings.RETRY_TIERS.split(',') };
  return { folder, servers, store, topics, eventsTopic, receiver, shards, producer, admin, apps };
}

/** Progress, circuits and faults look at the same time. */
async function lookInto(url: string, teardown: Teardown): Promise<DataSource> {
  const store = createDataSource({ url, poolMax: 3, applicationName: 'chaos', statementTimeoutMs: 0 });
  await store.initialize();
  teardown.add("the checker's connections", () => store.destroy());
  return store;
}

interface EnvironmentNeeds {
  readonly folder: string;
  readonly prefix: string;
  readonly key: string;
  readonly servers: ChaosServers;
  readonly databaseUrl: string;
  readonly times: ChaosTimes;
  readonly path: string | undefined;
}

/** Of every app; both servers through their proxies. */
async function appEnvironment(needs: EnvironmentNeeds): Promise<Environment> {
  const { folder, prefix, key, servers } = needs;
  const kekFile = path.join(folder, 'kek');
  writeFileSync(kekFile, `chaos:${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
  return {
    ...settingsOf(needs.times),
    PATH: needs.path,
    KAFKA_BROKERS: servers.brokers,
    DATABASE_URL: servers.throughProxy(needs.databaseUrl),
    TOPIC_PREFIX: prefix,
    TOPIC_PROFILE: 'development',
    ENDPOINT_CONCURRENCY: String(chaosRules.concurrency),
    KEK_FILE: kekFile,
    GRPC_LISTEN: `127.0.0.1:${await freePort()}`,
    BOOTSTRAP_API_KEY: key,
  };
}

interface ReceiverNeeds {
  readonly store: DataSource;
  readonly env: Environment;
  readonly shards: RunShards;
}

async function startReceiver({ seed, teardown }: StageNeeds, { store, env, shards }: ReceiverNeeds) {
  const secrets = new Map(chaosEndpoints.map(({ id }) => [id, aSecret()]));
  const keep = (request: SeenRequest) => shards.append('requests', request.eventId, request);
  const receiver = await ChaosReceiver.start({ seed, secrets, keep });
  teardown.add('the receiver', () => receiver.stop());
  const query = (sql: string, parameters: readonly unknown[] = []) => store.query(sql, [...parameters]);
  const wired = chaosEndpoints.map(({ id, body, ratePerSecond }) => ({
    ...{ id, tenant: chaosTenant, url: `${receiver.url}/${id}`, secret: secrets.get(id) ?? '' },
    eventTypes: sharedEndpoints.includes(id) ? [typeOf(id), sharedType] : [typeOf(id)],
    concurrency: chaosRules.concurrency,
    ...(body === null ? {} : { body }),
    ...(ratePerSecond === undefined ? {} : { ratePerSecond }),
  }));
  await writeEndpoints({ database: { query }, env: { KEK_FILE: env['KEK_FILE'] ?? '' } }, wired);
  return receiver;
}

interface AppNeeds {
  readonly folder: string;
  readonly env: Environment;
  readonly store: DataSource;
}

async function startApps(needs: StageNeeds, { folder, env, store }: AppNeeds) {
  const { onExit, teardown } = needs;
  const apps = new Map<AppPart, ChaosApp>();
  for (const part of appParts) {
    const app = await ChaosApp.launch(part, { folder, env, onExit });
    teardown.add(`the ${part}`, async () => void (await app.end('SIGKILL', 1_000)));
    apps.set(part, app);
  }
  const running = [...apps.values()].map((app) => app.running);
  await Promise.all(running.map(appReady));
  await configurationSeen(
    running.filter(({ name }) => name === 'renderer' || name === 'dispatcher'),
    store,
  );
  needs.say(`ready: ${appParts.join(', ')}`);
  return apps;
}
