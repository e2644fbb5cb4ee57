import type { LookupAddress } from 'node:dns';
import { type BlockList, isIP, isIPv6 } from 'node:net';
import { Failure } from '#domain/failure';
import { blockListOf, refusedAddress } from './address-ranges.js';

/** A URL that may be used, or why not: `said` is for the tenant and names no address, `detail` for operators. */
export type ParsedDestination =
  | { readonly kind: 'allowed'; readonly origin: string; readonly path: string }
  | { readonly kind: 'refused'; readonly said: string; readonly detail: string };

/** Thrown inside a connection attempt, so that it fails before the first byte. */
export class DestinationRefused extends Error {
  override readonly name = 'DestinationRefused';
  readonly code = 'DESTINATION_NOT_ALLOWED';

  constructor(host: string, address: string, what: string) {
    super(`${host} leads to ${address} (${what})`);
  }
}

const urlCharsMax = 2_048;
const httpsPort = 443;
/** Ports below this, but 443, belong to other services. */
const unprivilegedPort = 1_024;
const internalNames = /(^|\.)(localhost|local|internal|intranet|localdomain|corp|lan|home\.arpa|svc|cluster\.local)$/;

/**
 * What operators let through beside public addresses: `CIDR`, `CIDR:port` or `host:port` (IPv6 CIDRs in brackets before a
 * port). Plain `http` is let through to those too. Throws CONFIG_INVALID naming the first entry that is none of them.
 */
export class EgressAllowance {
  private readonly cidrs: readonly { readonly list: BlockList; readonly port: number | null }[];
  private readonly hosts: ReadonlySet<string>;

  constructor(entries: readonly string[]) {
    const parsed = entries.map(parseEntry);
    this.cidrs = parsed.flatMap(({ subject, port, isHost }) =>
      isHost ? [] : [{ list: blockListOf([subject]), port }],
    );
    this.hosts = new Set(parsed.flatMap(({ subject, port, isHost }) => (isHost ? [`${subject}:${port}`] : [])));
  }

  hasHost(host: string, port: number): boolean {
    return this.hosts.has(`${host}:${port}`);
  }

  hasAddress(address: string, port: number): boolean {
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    return this.cidrs.some((cidr) => (cidr.port === null || cidr.port === port) && cidr.list.check(address, family));
  }
}

function parseEntry(entry: string): {
  readonly subject: string;
  readonly port: number | null;
  readonly isHost: boolean;
} {
  if (isAddressOrCidr(entry)) return { subject: entry, port: null, isHost: false };
  const match = /^(\[[^\]]+\]|[^:]+):(\d{1,5})$/.exec(entry);
  const subject = match?.[1]?.replace(/^\[|\]$/g, '').toLowerCase() ?? '';
  if (match === null || subject === '') {
    const message = `The configuration is wrong:\n  EGRESS_ALLOW: ${entry} is not CIDR, CIDR:port or host:port`;
    throw new Failure('CONFIG_INVALID', message, { retryable: false });
  }
  return { subject, port: Number(match[2]), isHost: !isAddressOrCidr(subject) };
}

function isAddressOrCidr(text: string): boolean {
  const [, address = ''] = /^([^/]+)(?:\/\d{1,3})?$/.exec(text) ?? [];
  return isIP(address) !== 0;
}

/** Checks a URL as it is written, when it is saved and again when it is used; its addresses are checked by the connector. */
export function parseDestination(text: string, allowance: EgressAllowance): ParsedDestination {
  if (text.length > urlCharsMax) return refused(`the URL is longer than ${urlCharsMax} characters`);
  if (!URL.canParse(text)) return refused('the URL cannot be read');
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') return refused('the URL holds credentials, which are not allowed');
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return refused('the URL is not https');
  const host = hostOf(url);
  const port = portOf(url);
  const isAllowed = allowance.hasHost(host, port) || (isIP(host) !== 0 && allowance.hasAddress(host, port));
  if (isAllowed) return allowed(url);
  if (url.protocol === 'http:') return refused('the URL is not https');
  if (port !== httpsPort && port < unprivilegedPort) return refused(`port ${port} is not allowed`);
  if (isIP(host) !== 0) return addressVerdict(url, host);
  if (!host.includes('.') || internalNames.test(host)) return refused('the host name is an internal one');
  return allowed(url);
}

/** The host of a URL without brackets and final dot, lower case. */
export function hostOf(url: { readonly hostname: string }): string {
  return url.hostname
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
    .toLowerCase();
}

export function portOf(url: URL): number {
  return url.port === '' ? (url.protocol === 'https:' ? httpsPort : 80) : Number(url.port);
}

/** Throws DestinationRefused unless every address may be connected to. All are checked: the client may take any. */
export function checkAddresses(
  host: string,
  port: number,
  addresses: readonly LookupAddress[],
  allowance: EgressAllowance,
): void {
  if (addresses.length === 0) throw new DestinationRefused(host, 'nothing', 'no address');
  if (allowance.hasHost(host, port)) return;
  for (const { address } of addresses) {
    if (allowance.hasAddress(address, port)) continue;
    const what = refusedAddress(address);
    if (what !== null) throw new DestinationRefused(host, address, what);
  }
}

function addressVerdict(url: URL, host: string): ParsedDestination {
  const what = refusedAddress(host);
  if (what === null) return allowed(url);
  return { kind: 'refused', said: 'the address is not a public one', detail: `${host} is ${what}` };
}

function allowed(url: URL): ParsedDestination {
  return { kind: 'allowed', origin: url.origin, path: `${url.pathname}${url.search}` };
}

function refused(said: string): ParsedDestination {
  return { kind: 'refused', said, detail: said };
}
