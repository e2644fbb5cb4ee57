import { type ChildProcess, execFile } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { brokersTrouble } from '#kafka/kafkajs/topics-command';
import { createLog } from '#telemetry/log';
import { fetchKafka, kafkaJarsFolder } from '../../deploy/local/fetch-kafka.js';
import { findJava } from '../../deploy/local/find-programs.js';
import { installMissing } from '../../deploy/local/install-missing.js';
import { freePort, startProcess, stopProcess, tailOf } from '../../deploy/local/local-process.js';
import { missingForKafka } from '../../deploy/local/needs.js';
import { serverFolder } from '../../deploy/local/run-folder.js';
import { waitFor } from '../../deploy/local/wait-for.js';
import { BrokerProxy } from './broker-proxy.js';
import { asOperator, notInSync } from './kafka-admin.js';

const startMsMax = 120_000;
const formatMsMax = 60_000;
const nodeCount = 3;
const clusterId = 'HooklineTestCluster000';
const smallHeap = ['-Xms64m', '-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
const classPath = ['-cp', path.join(kafkaJarsFolder, '*')];
const log = createLog({ app: 'test', level: 'error' });

interface NodePorts {
  /** What apps reach through the proxy. */
  readonly client: number;
  /** For the brokers among themselves, and for what a test asks past the proxy. */
  readonly direct: number;
  readonly controller: number;
}

/** One broker, which is a controller as well, behind its proxy. */
export class ClusterNode {
  private child: ChildProcess | null = null;

  constructor(
    readonly id: number,
    readonly proxy: BrokerProxy,
    private readonly java: string,
    private readonly folder: string,
    readonly directPort: number,
  ) {}

  /** Ends the process as an outage does; its ports and data stay. */
  async crash(): Promise<void> {
    if (this.child !== null) await stopProcess(this.child, 'SIGKILL');
  }

  /** Ends the process in peace: it hands over what others can lead. Of a crashed one the only replica may lead no more. */
  async shutDown(): Promise<void> {
    if (this.child !== null) await stopProcess(this.child, 'SIGTERM');
  }

  /** Starts it, again on the same ports and data; resolves when it answers. */
  async revive(): Promise<void> {
    const logFile = path.join(this.folder, 'kafka.log');
    const args = [...smallHeap, ...classPath, 'kafka.Kafka', path.join(this.folder, 'server.properties')];
    const child = startProcess({ command: this.java, args, logFile });
    this.child = child;
    const kafka = { brokers: [`127.0.0.1:${this.directPort}`], ssl: false };
    const answers = async () => (await brokersTrouble(kafka, log)) === null;
    const what = `Kafka's node ${this.id}`;
    await waitFor(answers, { what, limitMs: startMsMax, child, detail: () => tailOf(logFile) });
  }

  async stop(): Promise<void> {
    if (this.child !== null) await stopProcess(this.child, 'SIGKILL');
    await this.proxy.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** How many brokers there are, three by default; `say` is told what has to be installed. */
export interface ClusterOptions {
  readonly nodes?: number;
  readonly say?: (line: string) => void;
}

function printLine(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Brokers of one test file alone: every record on all of them, written when two have it (where there are two). */
export class KafkaCluster {
  private constructor(readonly nodes: readonly ClusterNode[]) {}

  static async start({ nodes: count = nodeCount, say = printLine }: ClusterOptions = {}): Promise<KafkaCluster> {
    await installMissing(missingForKafka(), say);
    await fetchKafka(say);
    const java = findJava();
    if (java === null) throw new Error('Java is missing after it was installed');
    const ports: NodePorts[] = [];
    for (let i = 0; i < count; i++)
      ports.push({ client: await freePort(), direct: await freePort(), controller: await freePort() });
    const top = serverFolder('cluster', null, say);
    const nodes = await Promise.all(
      ports.map(async (own, i) => {
        const proxy = await BrokerProxy.start(own.client);
        const folder = path.join(top, String(i + 1));
        mkdirSync(folder);
        const properties = path.join(folder, 'server.properties');
        writeFileSync(properties, nodeProperties(i + 1, { folder, ports, proxyPort: proxy.port }));
        const format = ['kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', properties];
        await promisify(execFile)(java, [...smallHeap, ...classPath, ...format], { timeout: formatMsMax });
        return new ClusterNode(i + 1, proxy, java, folder, own.direct);
      }),
    );
    const cluster = new KafkaCluster(nodes);
    await Promise.all(nodes.map((node) => node.revive()));
    await cluster.allJoined();
    return cluster;
  }

  /** What apps are given: `host:port` of every proxy. */
  get brokers(): string {
    return this.nodes.map(({ proxy }) => `127.0.0.1:${proxy.port}`).join();
  }

  /** Past the proxies. */
  get directBrokers(): string {
    return this.nodes.map(({ directPort }) => `127.0.0.1:${directPort}`).join();
  }

  node(id: number): ClusterNode {
    const node = this.nodes[id - 1];
    if (node === undefined) throw new Error(`the cluster has no node ${id}`);
    return node;
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()));
  }

  /** Gives every partition of a topic these replicas, and waits until the first of each leads and all are in sync. */
  async place(topic: string, replicas: readonly (readonly number[])[]): Promise<void> {
    const partitionAssignment = replicas.map((ids, partition) => ({ partition, replicas: [...ids] }));
    await asOperator(this.directBrokers, async (admin) => {
      await admin.alterPartitionReassignments({ topics: [{ topic, partitionAssignment }] });
      const isPlaced = async () => {
        const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
        return (topics[0]?.partitions ?? []).every(
          ({ partitionId, leader, isr }) =>
            leader === replicas[partitionId]?.[0] &&
            String(isr.toSorted()) === String(replicas[partitionId]?.toSorted()),
        );
      };
      await waitFor(isPlaced, { what: `${topic} on ${JSON.stringify(replicas)}`, limitMs: startMsMax });
    });
  }

  /** Waits until all replicas are in sync: whoever takes a node away before may leave a partition without a leader. */
  async inSync(): Promise<void> {
    const limits = { what: 'all replicas in sync', limitMs: startMsMax };
    let missing: readonly string[] = [];
    await asOperator(this.directBrokers, (admin) =>
      waitFor(
        async () => {
          missing = await notInSync(admin);
          return missing.length === 0;
        },
        { ...limits, detail: () => missing.join('\n') },
      ),
    );
  }

  private allJoined(): Promise<void> {
    return asOperator(this.directBrokers, async (admin) => {
      const everyone = async () => (await admin.describeCluster()).brokers.length === this.nodes.length;
      await waitFor(everyone, { what: 'the cluster', limitMs: startMsMax });
    });
  }
}

interface Placement {
  readonly folder: string;
  readonly ports: readonly NodePorts[];
  readonly proxyPort: number;
}

function nodeProperties(id: number, { folder, ports, proxyPort }: Placement): string {
  const voters = ports.map(({ controller }, i) => `${i + 1}@127.0.0.1:${controller}`).join();
  const own = ports[id - 1];
  const replicas = ports.length;
  const inSyncMin = Math.min(2, replicas);
  return `process.roles=broker,controller
node.id=${id}
controller.quorum.voters=${voters}
listeners=CLIENT://127.0.0.1:${own?.client},DIRECT://127.0.0.1:${own?.direct},CONTROLLER://127.0.0.1:${own?.controller}
advertised.listeners=CLIENT://127.0.0.1:${proxyPort},DIRECT://127.0.0.1:${own?.direct}
listener.security.protocol.map=CLIENT:PLAINTEXT,DIRECT:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=DIRECT
controller.listener.names=CONTROLLER
log.dirs=${folder}/data
auto.create.topics.enable=false
default.replication.factor=${replicas}
min.insync.replicas=${inSyncMin}
offsets.topic.replication.factor=${replicas}
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=${replicas}
transaction.state.log.min.isr=${inSyncMin}
transaction.state.log.num.partitions=2
share.coordinator.state.topic.replication.factor=${replicas}
share.coordinator.state.topic.min.isr=${inSyncMin}
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=3000
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
replica.lag.time.max.ms=5000
leader.imbalance.check.interval.seconds=1
leader.imbalance.per.broker.percentage=0
controller.quorum.election.timeout.ms=500
controller.quorum.fetch.timeout.ms=1000
num.network.threads=2
num.io.threads=4
background.threads=2
log.cleaner.dedupe.buffer.size=16777216
log.segment.bytes=16777216
`;
}
