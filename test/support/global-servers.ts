import type { TestProject } from 'vitest/node';
import { migrate } from '#postgres/data-source';
import type { LocalServer } from '../../deploy/local/local-process.js';
import { announceInstalls } from '../../deploy/local/needs.js';
import { startKafka } from '../../deploy/local/start-kafka.js';
import { startPostgres } from '../../deploy/local/start-postgres.js';
import { adminQuery, databaseUrlOf } from './test-database.js';

/** One broker and one Postgres for all projects of a run, whichever asks first. */
let servers: Promise<readonly [LocalServer, LocalServer, string]> | null = null;
let users = 0;

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  users++;
  servers ??= start().catch(endRun);
  const [kafka, postgres, template] = await servers;
  project.provide('kafkaBrokers', kafka.address);
  project.provide('postgresUrl', postgres.address);
  project.provide('templateDatabase', template);
  return async () => {
    if (--users > 0) return;
    await adminQuery(postgres.address, `DROP DATABASE IF EXISTS ${template} WITH (FORCE)`);
    await Promise.all([kafka.stop(), postgres.stop()]);
  };
}

/**
 * Without servers there is no run: the cause in words, and the line every run ends with. Vitest itself would say a stack
 * after that line.
 */
function endRun(error: unknown): never {
  process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`);
  process.stdout.write('\n0 passed, 1 failed\n');
  process.exit(1);
}

async function start(): Promise<readonly [LocalServer, LocalServer, string]> {
  const say = (line: string) => process.stdout.write(`${line}\n`);
  const { KAFKA_BROKERS: brokers, DATABASE_URL: databaseUrl } = process.env;
  announceInstalls({ kafka: !brokers, postgres: !databaseUrl }, say);
  const kafka = await startKafka(brokers, say);
  const postgres = await startPostgres(databaseUrl, say);
  const template = `hookline_template_${process.pid}`;
  await adminQuery(postgres.address, `CREATE DATABASE ${template}`);
  await migrate(databaseUrlOf(postgres.address, template));
  return [kafka, postgres, template];
}
