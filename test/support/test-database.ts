import { inject } from 'vitest';
import { createDataSource } from '#postgres/data-source';

declare module 'vitest' {
  export interface ProvidedContext {
    kafkaBrokers: string;
    postgresUrl: string;
    /** Migrated once; each file's database is a copy of it. */
    templateDatabase: string;
  }
}

/** A database of its own for one file. */
export interface TestDatabase {
  readonly url: string;
  query<T>(sql: string, parameters?: readonly unknown[]): Promise<readonly T[]>;
  drop(): Promise<void>;
}

/** A Postgres and its migrated template. */
export interface DatabaseServer {
  readonly postgresUrl: string;
  readonly templateDatabase: string;
}

let made = 0;

/** Copies the migrated template, which takes some 50 ms; that of the run's own Postgres when none is named. */
export async function createTestDatabase(from?: DatabaseServer): Promise<TestDatabase> {
  const server = from?.postgresUrl ?? inject('postgresUrl');
  const name = `hookline_test_${process.pid}_${made++}`;
  await adminQuery(server, `CREATE DATABASE ${name} TEMPLATE ${from?.templateDatabase ?? inject('templateDatabase')}`);
  const url = databaseUrlOf(server, name);
  const dataSource = createDataSource({ url, poolMax: 2, applicationName: 'hookline.test' });
  await dataSource.initialize();
  return {
    url,
    query: (sql, parameters = []) => dataSource.query(sql, [...parameters]),
    drop: async () => {
      await dataSource.destroy();
      await adminQuery(server, `DROP DATABASE ${name} WITH (FORCE)`);
    },
  };
}

/** One statement against the server's own database. */
export async function adminQuery(serverUrl: string, sql: string): Promise<void> {
  const dataSource = createDataSource({
    url: serverUrl,
    poolMax: 1,
    applicationName: 'hookline.test',
    statementTimeoutMs: 0,
  });
  await dataSource.initialize();
  await dataSource.query(sql);
  await dataSource.destroy();
}

/** The same server, another database. */
export function databaseUrlOf(serverUrl: string, database: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${database}`;
  return url.toString();
}
