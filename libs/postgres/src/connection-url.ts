import { readFileSync } from 'node:fs';
import tls from 'node:tls';
import pg from 'pg';
import { Failure } from '#domain/failure';
import { isLoopback } from '#domain/loopback';

/** `DATABASE_URL`, or a function that answers what it is now: a password may be renewed while we run. */
export type DatabaseUrl = string | (() => string);

/** How the next connection is made. */
export interface Connection {
  readonly options: Pick<pg.ClientConfig, 'connectionString' | 'ssl'>;
  /** The URL's own `options`: settings of the session that come after ours. Empty without any. */
  readonly sessionOptions: string;
  /** What an operator should know of its safety; null when there is nothing to say. */
  readonly warning: string | null;
}

type TlsMode = 'disable' | 'no-verify' | 'verify-ca' | 'verify-full';

/**
 * `require` is as strict as `verify-full`: encrypted without a check would be open to whoever stands between. `allow`
 * and `prefer` are no modes of ours, for they send plain text when the server, or whoever stands between, says so.
 */
const modes: Readonly<Record<string, TlsMode>> = {
  disable: 'disable',
  'no-verify': 'no-verify',
  require: 'verify-full',
  'verify-ca': 'verify-ca',
  'verify-full': 'verify-full',
};
/** `ssl` is pg's own spelling. */
const sslValues: Readonly<Record<string, TlsMode>> = {
  true: 'verify-full',
  '1': 'verify-full',
  false: 'disable',
  '0': 'disable',
};
const ours = ['ssl', 'sslmode', 'sslrootcert', 'sslcert', 'sslkey', 'sslpassword'] as const;
/** libpq's name for the authorities the system trusts. */
const systemAuthorities = 'system';

/**
 * Answers how the next connection is made; URL and files are read again each time, so that renewing them needs no
 * restart. While they cannot be used (one of two is renewed already), the last good ones stay in use. Throws a Failure
 * CONFIG_INVALID at the first reading, never afterwards.
 */
export function connectionsTo(url: DatabaseUrl): () => Connection {
  const currentUrl = typeof url === 'string' ? () => url : url;
  let last = readConnection(currentUrl());
  return () => {
    try {
      last = readConnection(currentUrl());
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
    }
    return last;
  };
}

/** pg would read the parameters of TLS itself: into weaker checks in its next version, and the files only once. */
function readConnection(url: string): Connection {
  const [base = '', query = ''] = splitOnce(url, '?');
  const parameters = new URLSearchParams(query);
  const given = new Map(ours.map((name) => [name, parameters.get(name) ?? undefined]));
  if (parameters.has('uselibpqcompat')) throw wrong('uselibpqcompat weakens what sslmode promises: leave it out');
  const sessionOptions = parameters.get('options') ?? '';
  for (const name of [...ours, 'options']) parameters.delete(name);
  const rest = parameters.size === 0 ? base : `${base}?${parameters}`;
  if (!isReadable(rest)) throw wrong('is no URL: write / # ? @ : and % of a password as %2F %23 %3F %40 %3A and %25');
  const mode = modeOf(given);
  const ssl = mode === null || mode === 'disable' ? false : tlsOptions(mode, given);
  return { options: { connectionString: rest, ssl }, sessionOptions, warning: warningOf(mode, rest) };
}

/** What the driver cannot read it would refuse at each connection, as a fault that no waiting mends. */
function isReadable(url: string): boolean {
  try {
    return new pg.Client({ connectionString: url }) instanceof pg.Client;
  } catch {
    return false;
  }
}

type Given = ReadonlyMap<(typeof ours)[number], string | undefined>;

/** Null when nothing is said of TLS. */
function modeOf(given: Given): TlsMode | null {
  const [sslmode, ssl] = [given.get('sslmode'), given.get('ssl')];
  if (sslmode !== undefined) {
    const mode = modes[sslmode];
    if (mode !== undefined) return mode;
    const why = ['allow', 'prefer'].includes(sslmode) ? 'would send plain text unseen' : 'is unknown';
    throw wrong(`sslmode=${sslmode} ${why}: say verify-full, or disable for plain text`);
  }
  const mode = ssl === undefined ? null : sslValues[ssl];
  if (mode === undefined) throw wrong(`ssl=${ssl} is unknown: say sslmode=verify-full, or disable for plain text`);
  const hasFiles = ours.some((name) => name !== 'ssl' && given.get(name) !== undefined);
  return mode ?? (hasFiles ? 'verify-full' : null);
}

function tlsOptions(mode: TlsMode, given: Given): tls.ConnectionOptions {
  const [authority, cert, key] = [given.get('sslrootcert'), given.get('sslcert'), given.get('sslkey')];
  if ((cert === undefined) !== (key === undefined)) throw wrong('sslcert and sslkey must be given together');
  if (mode === 'verify-ca' && (authority === undefined || authority === systemAuthorities))
    throw wrong('sslmode=verify-ca needs sslrootcert: anyone can get a certificate of a public authority');
  const ca = authority === undefined || authority === systemAuthorities ? undefined : readPem('sslrootcert', authority);
  try {
    const secureContext = tls.createSecureContext({
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert: readPem('sslcert', cert) }),
      ...(key === undefined ? {} : { key: readPem('sslkey', key), passphrase: given.get('sslpassword') }),
    });
    return {
      secureContext,
      // Said outright, for NODE_TLS_REJECT_UNAUTHORIZED could turn it off.
      rejectUnauthorized: mode !== 'no-verify',
      ...(mode === 'verify-ca' ? { checkServerIdentity: () => undefined } : {}),
    };
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw wrong(`sslcert and sslkey cannot be used: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function readPem(name: string, file: string): Buffer {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw wrong(`${name} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!bytes.includes('-----BEGIN ')) throw wrong(`${name} holds no PEM: ${file}`);
  return bytes;
}

function warningOf(mode: TlsMode | null, url: string): string | null {
  if (mode === 'no-verify') return 'sslmode=no-verify encrypts, but anybody may answer for Postgres: say verify-full';
  if (mode !== null || isNear(url)) return null;
  return 'passwords and data go to Postgres in plain text: say sslmode=verify-full in DATABASE_URL, or disable to mean it';
}

/** This machine, or a socket of it. */
function isNear(url: string): boolean {
  const host = URL.canParse(url) ? new URL(url).hostname : '';
  return host === '' || host.startsWith('%2F') || isLoopback(host);
}

function splitOnce(text: string, at: string): readonly [string, string] {
  const position = text.indexOf(at);
  return position < 0 ? [text, ''] : [text.slice(0, position), text.slice(position + 1)];
}

/** Names what is wrong, never the URL: it holds a password. */
function wrong(what: string): Failure {
  return new Failure('CONFIG_INVALID', `The configuration is wrong:\n  DATABASE_URL: ${what}`, { retryable: false });
}
