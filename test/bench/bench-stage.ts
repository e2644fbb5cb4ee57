import { createWriteStream } from 'node:fs';
import { join, relative } from 'node:path';
import type { Environment } from '#runtime/config';
import { createLog } from '#telemetry/log';
import { configurationSeen } from '../../deploy/local/demo/apply-configuration.js';
import { appReady, type DemoApp, type DemoAppName } from '../../deploy/local/demo/demo-apps.js';
import { createDemoTopics, type DemoTopics } from '../../deploy/local/demo/demo-topics.js';
import type { Teardown } from '../../deploy/local/demo/teardown.js';
import { freePort } from '../../deploy/local/local-process.js';
import { runFolder } from '../../deploy/local/run-folder.js';
import { startApp } from './bench-apps.js';
import { type BenchDatabase, createBenchDatabase } from './bench-database.js';
import { BenchProcess } from './bench-process.js';
import { writeResources } from './bench-resources.js';
import { type BenchServers, startServers } from './bench-servers.js';
import { appEnvironment, createBenchSettings } from './bench-settings.js';
import type { Faults } from './faults.js';
import type { BenchOptions } from './options.js';
import { inspectorOption } from './profiler.js';
import type { BareCalls } from './programs/bare.js';
import type { GeneratorCalls } from './programs/generator.js';
import type { ReceiverCalls } from './programs/receiver.js';
import type { Calls } from './programs/serve-calls.js';

/** Around a run. */
export interface BenchRun {
  readonly options: BenchOptions;
  readonly env: Environment;
  readonly say: (line: string) => void;
  /** Aborted when the run is to end. */
  readonly signal: AbortSignal;
  readonly onLost: (reason: Error) => void;
  /** What goes wrong and does not end the run. */
  readonly faults: Faults;
  readonly teardown: Teardown;
}

/** Everything that runs before the first event. */
export interface BenchStage {
  readonly run: BenchRun;
  readonly folder: string;
  readonly servers: BenchServers;
  readonly database: BenchDatabase;
  readonly bareDatabase: BenchDatabase;
  readonly topics: DemoTopics;
  readonly apps: readonly DemoApp[];
  readonly generator: BenchProcess<GeneratorCalls>;
  readonly receiver: BenchProcess<ReceiverCalls>;
  readonly bare: BenchProcess<BareCalls>;
  /** `http://127.0.0.1:port` */
  readonly receiverAddresses: readonly string[];
  readonly topicPrefix: string;
  /** Where the admin's API listens, `host:port`, and the key of it. */
  readonly adminAddress: string;
  readonly adminKeyFile: string;
  readonly numbers: Numbers;
}

/** Numbers of events: each is given out once in a run. */
export class Numbers {
  private next = 0;

  /** Takes `count` numbers and answers the first of them. */
  take(count: number): number {
    const first = this.next;
    this.next += count;
    return first;
  }
}

/** Starts servers, topics, schema, resources, the named apps and the bench's own programs. Throws in words. */
export async function startStage(run: BenchRun, appNames: readonly DemoAppName[]): Promise<BenchStage> {
  const { say, teardown, options } = run;
  const folder = runFolder('run', say);
  say(`logs go to ${relative(process.cwd(), folder)}/`);
  const settings = createBenchSettings(folder);
  const servers = await startServers(say, teardown);
  const database = await createBenchDatabase(servers.postgresUrl, 'bench', teardown);
  const bareDatabase = await createBenchDatabase(servers.postgresUrl, 'bench_bare', teardown);
  const adminAddress = `127.0.0.1:${await freePort()}`;
  const path = run.env['PATH'];
  const env = appEnvironment(settings, servers, { path, databaseUrl: database.url, adminAddress, set: options.set });
  const log = createLog({ app: 'bench', level: 'warn', sink: createWriteStream(join(folder, 'bench.log')) });
  const topics = await createDemoTopics(env, log);
  const receiver = startProgram<ReceiverCalls>('receiver', folder, teardown);
  const generator = startProgram<GeneratorCalls>('generator', folder, teardown);
  const bare = startProgram<BareCalls>('bare', folder, teardown);
  const ports = await receiver.call('listen', { origins: options.endpoints });
  const receiverAddresses = ports.map((port) => `http://127.0.0.1:${port}`);
  await generator.call('connect', { brokers: servers.brokers, name: `${settings.topicPrefix}generator` });
  const { endpoints, concurrency } = options;
  await writeResources(database.store, settings.kekFile, { endpoints, concurrency, receivers: receiverAddresses });
  const nodeOptions = options.profile === null ? {} : { [options.profile]: [inspectorOption] };
  const start = { folder, env, nodeOptions, teardown, onLost: run.onLost };
  const apps: DemoApp[] = [];
  for (const name of appNames) apps.push(await startApp(name, start));
  await Promise.all(apps.map(appReady));
  const readers = apps.filter(({ name }) => name === 'renderer' || name === 'dispatcher');
  await configurationSeen(readers, database.store);
  say(`ready: ${['Kafka', 'Postgres', ...appNames].join(', ')}`);
  const programs = { generator, receiver, bare, receiverAddresses, numbers: new Numbers() };
  const admin = { adminAddress, adminKeyFile: settings.apiKeyFile };
  const { topicPrefix } = settings;
  return { run, folder, servers, database, bareDatabase, topics, topicPrefix, apps, ...programs, ...admin };
}

function startProgram<C extends Calls>(name: string, folder: string, teardown: Teardown): BenchProcess<C> {
  const program = BenchProcess.start<C>(name, folder);
  teardown.add(`the ${name}`, () => program.stop());
  return program;
}
