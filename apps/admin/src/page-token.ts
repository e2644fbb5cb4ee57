import { createHash } from 'node:crypto';
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

/** The rows of a page: 0 takes 50, more than 200 is 200. Throws ResourceFault invalid below 0. */
export function readPageSize(pageSize: number): number {
  if (pageSize < 0) throw ResourceFault.invalid([{ field: 'pageSize', said: 'must not be below 0' }]);
  return pageSize === 0 ? pageSizeDefault : Math.min(pageSize, pageSizeMax);
}

/** The token that goes on after a key. */
export function writePageToken(scope: PageScope, key: PageKey): string {
  return Buffer.from(JSON.stringify([hashOf(scope), ...key])).toString('base64url');
}

/**
 * The key a token goes on after; null for an empty one. `isKey` says whether the values are those of this list's key.
 * Throws ResourceFault invalid for a token that was not given out for this list, parent and filter.
 */
export function readPageToken<K extends PageKey>(
  token: string,
  scope: PageScope,
  isKey: (key: PageKey) => key is K,
): K | null {
  if (token === '') return null;
  const parsed = token.length <= tokenCharsMax ? parseToken(token) : null;
  if (parsed === null) throw ResourceFault.invalid([{ field: 'pageToken', said: 'cannot be read' }]);
  const [hash, ...key] = parsed;
  if (hash !== hashOf(scope))
    throw ResourceFault.invalid([{ field: 'pageToken', said: 'belongs to another list, parent or filter' }]);
  if (!isKey(key)) throw ResourceFault.invalid([{ field: 'pageToken', said: 'cannot be read' }]);
  return key;
}

function parseToken(token: string): PageKey | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
    const isList = Array.isArray(value) && value.every((one) => typeof one === 'string' || typeof one === 'number');
    return isList ? value : null;
  } catch {
    return null; // not JSON: said by the null
  }
}

function hashOf({ list, parent, filter }: PageScope): string {
  return createHash('sha256').update([list, parent, filter].join('\0')).digest('base64url').slice(0, scopeHashChars);
}
