import { createHmac, randomBytes } from 'node:crypto';
import { Secret } from '#domain/secret';

/** What is signed: the id, the time in whole seconds, and the exact bytes that are sent. */
export interface SignedContent {
  readonly id: string;
  /** Seconds since the epoch, a whole number. */
  readonly timestampS: number;
  readonly body: Buffer;
}

const prefix = 'whsec_';
const keyBytesMin = 24;
const keyBytesMax = 64;
const newKeyBytes = 32;

/** The headers of Standard Webhooks, `v1` (HMAC-SHA256 over `id.timestamp.body`); at least one secret, several sign side by side. */
export function signatureHeaders(content: SignedContent, secrets: readonly Secret[]): Readonly<Record<string, string>> {
  const { id, timestampS, body } = content;
  const signatures = secrets.map((secret) => {
    const mac = createHmac('sha256', secret.reveal()).update(`${id}.${timestampS}.`).update(body);
    return `v1,${mac.digest('base64')}`;
  });
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestampS),
    'webhook-signature': signatures.join(' '),
  };
}

/** Reads `whsec_` + base64 of 24 to 64 bytes; null for any other text. */
export function parseSigningSecret(text: string): Secret | null {
  const encoded = text.startsWith(prefix) ? text.slice(prefix.length) : '';
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) return null;
  const key = Buffer.from(encoded, 'base64');
  return key.length >= keyBytesMin && key.length <= keyBytesMax ? new Secret(key) : null;
}

/** Makes a secret of 32 random bytes. */
export function newSigningSecret(): Secret {
  return new Secret(randomBytes(newKeyBytes));
}

/** The text receivers are given; print it once. */
export function signingSecretText(secret: Secret): string {
  return `${prefix}${secret.reveal().toString('base64')}`;
}
