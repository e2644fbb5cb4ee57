import { migrate } from '#postgres/data-source';
import type { LocalServer } from '../../deploy/local/local-process.js';
import { startKafka } from '../../deploy/local/start-kafka.js';
import { startPostgres } from '../../deploy/local/start-postgres.js';
import type { StackServers } from './stack.js';
import { adminQuery, databaseUrlOf } from './test-database.js';

/** A server that a test may end and bring back. */
export interface OwnServer {
  /** Ends the process as an outage does. */
  crash(): Promise<void>;
  /** Starts it again on the same port and data. */
  revive(): Promise<void>;
}

/** Kafka and Postgres of one test file alone. */
export interface OwnServers {
  readonly kafka: OwnServer;
  readonly postgres: OwnServer;
  readonly addresses: StackServers;
  stop(): Promise<void>;
}

/** Starts both, migrated. They are local ones whatever the environment names: others may not be stopped. */
export async function startOwnServers(): Promise<OwnServers> {
  const say = (line: string) => process.stdout.write(`${line}\n`);
  const [kafka, postgres] = await Promise.all([startKafka(undefined, say), startPostgres(undefined)]);
  const templateDatabase = 'hookline_template';
  // The launcher's server forgets its last commits when it is killed; what an outage must not lose is kept here.
  await adminQuery(postgres.address, 'ALTER ROLE postgres SET synchronous_commit = on');
  await adminQuery(postgres.address, `CREATE DATABASE ${templateDatabase}`);
  await migrate(databaseUrlOf(postgres.address, templateDatabase));
  return {
    kafka: breakable(kafka),
    postgres: breakable(postgres),
    addresses: { kafkaBrokers: kafka.address, postgresUrl: postgres.address, templateDatabase },
    stop: async () => {
      await Promise.all([kafka.stop(), postgres.stop()]);
    },
  };
}

function breakable({ crash, revive, address }: LocalServer): OwnServer {
  if (crash === undefined || revive === undefined) throw new Error(`${address} is not ours to stop`);
  return { crash, revive };
}
