import { Failure } from '#domain/failure';
import { tlsFault } from '#domain/tls-fault';

/** Node's and pg's own codes and names of a lost or refused connection. */
const lostConnectionCodes: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENOENT',
]);

/** Data exceptions, constraint violations, and program limits: a text too wide for its index. */
const dataClasses: ReadonlySet<string> = new Set(['22', '23', '54']);
/** What an operator has to do about a state that is one of the set-up. */
const setUpFaults: Readonly<Record<string, string>> = {
  '42P01': 'the schema is missing: npm run migrate',
  '42703': 'the schema is older than this version: npm run migrate',
  '42883': 'the schema is missing or older than this version: npm run migrate',
  '3D000': 'there is no such database: create the database first',
  '28000': 'Postgres does not let this user in from here like this: see its pg_hba.conf, and sslmode in DATABASE_URL',
  '28P01': 'the user or the password of DATABASE_URL is refused',
  '3F000': 'there is no schema to make tables in: create it first, or set the search_path of the role',
};

const tlsNames = {
  peer: 'Postgres',
  authority: 'sslrootcert in DATABASE_URL',
  own: 'sslcert and sslkey in DATABASE_URL',
  asked: 'sslmode in DATABASE_URL',
};
/** What pg says when the server has TLS off. */
const noTls = /^The server does not support SSL connections/;
/** Stands where an SQLSTATE would: waiting does not mend it. */
const tlsState = 'TLS';

const codeFaults = [TypeError, RangeError, ReferenceError];

/**
 * Turns what TypeORM or pg threw into a Failure: retryable unless the row's own data was refused (SQLSTATE, PostgreSQL
 * appendix A) or our code is at fault. Everything else is the server's state (a failover that is read-only, a right or a
 * table that is missing, a full disk): whoever mends it must find nothing lost.
 */
export function storeFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  const state = sqlState(error);
  const detail = error instanceof Error ? error.message : String(error);
  if (codeFaults.some((fault) => error instanceof fault))
    return new Failure('STORE_REFUSED', `a fault of ours: ${detail}`, { retryable: false, cause: error });
  const tls =
    tlsFault(error, tlsNames) ?? (noTls.test(detail) ? `${detail}: sslmode in DATABASE_URL asks for it` : null);
  if (tls !== null)
    return new Failure('STORE_UNAVAILABLE', `Postgres cannot be reached safely: ${tls}`, {
      ...{ retryable: true, cause: error, detail: tlsState },
    });
  if (state === null)
    return new Failure('STORE_UNAVAILABLE', `Postgres cannot answer now: ${detail}`, { retryable: true, cause: error });
  const isOfTheRow = dataClasses.has(state.slice(0, 2));
  const fault = setUpFaults[state];
  const said = fault === undefined ? detail : `${fault} (${detail})`;
  const message = `Postgres ${isOfTheRow ? 'refused' : 'cannot do it now'} (${state}): ${said}`;
  return new Failure(isOfTheRow ? 'STORE_REFUSED' : 'STORE_UNAVAILABLE', message, {
    ...{ retryable: !isOfTheRow, cause: error, detail: state },
  });
}

/** Classes that pass without a hand: connection, resources, operator intervention (a restart). */
const passingClasses: ReadonlySet<string> = new Set(['08', '53', '57']);

/** Whether waiting may help: Postgres is away or busy. Anything else (no such database, a wrong password) somebody must mend. */
export function mayPass(failure: Failure): boolean {
  const state = failure.options.detail;
  return failure.retryable && (state === undefined || passingClasses.has(state.slice(0, 2)));
}

/** The SQLSTATE Postgres answered with; null when the statement never got an answer. */
export function sqlState(error: unknown): string | null {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (typeof code !== 'string' || lostConnectionCodes.has(code)) return null;
  return /^[0-9A-Z]{5}$/.test(code) ? code : null;
}
