import { loadInternal, once } from './client-internals.js';

interface SeedBroker {
  readonly versions: object | null;
  connect(): Promise<void>;
}

type Attempt = (bail: (error: unknown) => void) => Promise<void>;

interface BrokerPool {
  readonly seedBroker: SeedBroker | undefined;
  versions: object | null;
  readonly logger: { error(said: string): void };
  readonly retrier: (attempt: Attempt) => Promise<void>;
  hasConnectedBrokers(): boolean;
  createSeedBroker(): Promise<void>;
  connect(): Promise<void>;
}

/**
 * Lets a client go on to the next broker of its list whatever went wrong with this one. kafkajs 2.2.4 does so only where
 * the connection itself fails: a broker that hangs, or is gone behind something that takes its connections, is asked
 * again each time, and a client made anew begins with the same one: nothing gets through while the other brokers are
 * well. Must be called before the first client is made.
 */
export const askNextSeedBroker = once(() => {
  const pool: { readonly prototype: BrokerPool } = loadInternal('kafkajs/src/cluster/brokerPool');
  pool.prototype.connect = async function (this: BrokerPool) {
    if (this.hasConnectedBrokers()) return;
    if (this.seedBroker === undefined) await this.createSeedBroker();
    await this.retrier(async (bail) => {
      try {
        await this.seedBroker?.connect();
        this.versions = this.seedBroker?.versions ?? null;
      } catch (error) {
        this.logger.error(`the next broker of the list is asked: ${String(error)}`);
        await this.createSeedBroker(); // takes the next of the list, ends the connections to this one
        if (isRetriable(error)) throw error;
        bail(error);
      }
    });
  };
});

function isRetriable(error: unknown): boolean {
  return error instanceof Error && 'retriable' in error && error.retriable === true;
}
