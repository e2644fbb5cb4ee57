import type { TestProject } from 'vitest/node';
import { migrate } from '#postgres/data-source';
import type { LocalServer } from '../../deploy/local/local-process.js';
import { startKafka } from '../../deploy/local/start-kafka.js';
import { startPostgres } from '../../deploy/local/start-postgres.js';
import { adminQuery, databaseUrlOf } from './test-database.js';

declare module 'vitest' {
  export interface ProvidedContext {
    kafkaBrokers: string;
    postgresUrl: string;
    /** Migrated once; each file's database is a copy of it. */
    templateDatabase: string;
  }
}

/** One broker and one Postgres for all projects of a run, whichever asks first. */
let servers: Promise<readonly [LocalServer, LocalServer, string]> | null = null;
let users = 0;

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  users++;
  servers ??= start();
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

async function start(): Promise<readonly [LocalServer, LocalServer, string]> {
  const say = (line: string) => process.stdout.write(`${line}\n`);
  const kafka = await startKafka(process.env['KAFKA_BROKERS'], say);
  const postgres = await startPostgres(process.env['DATABASE_URL']);
  const template = `hookline_template_${process.pid}`;
  await adminQuery(postgres.address, `CREATE DATABASE ${template}`);
  await migrate(databaseUrlOf(postgres.address, template));
  return [kafka, postgres, template];
}
