import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { ResourceFault } from '#registry/resource-fault';

/** What a page belongs to: its token is good for nothing else. */
export interface PageScope {
  /** The method, e.g. ListNotifications. */
  readonly list: string;
  readonly parent: string;
  readonly filter: string;
}

/** Values of the last row's key. */
export type PageKey = readonly (string | number)[];

const pageSizeDefault = 50;
const pageSizeMax = 200;
const scopeHashChars = 12;
const tokenCharsMax = 2_000;
const macBytes = 16;
/** Topics, the longest texts of a key, have at most 249. */
const textCharsMax = 255;
const integerMin = -2_147_483_648;
const integerMax = 2_147_483_647;
const int64Max = 9_223_372_036_854_775_807n;

/** The rows of a page: 0 takes 50, more than 200 is 200. Throws ResourceFault invalid below 0. */
export function readPageSize(pageSize: number): number {
  if (pageSize < 0) throw ResourceFault.invalid([{ field: 'pageSize', said: 'must not be below 0' }]);
  return pageSize === 0 ? pageSizeDefault : Math.min(pageSize, pageSizeMax);
}

/**
 * Tokens that only an admin with the same key can make: `base64url(MAC | JSON of scope and key)`, HMAC-SHA256 cut to 16
 * bytes. They survive restarts and are good at every admin of the installation.
 */
export class PageTokens {
  constructor(private readonly macKey: Buffer) {}

  /** The token that goes on after a key. */
  write(scope: PageScope, key: PageKey): string {
    const content = Buffer.from(JSON.stringify([hashOf(scope), ...key]));
    return Buffer.concat([this.macOf(content), content]).toString('base64url');
  }

  /**
   * The key a token goes on after; null for an empty one. `isKey` says whether the values are those of this list's key.
   * Throws ResourceFault invalid for a token that was not given out for this list, parent and filter.
   */
  read<K extends PageKey>(token: string, scope: PageScope, isKey: (key: PageKey) => key is K): K | null {
    if (token === '') return null;
    const content = token.length <= tokenCharsMax ? this.contentOf(Buffer.from(token, 'base64url')) : null;
    const parsed = content === null ? null : parseContent(content);
    if (parsed === null) throw wrong('cannot be read');
    const [hash, ...key] = parsed;
    if (hash !== hashOf(scope)) throw wrong('belongs to another list, parent or filter');
    if (!isKey(key)) throw wrong('cannot be read');
    return key;
  }

  private contentOf(bytes: Buffer): Buffer | null {
    const [mac, content] = [bytes.subarray(0, macBytes), bytes.subarray(macBytes)];
    return mac.length === macBytes && timingSafeEqual(mac, this.macOf(content)) ? content : null;
  }

  private macOf(content: Buffer): Buffer {
    return createHmac('sha256', this.macKey).update(content).digest().subarray(0, macBytes);
  }
}

/** Whether a value can stand in a statement as what it is: an int32, or a short text without U+0000. */
export function isKeyValue(value: unknown): value is string | number {
  if (typeof value === 'number') return Number.isInteger(value) && value >= integerMin && value <= integerMax;
  return typeof value === 'string' && value.length <= textCharsMax && !value.includes('\0');
}

/** Whether a text is a whole number from 0 that fits into 64 bits. */
export function isInt64(text: unknown): text is string {
  return typeof text === 'string' && /^\d{1,19}$/.test(text) && BigInt(text) <= int64Max;
}

function parseContent(content: Buffer): PageKey | null {
  try {
    const values: unknown = JSON.parse(content.toString('utf8'));
    return Array.isArray(values) && values.every(isKeyValue) ? values : null;
  } catch {
    return null; // not JSON: said by the null
  }
}

function hashOf({ list, parent, filter }: PageScope): string {
  return createHash('sha256').update([list, parent, filter].join('\0')).digest('base64url').slice(0, scopeHashChars);
}

function wrong(said: string): ResourceFault {
  return ResourceFault.invalid([{ field: 'pageToken', said }]);
}
