import { parseDuration } from '#domain/duration';
import { isLoopback } from '#domain/loopback';
import { CliFault } from './cli-fault.js';
import type { Given } from './command.js';
import { readInput, type Stdin } from './input-file.js';

/** `ca` null takes the authorities Node.js trusts; `own` is the certificate we show, null where there is none. */
export type Security =
  | { readonly kind: 'plaintext' }
  | { readonly kind: 'tls'; readonly ca: Buffer | null; readonly own: OwnCertificate | null };

/** Our certificate and its key, both PEM. */
interface OwnCertificate {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** Where the admin is and how it is spoken to. */
export interface Connection {
  /** host:port */
  readonly address: string;
  readonly security: Security;
  /** The API key; null when none is set, which the admin then says. */
  readonly key: string | null;
  /** For every call. */
  readonly timeoutMs: number;
}

type Env = Readonly<Record<string, string | undefined>>;

const defaultAddress = '127.0.0.1:50051';
const defaultTimeout = '30s';
const timeoutMsMax = 3_600_000;
const keyBytesMax = 4_096;
const pemBytesMax = 1_048_576;

/** The address from flag or environment, checked. Throws a CliFault. */
export function addressOf(given: Given, env: Env): string {
  const address = given.text('addr') ?? setting(env, 'HOOKLINE_ADDR') ?? defaultAddress;
  const match = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):(\d{1,5})$/.exec(address);
  if (match === null || Number(match[2]) < 1 || Number(match[2]) > 65_535)
    throw new CliFault('usage', `${JSON.stringify(address)} is no address: give host:port, e.g. ${defaultAddress}`);
  return address;
}

/** Whether an address never leaves this machine, so that it needs no TLS. */
export function isLocal(address: string): boolean {
  return isLoopback(address.slice(0, address.lastIndexOf(':')));
}

/**
 * Everything a connection needs, from flags before environment. TLS unless the address is a loopback one (and neither
 * `--ca` nor `--cert` is given) or `--insecure` says otherwise. `warn` hears what the user should know. Throws a CliFault.
 */
export async function connectionOf(
  given: Given,
  world: { readonly env: Env; readonly stdin: Stdin },
  warn: (text: string) => Promise<void>,
): Promise<Connection> {
  const { env, stdin } = world;
  const address = addressOf(given, env);
  const files = pemFiles(given, env);
  const isPlaintext = given.has('insecure') || (files.ca === undefined && files.cert === undefined && isLocal(address));
  const key = await keyOf(env, stdin);
  if (isPlaintext && !isLocal(address))
    await warn(
      `the connection to ${address} is not encrypted${key === null ? '' : ': the key can be read on the way'}`,
    );
  return {
    address,
    security: isPlaintext ? { kind: 'plaintext' } : await tlsOf(files, stdin),
    key,
    timeoutMs: timeoutOf(given),
  };
}

interface PemFiles {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly certKey: string | undefined;
}

function pemFiles(given: Given, env: Env): PemFiles {
  const refused = ['ca', 'cert', 'cert-key'].find((flag) => given.has('insecure') && given.has(flag));
  if (refused !== undefined) throw new CliFault('usage', `--insecure and --${refused} contradict each other: give one`);
  const files = {
    ca: given.text('ca') ?? setting(env, 'HOOKLINE_CA_FILE'),
    cert: given.text('cert') ?? setting(env, 'HOOKLINE_CERT_FILE'),
    certKey: given.text('cert-key') ?? setting(env, 'HOOKLINE_CERT_KEY_FILE'),
  };
  if ((files.cert === undefined) !== (files.certKey === undefined))
    throw new CliFault('usage', 'a certificate and its key go together: give --cert and --cert-key, or neither');
  return files;
}

async function tlsOf({ ca, cert, certKey }: PemFiles, stdin: Stdin): Promise<Security> {
  const own =
    cert === undefined || certKey === undefined
      ? null
      : { cert: await readPem(cert, 'CERTIFICATE', stdin), key: await readPem(certKey, 'PRIVATE KEY', stdin) };
  return { kind: 'tls', ca: ca === undefined ? null : await readPem(ca, 'CERTIFICATE', stdin), own };
}

/** A file that holds at least one block whose label ends so, e.g. `-----BEGIN EC PRIVATE KEY-----`. */
async function readPem(file: string, label: 'CERTIFICATE' | 'PRIVATE KEY', stdin: Stdin): Promise<Buffer> {
  const pem = await readInput(file, pemBytesMax, stdin);
  if (pem.includes(`${label}-----`)) return pem;
  throw new CliFault('failed', `${file} holds no ${label === 'CERTIFICATE' ? 'certificate' : 'key'} in PEM`);
}

function timeoutOf(given: Given): number {
  const text = given.text('timeout') ?? defaultTimeout;
  const ms = parseDuration(text);
  if (ms === null || ms > timeoutMsMax)
    throw new CliFault(
      'usage',
      `--timeout ${JSON.stringify(text)} is no duration from 1ms to 1h, like 500ms, 30s or 2m`,
    );
  return ms;
}

async function keyOf(env: Env, stdin: Stdin): Promise<string | null> {
  const key = setting(env, 'HOOKLINE_KEY');
  const file = setting(env, 'HOOKLINE_KEY_FILE');
  if (key !== undefined && file !== undefined)
    throw new CliFault('usage', 'HOOKLINE_KEY and HOOKLINE_KEY_FILE are both set: unset one of them');
  const source = file === undefined ? 'HOOKLINE_KEY' : `the file ${file} of HOOKLINE_KEY_FILE`;
  const text = file === undefined ? key : (await readInput(file, keyBytesMax, stdin)).toString('utf8').trim();
  if (text === undefined) return null;
  if (!/^[\x21-\x7e]+$/.test(text))
    throw new CliFault('usage', `${source} holds no key: a key is one line of visible ASCII characters without spaces`);
  return text;
}

/** An empty variable counts as not set. */
function setting(env: Env, name: string): string | undefined {
  return env[name] === '' ? undefined : env[name];
}
