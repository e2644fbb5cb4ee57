import type { Kafka } from 'kafkajs';
import type { Difference } from '#kafka/topic-differences';
import type { Log } from '#telemetry/log';
import { innerCluster, loadInternal } from './client-internals.js';

/** The versions of one API of Kafka's protocol, both included. */
export interface VersionRange {
  readonly least: number;
  readonly most: number;
}

/** One API as this client speaks it. */
export interface SpokenApi extends VersionRange {
  readonly name: string;
  /** Its number in the protocol. */
  readonly key: number;
  /** Whether events and deliveries go through it; without it only a command is lost. */
  readonly isOnPath: boolean;
}

/** One broker and what it takes, by the number of the API. */
export interface BrokerVersions {
  /** `host:port`. */
  readonly broker: string;
  readonly taken: ReadonlyMap<number, VersionRange>;
}

/** kafkajs calls FindCoordinator by its name of before Kafka 0.11. */
const onPath = [
  ...['Produce', 'Fetch', 'ListOffsets', 'Metadata', 'OffsetCommit', 'OffsetFetch', 'GroupCoordinator'],
  ...['JoinGroup', 'Heartbeat', 'LeaveGroup', 'SyncGroup', 'ApiVersions'],
];
const ofSasl = ['SaslHandshake', 'SaslAuthenticate'];
const ofCommands = ['CreateTopics', 'DeleteTopics', 'DescribeConfigs', 'ListGroups', 'DeleteGroups'];

/** What kafkajs speaks of the APIs we use, read from itself. */
export function spokenApis(options: { readonly sasl: boolean }): readonly SpokenApi[] {
  const keys: Readonly<Record<string, number>> = loadInternal('kafkajs/src/protocol/requests/apiKeys');
  const { requests }: { readonly requests: Readonly<Record<string, { readonly versions: readonly string[] }>> } =
    loadInternal('kafkajs/src/protocol/requests');
  const spoken = (isOnPath: boolean) => (name: string) => {
    const versions = (requests[name]?.versions ?? []).map(Number);
    const shown = name === 'GroupCoordinator' ? 'FindCoordinator' : name;
    return { name: shown, key: keys[name] ?? -1, least: Math.min(...versions), most: Math.max(...versions), isOnPath };
  };
  return [...[...onPath, ...(options.sasl ? ofSasl : [])].map(spoken(true)), ...ofCommands.map(spoken(false))];
}

/**
 * The APIs of which a broker takes no version that we speak. The client takes the lower of both highest versions and
 * never looks at a broker's lowest, so a raised floor would show at the first call, as UNSUPPORTED_VERSION.
 */
export function versionDifferences(
  { broker, taken }: BrokerVersions,
  spoken: readonly SpokenApi[],
): readonly Difference[] {
  return spoken.flatMap((api): Difference[] => {
    const range = taken.get(api.key);
    if (range !== undefined && range.least <= api.most && range.most >= api.least) return [];
    const is = range === undefined ? 'not offered' : `${range.least} to ${range.most}`;
    const mustBe = `${api.least} to ${api.most}, in part`;
    const takes = range === undefined ? `does not offer ${api.name}` : `takes ${api.name} in versions ${is}`;
    const isOld = range === undefined || range.most < api.least;
    return [
      {
        ...{ kind: 'broker', name: broker, severity: api.isOnPath ? 'fatal' : 'warning' },
        ...{ setting: api.name, is, mustBe, said: `${takes}, Hookline speaks ${api.least} to ${api.most}` },
        mend: isOld ? 'bring the brokers up to date' : 'bring Hookline up to date, or keep the brokers as they were',
      },
    ];
  });
}

interface ApiRanges {
  readonly [key: string]: { readonly minVersion: number; readonly maxVersion: number };
}

interface InnerBroker {
  readonly brokerAddress: string;
  readonly versions: ApiRanges | null;
  apiVersions(): Promise<ApiRanges>;
}

/** The part of kafkajs 2.2.4 that keeps what a broker said of itself; nothing it exports tells it. */
interface InnerCluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  refreshMetadata(): Promise<void>;
  findBroker(of: { readonly nodeId: string }): Promise<InnerBroker>;
  readonly brokerPool: { readonly seedBroker: InnerBroker; getNodeIds(): readonly string[] };
}

/**
 * What every broker takes that can be reached; the one connected to comes first, and alone when it does not take
 * Metadata as we speak it. Throws what the client throws when none answers.
 */
export async function readBrokerVersions(
  kafka: Kafka,
  spoken: readonly SpokenApi[],
  log: Log,
): Promise<readonly BrokerVersions[]> {
  const cluster = innerCluster<InnerCluster>(kafka);
  try {
    await cluster.connect();
    const { seedBroker } = cluster.brokerPool;
    const first = { broker: seedBroker.brokerAddress, taken: rangesOf(seedBroker.versions ?? {}) };
    if (versionDifferences(first, spoken).some(({ severity }) => severity === 'fatal')) return [first];
    await cluster.refreshMetadata();
    const all = [first];
    for (const nodeId of cluster.brokerPool.getNodeIds()) {
      const answer = await askBroker(cluster, nodeId).catch((error: unknown) => {
        log.debug('broker.notAsked', { nodeId, cause: String(error) });
        return null;
      });
      if (answer !== null && answer.broker !== first.broker) all.push(answer);
    }
    return all;
  } finally {
    await cluster.disconnect();
  }
}

async function askBroker(cluster: InnerCluster, nodeId: string): Promise<BrokerVersions> {
  const broker = await cluster.findBroker({ nodeId });
  return { broker: broker.brokerAddress, taken: rangesOf(await broker.apiVersions()) };
}

function rangesOf(ranges: ApiRanges): ReadonlyMap<number, VersionRange> {
  return new Map(
    Object.entries(ranges).map(([key, { minVersion, maxVersion }]) => [
      Number(key),
      { least: minVersion, most: maxVersion },
    ]),
  );
}
