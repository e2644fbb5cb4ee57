import type { Teardown } from '../../deploy/local/demo/teardown.js';
import { announceInstalls } from '../../deploy/local/needs.js';
import { startPostgres } from '../../deploy/local/start-postgres.js';
import type { BrokerProxy } from '../support/broker-proxy.js';
import { KafkaCluster } from '../support/kafka-cluster.js';
import { ByteProxy } from './byte-proxy.js';
import type { BreakableServer } from './fault-injector.js';

/** Kafka and Postgres of this run alone, each behind a proxy. */
export interface ChaosServers {
  readonly kafka: BreakableServer;
  readonly postgres: BreakableServer;
  /** Stands before the broker. */
  readonly kafkaProxy: BrokerProxy;
  /** What apps are given. */
  readonly brokers: string;
  readonly directBrokers: string;
  readonly directPostgresUrl: string;
  /** The same database, reached through the proxy. */
  throughProxy(databaseUrl: string): string;
}

/** What a commit has told nobody may lose: the launcher's own settings forget the last commits of a killed server. */
const postgresSettings = ['synchronous_commit=on'];

/** Starts one broker, one Postgres, and the proxies before them. */
export async function startChaosServers(say: (line: string) => void, teardown: Teardown): Promise<ChaosServers> {
  announceInstalls({ kafka: true, postgres: true }, say);
  const cluster = await KafkaCluster.start({ nodes: 1, say });
  teardown.add('Kafka', () => cluster.stop());
  const node = cluster.node(1);
  const postgres = await startPostgres(undefined, say, postgresSettings);
  teardown.add('Postgres', () => postgres.stop());
  const { crash, revive } = postgres;
  if (crash === undefined || revive === undefined) throw new Error('Postgres is not ours to stop');
  const proxy = await ByteProxy.start(Number(new URL(postgres.address).port));
  teardown.add("Postgres' proxy", () => proxy.stop());
  return {
    kafka: {
      crash: () => node.crash(),
      revive: () => node.revive(),
      cut: () => node.proxy.cut('reset'),
      delay: (ms) => node.proxy.delay(ms),
    },
    postgres: { crash, revive, cut: () => proxy.cut(), delay: (ms) => proxy.delay(ms) },
    kafkaProxy: node.proxy,
    brokers: cluster.brokers,
    directBrokers: cluster.directBrokers,
    directPostgresUrl: postgres.address,
    throughProxy: (databaseUrl) => {
      const url = new URL(databaseUrl);
      url.port = String(proxy.port);
      return url.toString();
    },
  };
}
