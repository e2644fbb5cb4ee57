import type { Teardown } from '../../deploy/local/demo/teardown.js';
import { runningPids } from '../../deploy/local/local-process.js';
import { announceInstalls } from '../../deploy/local/needs.js';
import { startKafka } from '../../deploy/local/start-kafka.js';
import { startPostgres } from '../../deploy/local/start-postgres.js';

/** Kafka and Postgres of this run alone: on servers of others neither CPU nor silence could be had. */
export interface BenchServers {
  readonly brokers: string;
  /** The server's own database. */
  readonly postgresUrl: string;
  readonly kafkaPid: number;
  /** The postmaster; its children do the work. */
  readonly postgresPid: number;
}

/** The launcher's Postgres may lose its last second; the figures are of one that may not. */
export const durableSettings = [
  'fsync=on',
  'synchronous_commit=on',
  'full_page_writes=on',
  'shared_buffers=512MB',
  'max_wal_size=4GB',
] as const;

/** Starts both, one after the other, so that each one's process is known. */
export async function startServers(say: (line: string) => void, teardown: Teardown): Promise<BenchServers> {
  announceInstalls({ kafka: true, postgres: true }, say);
  const before = new Set(runningPids());
  const kafka = await startKafka(undefined, say);
  teardown.add('Kafka', () => kafka.stop());
  const kafkaPid = newPid(before);
  const postgres = await startPostgres(undefined, say, durableSettings);
  teardown.add('Postgres', () => postgres.stop());
  const postgresPid = newPid(new Set([...before, kafkaPid]));
  return { brokers: kafka.address, postgresUrl: postgres.address, kafkaPid, postgresPid };
}

function newPid(before: ReadonlySet<number>): number {
  const pid = runningPids().find((running) => !before.has(running));
  if (pid === undefined) throw new Error('a server was started and is not there');
  return pid;
}
