import { createDataSource, databaseTrouble, migrate, removeSchema } from '#postgres/data-source';
import { serverAnswers } from '#runtime/run-command';

/** The database of this run. */
export interface DemoDatabase {
  readonly url: string;
  /** Says what it is, for people. */
  readonly said: string;
  /** Removes what was made; nothing else of the server is touched. */
  remove(): Promise<void>;
}

/**
 * Makes a database of its own on the server and migrates it. Where creating one is not allowed, the given one is used if
 * Hookline has no tables in it. Throws in words.
 */
export async function createDemoDatabase(serverUrl: string, name: string): Promise<DemoDatabase> {
  const { host, pathname } = new URL(serverUrl);
  await serverAnswers({ server: `Postgres at ${host}`, trouble: () => databaseTrouble(serverUrl) });
  if (await mayCreateDatabases(serverUrl)) {
    await run(serverUrl, `CREATE DATABASE ${name}`);
    const url = new URL(serverUrl);
    url.pathname = `/${name}`;
    const remove = async () => void (await run(serverUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
    await migrate(url.toString());
    return { url: url.toString(), said: `database ${name} on ${host}`, remove };
  }
  const [row] = await run<{ taken: boolean }>(
    serverUrl,
    `SELECT to_regclass('hookline_migrations') IS NOT NULL OR to_regclass('notifications') IS NOT NULL AS taken`,
  );
  const database = decodeURIComponent(pathname.slice(1));
  if (row?.taken !== false)
    throw new Error(
      `the user of DATABASE_URL may not create databases, and ${database} already holds Hookline's tables, which the demo ` +
        'must not touch: give a user that may create databases, or an empty database',
    );
  await migrate(serverUrl);
  return { url: serverUrl, said: `database ${database} on ${host}`, remove: () => removeSchema(serverUrl) };
}

async function mayCreateDatabases(url: string): Promise<boolean> {
  const [row] = await run<{ may: boolean }>(
    url,
    'SELECT rolcreatedb OR rolsuper AS may FROM pg_roles WHERE rolname = current_user',
  );
  return row?.may === true;
}

async function run<T>(url: string, sql: string): Promise<readonly T[]> {
  const dataSource = createDataSource({ url, poolMax: 1, applicationName: 'hookline.demo', statementTimeoutMs: 0 });
  await dataSource.initialize();
  try {
    return await dataSource.query<T[]>(sql);
  } finally {
    await dataSource.destroy();
  }
}
