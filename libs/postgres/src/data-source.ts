import pg from 'pg';
import { DataSource, type DataSourceOptions, type MixedList } from 'typeorm';
import type { Clock } from '#domain/clock';
import type { Log } from '#telemetry/log';
import { type Connection, connectionsTo, type DatabaseUrl } from './connection-url.js';
import { keepPlans } from './kept-plans.js';
import { InitialSchema1764000000000 } from './migrations/1764000000000-initial-schema.js';
import { FinishAndClaim1764100000000 } from './migrations/1764100000000-finish-and-claim.js';
import { Circuits1764200000000 } from './migrations/1764200000000-circuits.js';
import { EndpointLimits1764210000000 } from './migrations/1764210000000-endpoint-limits.js';
import { FailingEndpoints1764220000000 } from './migrations/1764220000000-failing-endpoints.js';

import { BookLedgers1764300000000 } from './migrations/1764300000000-book-ledgers.js';
import { EndpointMinutes1764310000000 } from './migrations/1764310000000-endpoint-minutes.js';
import { AttemptPhases1764320000000 } from './migrations/1764320000000-attempt-phases.js';
import { RetryOverrides1764330000000 } from './migrations/1764330000000-retry-overrides.js';
import { ReadingPositions1764330000001 } from './migrations/1764330000001-reading-positions.js';
import { EndpointShards1764330000002 } from './migrations/1764330000002-endpoint-shards.js';

import { WeeklyPartitions1764340000000 } from './migrations/1764340000000-weekly-partitions.js';
import { BookPasses1764360000000 } from './migrations/1764360000000-book-passes.js';
import { MovingDefault1764370000000 } from './migrations/1764370000000-moving-default.js';

import { mayPass, storeFailure } from './store-failure.js';

/** A pool of connections; apps pass it on without importing TypeORM. */
export type { DataSource } from 'typeorm';

/** How one pool talks to Postgres. */
export interface DataSourceSettings {
  /** `postgres://user:password@host:port/database`; a function is asked again for each connection. */
  readonly url: DatabaseUrl;
  /** Connections of this pool, from 1. */
  readonly poolMax: number;
  /** Shown in `pg_stat_activity`. */
  readonly applicationName: string;
  /** A statement is ended by the server after this; 0 never ends one. */
  readonly statementTimeoutMs?: number;
  /** For pools that only run statements by key: their plans never scan, whatever the statistics say. */
  readonly pinnedPlans?: boolean;
  /** Beside `pinnedPlans`, where statements join only what they were given, and look up rows of tables one by one: such joins are hashed. */
  readonly hashedJoins?: boolean;
  /** A connection that was open for so long is replaced once it is given back. */
  readonly connectionSecondsMax?: number;
  readonly entities?: MixedList<new () => object>;
}

const connectTimeoutMs = 5_000;
/** However busy a pool is, a renewed user or certificate is the only one in use after this. */
const connectionSecondsMax = 1_800;
const firstWaitMs = 200;
const waitMsMax = 5_000;
/** Statements that only go by key must not fall back to scans while a table's statistics are young. */
const pinnedPlanSettings = '-c enable_seqscan=off -c enable_mergejoin=off -c plan_cache_mode=force_generic_plan';
/**
 * No statement of ours is worth compiling: over all table partitions one has some 500 expressions, which took Postgres a
 * second and more each time, while those of the hot path waited for a core.
 */
const noCompiling = '-c jit=off';
const noHashedJoins = '-c enable_hashjoin=off';
/** Held while migrating, so that two starting apps do not race (any constant will do). */
const migrationLock = 4_672_391;

/** What is to be said of the safety of a pool's connections when it is opened. */
const warnings = new WeakMap<DataSource, string>();

/** A pool that is not connected yet; `openDataSource` connects it. Throws CONFIG_INVALID when the URL cannot be used. */
export function createDataSource(settings: DataSourceSettings): DataSource {
  const connection = connectionsTo(settings.url);
  const options: DataSourceOptions = {
    type: 'postgres',
    driver: pg,
    poolSize: settings.poolMax,
    applicationName: settings.applicationName,
    connectTimeoutMS: connectTimeoutMs,
    entities: settings.entities ?? [],
    migrations: [
      InitialSchema1764000000000,
      FinishAndClaim1764100000000,
      Circuits1764200000000,
      EndpointLimits1764210000000,
      FailingEndpoints1764220000000,
      BookLedgers1764300000000,
      EndpointMinutes1764310000000,
      AttemptPhases1764320000000,
      RetryOverrides1764330000000,
      ReadingPositions1764330000001,
      EndpointShards1764330000002,
      WeeklyPartitions1764340000000,
      BookPasses1764360000000,
      MovingDefault1764370000000,
    ],
    migrationsTableName: 'hookline_migrations',
    synchronize: false,
    logging: false,
    extra: {
      Client: clientOf(connection, settings.pinnedPlans === true),
      statement_timeout: settings.statementTimeoutMs ?? 10_000,
      keepAlive: true,
      maxLifetimeSeconds: settings.connectionSecondsMax ?? connectionSecondsMax,
      // Its sessions keep their plans, so they are kept too: a new one pays some 20 ms with its first statements.
      ...(settings.pinnedPlans
        ? { options: `${noCompiling} ${pinnedPlanOptions(settings)}`, idleTimeoutMillis: 0 }
        : { options: noCompiling }),
    },
    // A pool's idle connection that breaks is only dropped: the next statement says what is wrong.
    poolErrorHandler: () => undefined,
  };
  const dataSource = new DataSource(options);
  const { warning } = connection();
  if (warning !== null) warnings.set(dataSource, warning);
  return dataSource;
}

/** The pool makes one for each connection, which is when URL and files are read: passwords and certificates are renewed. */
function clientOf(connection: () => Connection, keepsPlans: boolean): typeof pg.Client {
  const client = class extends pg.Client {
    constructor(options?: string | pg.ClientConfig) {
      const given = typeof options === 'object' ? options : {};
      const { options: url, sessionOptions } = connection();
      super({ ...given, ...url, options: `${given.options ?? ''} ${sessionOptions}`.trim() });
    }
  };
  if (keepsPlans) keepPlans(client.prototype);
  return client;
}

function pinnedPlanOptions({ hashedJoins = false }: DataSourceSettings): string {
  return hashedJoins ? pinnedPlanSettings : `${pinnedPlanSettings} ${noHashedJoins}`;
}

/** Why a pool that is being opened has not connected yet, in words. */
const openTroubles = new WeakMap<DataSource, string>();

/** Connects with growing waits until Postgres answers; gives up only when the signal is aborted. */
export async function openDataSource(
  dataSource: DataSource,
  log: Log,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  sayWarning(dataSource, log);
  for (let waitMs = firstWaitMs; !signal.aborted; waitMs = Math.min(waitMs * 2, waitMsMax)) {
    try {
      await dataSource.initialize();
      return;
    } catch (error) {
      const cause = storeFailure(error).message;
      openTroubles.set(dataSource, cause);
      log.warn('store.waiting', { cause, waitMs });
      await clock.wait(waitMs, signal);
    }
  }
}

/** There are two warnings in all. */
const warningsSaid = new Set<string>();

/** Each once for a process: its pools go the same way. */
function sayWarning(dataSource: DataSource, log: Log): void {
  const said = warnings.get(dataSource);
  if (said === undefined || warningsSaid.has(said)) return;
  warningsSaid.add(said);
  log.warn('store.notSecured', { said });
}

/** Null when the server answers, else the cause in words. Throws a Failure when it refuses for good (password, database). */
export async function databaseTrouble(url: DatabaseUrl): Promise<string | null> {
  const dataSource = createDataSource({ url, poolMax: 1, applicationName: 'hookline.migrate' });
  try {
    await dataSource.initialize();
    await dataSource.destroy();
    return null;
  } catch (error) {
    const failure = storeFailure(error);
    if (!mayPass(failure)) throw failure;
    return failure.message;
  }
}

/** Undoes every migration, which removes all of Hookline's tables with what they hold. */
export async function removeSchema(url: DatabaseUrl): Promise<void> {
  const dataSource = createDataSource({ url, poolMax: 1, applicationName: 'hookline.migrate', statementTimeoutMs: 0 });
  await dataSource.initialize();
  try {
    for (const _ of dataSource.migrations) await dataSource.undoLastMigration({ transaction: 'each' });
    await dataSource.query('DROP TABLE hookline_migrations');
  } finally {
    await dataSource.destroy();
  }
}

/** Runs what is missing of the migrations, once, however many processes ask at the same time. Answers their names. */
export async function migrate(url: DatabaseUrl): Promise<readonly string[]> {
  const dataSource = createDataSource({ url, poolMax: 2, applicationName: 'hookline.migrate', statementTimeoutMs: 0 });
  await dataSource.initialize();
  try {
    const lock = dataSource.createQueryRunner();
    await lock.query('SELECT pg_advisory_lock($1)', [migrationLock]);
    try {
      const ran = await dataSource.runMigrations({ transaction: 'each' });
      return ran.map(({ name }) => name);
    } finally {
      await lock.query('SELECT pg_advisory_unlock($1)', [migrationLock]);
      await lock.release();
    }
  } finally {
    await dataSource.destroy();
  }
}

/** Null when Postgres answers and is migrated, else the cause in words. */
export async function storeTrouble(dataSource: DataSource): Promise<string | null> {
  if (!dataSource.isInitialized) return openTroubles.get(dataSource) ?? 'not connected yet';
  try {
    await dataSource.query('SELECT 1 FROM hookline_migrations LIMIT 1');
    return null;
  } catch (error) {
    return storeFailure(error).message;
  }
}
