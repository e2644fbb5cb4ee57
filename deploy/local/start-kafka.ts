import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { freePort, type LocalServer, localFolder, startProcess, stopProcess, tailOf } from './local-process.js';
import { waitFor } from './wait-for.js';

const kafkaVersion = '4.3.1';
const jarsFolder = path.join(localFolder, `kafka-${kafkaVersion}`);
/** Written last: an interrupted download is done again. */
const completeMarker = path.join(jarsFolder, 'complete');
const pomFile = path.join(localFolder, '../deploy/local/kafka-runtime/pom.xml');
const startMsMax = 90_000;
const javaOptions = ['-Xms64m', '-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Djava.awt.headless=true'];

/** Uses `KAFKA_BROKERS` when it is set, else starts Apache Kafka (KRaft, one node) on free loopback ports. */
export async function startKafka(brokers: string | undefined, say: (line: string) => void): Promise<LocalServer> {
  if (brokers !== undefined && brokers !== '') return { address: brokers, stop: async () => undefined };
  await fetchKafka(say);
  const folder = mkdtempSync(path.join(os.tmpdir(), 'hookline-kafka-'));
  const [port, controllerPort] = [await freePort(), await freePort()];
  const properties = path.join(folder, 'server.properties');
  writeFileSync(properties, serverProperties(folder, port, controllerPort));
  // A cluster id may not begin with a dash: the tool would take it for an option.
  const clusterId = `H${randomBytes(16).toString('base64url').slice(1, 22)}`;
  const classPath = ['-cp', path.join(jarsFolder, '*')];
  const format = ['kafka.tools.StorageTool', 'format', '--standalone', '-t', clusterId, '-c', properties];
  execFileSync('java', [...javaOptions, ...classPath, ...format], { stdio: 'pipe' });
  const logFile = path.join(folder, 'kafka.log');
  const start = async () => {
    const child = startProcess({
      command: 'java',
      args: [...javaOptions, ...classPath, 'kafka.Kafka', properties],
      logFile,
    });
    await waitFor(() => accepts(port), { what: 'Kafka', limitMs: startMsMax, child, detail: () => tailOf(logFile) });
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

/** Fetches the broker's jars once, and says how many have come. */
async function fetchKafka(say: (line: string) => void): Promise<void> {
  if (existsSync(completeMarker)) return;
  rmSync(jarsFolder, { recursive: true, force: true });
  mkdirSync(jarsFolder, { recursive: true });
  say(
    `fetching Apache Kafka ${kafkaVersion} from Maven Central (44 MB) to ${path.relative(process.cwd(), jarsFolder)}`,
  );
  const goals = ['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${jarsFolder}`];
  const maven = spawn('mvn', ['-q', '-B', '-f', pomFile, ...goals], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [maven.stdout, maven.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const progress = setInterval(() => say(`  ${readdirSync(jarsFolder).length} of 46 files`), 2_000);
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    maven.once('error', reject);
    maven.once('exit', resolve);
  });
  clearInterval(progress);
  if (exitCode !== 0)
    throw new Error(`Maven could not fetch Kafka:\n${output.slice(-2_000)}\nSet KAFKA_BROKERS to use another one.`);
  writeFileSync(completeMarker, readFileSync(pomFile));
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

/** One node that is broker and controller, small enough for a laptop; the short join delay is for tests. */
function serverProperties(folder: string, port: number, controllerPort: number): string {
  const listeners = `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`;
  return `process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:${controllerPort}
listeners=${listeners}
advertised.listeners=${listeners}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
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
`;
}
