import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { brokersTrouble } from '#kafka/kafkajs/topics-command';
import { createLog } from '#telemetry/log';
import { fetchKafka, kafkaJarsFolder } from './fetch-kafka.js';
import { findJava } from './find-programs.js';
import { installMissing } from './install-missing.js';
import { freePort, type LocalServer, startProcess, stopProcess, tailOf } from './local-process.js';
import { missingForKafka } from './needs.js';
import { serverFolder } from './run-folder.js';
import { waitFor } from './wait-for.js';

const startMsMax = 90_000;
const javaOptions = ['-Xms64m', '-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Djava.awt.headless=true'];

const classPath = ['-cp', path.join(kafkaJarsFolder, '*')];
const toolMsMax = 60_000;
/** What the client says while the broker begins is debug. */
const log = createLog({ app: 'launcher', level: 'error' });

/** A further listener beside the plain one, which stays for the launcher itself. */
export interface SecuredListener {
  /** Capital letters. */
  readonly name: string;
  readonly protocol: 'SSL' | 'SASL_PLAINTEXT' | 'SASL_SSL';
  readonly port: number;
  /** Of this listener alone: `ssl.keystore.location`, `sasl.enabled.mechanisms` ... */
  readonly settings: Readonly<Record<string, string>>;
}

/** What a test may want otherwise of a broker. */
export interface KafkaExtras {
  readonly secured?: readonly SecuredListener[];
  /** Lines that stand below its properties. */
  readonly properties?: readonly string[];
}

/** Uses `KAFKA_BROKERS` when it is set, else starts Apache Kafka (KRaft, one node) on free loopback ports. */
export async function startKafka(
  brokers: string | undefined,
  say: (line: string) => void,
  { secured = [], properties: extra = [] }: KafkaExtras = {},
): Promise<LocalServer> {
  if (brokers !== undefined && brokers !== '') return { address: brokers, stop: async () => undefined };
  await installMissing(missingForKafka(), say);
  await fetchKafka(say);
  const java = findJava();
  if (java === null) throw new Error('Java is missing after it was installed');
  const folder = serverFolder('kafka', null, say);
  const [port, controllerPort] = [await freePort(), await freePort()];
  const properties = path.join(folder, 'server.properties');
  const own = serverProperties(folder, { port, controllerPort, secured });
  writeFileSync(properties, [own, ...extra, ''].join('\n'));
  await formatStorage(properties);
  const logFile = path.join(folder, 'kafka.log');
  const start = async () => {
    const args = [...javaOptions, ...classPath, 'kafka.Kafka', properties];
    const child = startProcess({ command: java, args, logFile });
    await waitFor(() => answers(port), { what: 'Kafka', limitMs: startMsMax, child, detail: () => tailOf(logFile) });
    return child;
  };
  let child = await start();
  return {
    address: `127.0.0.1:${port}`,
    crash: () => stopProcess(child, 'SIGKILL'),
    revive: async () => {
      child = await start();
    },
    stop: async () => {
      await stopProcess(child, 'SIGTERM', 10_000);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Not in step with Postgres' own beginning: both take a second. */
async function formatStorage(properties: string): Promise<void> {
  // A cluster id may not begin with a dash: the tool would take it for an option.
  const clusterId = `H${randomBytes(16).toString('base64url').slice(1, 22)}`;
  await runKafkaTool('kafka.tools.StorageTool', ['format', '--standalone', '-t', clusterId, '-c', properties]);
}

/** Runs one of Kafka's own tools to its end, by the name of its class. Rejects with what it printed. */
export function runKafkaTool(tool: string, args: readonly string[]): Promise<void> {
  const java = findJava() ?? 'java';
  return new Promise((resolve, reject) => {
    execFile(java, [...javaOptions, ...classPath, tool, ...args], { timeout: toolMsMax }, (error, stdout, stderr) => {
      if (error === null) resolve();
      else reject(new Error(`Kafka's ${tool} failed (exit ${error.code ?? error.signal}):\n${stdout}${stderr}`));
    });
  });
}

/** A port that accepts is not enough: a broker that begins takes connections before it answers requests. */
async function answers(port: number): Promise<boolean> {
  if (!(await accepts(port))) return false;
  return (await brokersTrouble({ brokers: [`127.0.0.1:${port}`], ssl: false }, log)) === null;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: '127.0.0.1', port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

interface Listeners {
  readonly port: number;
  readonly controllerPort: number;
  readonly secured: readonly SecuredListener[];
}

/** One node that is broker and controller, small enough for a laptop; the short join delay is for tests. */
function serverProperties(folder: string, { port, controllerPort, secured }: Listeners): string {
  const more = secured.map((one) => `,${one.name}://localhost:${one.port}`).join('');
  const listeners = `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}${more}`;
  const protocols = secured.map(({ name, protocol }) => `,${name}:${protocol}`).join('');
  const ofListeners = secured.flatMap(({ name, settings }) =>
    Object.entries(settings).map(([key, value]) => `listener.name.${name.toLowerCase()}.${key}=${value}\n`),
  );
  return `process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:${controllerPort}
listeners=${listeners}
advertised.listeners=${listeners}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT${protocols}
inter.broker.listener.name=PLAINTEXT
controller.listener.names=CONTROLLER
log.dirs=${folder}/data
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=2
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=3000
num.network.threads=2
num.io.threads=4
background.threads=2
log.cleaner.dedupe.buffer.size=16777216
log.segment.bytes=16777216
${ofListeners.join('')}`;
}
