import { readFileSync, statSync } from 'node:fs';
import tls from 'node:tls';
import { Failure } from '#domain/failure';
import type { Log } from '#telemetry/log';

/** What a secured connection is made with: PEM files, null where none is set. */
export interface TlsFiles {
  /** Without it, the authorities Node.js trusts. */
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  /** Of an encrypted key. */
  readonly keyPassword: (() => string) | undefined;
}

/** Files that could be used, as they were then. */
interface ReadFiles {
  readonly stamp: string;
  readonly context: tls.SecureContext;
}

/** By where the password comes from and the names of the files: a client made anew goes on with what the one before had. */
const lastRead = new WeakMap<object, Map<string, ReadFiles>>();
const noPassword = {};

/**
 * Answers the context of the next connection. Files that changed are read again, so that renewing them needs no restart.
 * While they cannot be used (one of two is renewed already), the last good ones stay in use and the log says so.
 * Throws a Failure CONFIG_INVALID when a process reads them for the first time, never afterwards.
 */
export function tlsContextOf(files: TlsFiles, log: Log): () => tls.SecureContext {
  const names = JSON.stringify([files.ca, files.cert, files.key]);
  const known = lastRead.get(files.keyPassword ?? noPassword) ?? new Map<string, ReadFiles>();
  lastRead.set(files.keyPassword ?? noPassword, known);
  const context = () => {
    const last = known.get(names);
    try {
      const stamp = stampOf(files);
      if (last?.stamp === stamp) return last.context;
      const now = { stamp, context: readContext(files) };
      known.set(names, now);
      return now.context;
    } catch (error) {
      const said = wordsOf(error);
      if (last === undefined)
        throw new Failure('CONFIG_INVALID', `The configuration is wrong:\n  ${said}`, { retryable: false });
      log.warn('kafka.filesRefused', { cause: said, said: 'the files read before stay in use' });
      return last.context;
    }
  };
  context();
  return context;
}

/** Changes when a file is written, or another one takes its place (as when a mounted secret is renewed). */
function stampOf({ ca, cert, key, keyPassword }: TlsFiles): string {
  const stamps = [ca, cert, key].map((file) => {
    if (file === undefined) return '';
    const { ino, mtimeMs, size } = statSync(file);
    return `${ino} ${mtimeMs} ${size}`;
  });
  return [...stamps, keyPassword?.() ?? ''].join('|');
}

function readContext({ ca, cert, key, keyPassword }: TlsFiles): tls.SecureContext {
  const authority = ca === undefined ? undefined : readFileSync(ca);
  if (authority?.includes('-----BEGIN CERTIFICATE-----') === false)
    throw new Error('KAFKA_SSL_CA_FILE holds no certificate in PEM');
  return tls.createSecureContext({
    ...(authority === undefined ? {} : { ca: authority }),
    ...(cert === undefined ? {} : { cert: readFileSync(cert) }),
    ...(key === undefined ? {} : { key: readFileSync(key) }),
    ...(keyPassword === undefined ? {} : { passphrase: keyPassword() }),
  });
}

const opensslWords: Readonly<Record<string, string>> = {
  ERR_OSSL_PEM_NO_START_LINE: 'a file holds no PEM',
  ERR_OSSL_UNSUPPORTED: 'a file holds no PEM',
  ERR_OSSL_X509_KEY_VALUES_MISMATCH: 'the key is not that of the certificate',
  ERR_OSSL_BAD_DECRYPT: 'the key is encrypted, and KAFKA_SSL_KEY_PASSWORD does not open it',
  ERR_OSSL_EVP_BAD_DECRYPT: 'the key is encrypted, and KAFKA_SSL_KEY_PASSWORD does not open it',
  ERR_OSSL_PEM_BAD_PASSWORD_READ: 'the key is encrypted, and KAFKA_SSL_KEY_PASSWORD does not open it',
  ERR_OSSL_CRYPTO_INTERRUPTED_OR_CANCELLED: 'the key is encrypted, and KAFKA_SSL_KEY_PASSWORD does not open it',
};

function wordsOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const said = error instanceof Error ? error.message : String(error);
  const words = opensslWords[code];
  if (words !== undefined) return `KAFKA_SSL_CERT_FILE, KAFKA_SSL_KEY_FILE: ${words} (${code})`;
  return said.startsWith('KAFKA_') ? said : `KAFKA_SSL_CA_FILE, KAFKA_SSL_CERT_FILE, KAFKA_SSL_KEY_FILE: ${said}`;
}
