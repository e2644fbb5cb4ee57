import type { LookupAddress } from 'node:dns';
import { Resolver } from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import type { Clock } from '#domain/clock';

/** How names are looked up. */
export interface NameResolverSettings {
  /** `address` or `address:port`; empty: those of the system's resolv.conf, as it was at the start. */
  readonly servers: readonly string[];
  /** Of one look-up with all its repetitions, in milliseconds. */
  readonly timeoutMs: number;
  /** The system's file when absent. */
  readonly hostsFile?: string;
  /** Names that are remembered; 5,000 when absent. */
  readonly namesMax?: number;
}

/** A name that leads nowhere, or nobody answered for it. `code` is the resolver's: ENOTFOUND, ESERVFAIL, ETIMEOUT, ... */
export class NameUnresolved extends Error {
  override readonly name = 'NameUnresolved';

  constructor(
    host: string,
    readonly code: string,
  ) {
    super(`${host} could not be resolved (${code})`);
  }
}

/** What is known of a name, and until when on the monotonic clock. */
interface CacheEntry {
  readonly answer: readonly LookupAddress[] | NameUnresolved;
  readonly untilMs: number;
}

/** What one kind of record says: addresses with the seconds they may be kept, or why there are none. */
type Records = readonly { readonly address: string; readonly family: 4 | 6; readonly ttlS: number }[] | string;

const defaultHostsFile = '/etc/hosts';
const hostsCharsMax = 262_144;
const defaultNamesMax = 5_000;
/** Of one name: what a connection may try. A name with more is none the worse for it. */
const addressesMax = 16;
const keepMsMin = 1_000;
const keepMsMax = 60_000;
/** There is no such name, or it has no address. Below the shortest step of the retry schedule: a retry asks again. */
const missingMs = 2_000;
/** Nobody answered, or with a fault. */
const troubleMs = 1_000;
/** RFC 8305, 3: how long an answer with addresses waits for the other family's. */
const otherFamilyMs = 50;
const noSuch: ReadonlySet<string> = new Set(['ENOTFOUND', 'ENODATA']);

/**
 * Names to addresses by c-ares, which waits on sockets: `dns.lookup` waits in libuv's four threads, so that four dead names
 * stop every other look-up, file and hash of the process. What differs from `dns.lookup`: search domains and other sources
 * of nsswitch.conf are not asked, so a name must be whole. Names of the hosts file come first, as everywhere.
 *
 * Answers are kept for their TTL, 1 s to 60 s, refusals for 1 s or 2 s; at most 5,000 names, the oldest go first. Who asks
 * for a name that is being looked up waits for the same answer. Nothing here judges addresses: the guard does, each time.
 */
export class NameResolver {
  private readonly resolver: Resolver;
  private readonly hosts: ReadonlyMap<string, readonly LookupAddress[]>;
  private readonly known = new Map<string, CacheEntry>();
  private readonly underWay = new Map<string, Promise<readonly LookupAddress[]>>();

  /** Throws TypeError for a server that is no address. */
  constructor(
    private readonly settings: NameResolverSettings,
    private readonly clock: Clock,
  ) {
    // Two tries, the second twice as long as the first: together the time there is.
    this.resolver = new Resolver({ timeout: Math.max(1, Math.floor(settings.timeoutMs / 3)), tries: 2 });
    if (settings.servers.length > 0) this.resolver.setServers([...settings.servers]);
    this.hosts = hostsOf(settings.hostsFile ?? defaultHostsFile);
  }

  /** All addresses of a name, 1 to 16. Rejects with NameUnresolved, within the time there is. */
  resolve(host: string): readonly LookupAddress[] | Promise<readonly LookupAddress[]> {
    const listed = this.hosts.get(host);
    if (listed !== undefined) return listed;
    const known = this.known.get(host);
    if (known !== undefined && this.clock.monotonicMs() < known.untilMs)
      return known.answer instanceof NameUnresolved ? Promise.reject(known.answer) : known.answer;
    const underWay = this.underWay.get(host);
    if (underWay !== undefined) return underWay;
    const asked = this.ask(host).finally(() => this.underWay.delete(host));
    this.underWay.set(host, asked);
    return asked;
  }

  close(): void {
    this.resolver.cancel();
  }

  private async ask(host: string): Promise<readonly LookupAddress[]> {
    const records = await this.recordsOf(host);
    if (typeof records === 'string') {
      const failure = new NameUnresolved(host, records);
      this.keep(host, { answer: failure, keepMs: noSuch.has(records) ? missingMs : troubleMs });
      throw failure;
    }
    const kept = records.slice(0, addressesMax);
    const answer = kept.map(({ address, family }) => ({ address, family }));
    const keepMs = Math.min(Math.max(Math.min(...kept.map(({ ttlS }) => ttlS)) * 1_000, keepMsMin), keepMsMax);
    this.keep(host, { answer, keepMs });
    return answer;
  }

  private async recordsOf(host: string): Promise<Records> {
    const limit = new AbortController();
    const tooLate = this.clock.wait(this.settings.timeoutMs, limit.signal).then((): Records => 'ETIMEOUT');
    try {
      const v4 = Promise.race([this.recordsOfFamily(host, 4), tooLate]);
      const v6 = Promise.race([this.recordsOfFamily(host, 6), tooLate]);
      const first = await v4;
      const patience = this.clock.wait(otherFamilyMs, limit.signal).then((): Records => []);
      const second = await (typeof first === 'string' ? v6 : Promise.race([v6, patience]));
      return together(first, second);
    } finally {
      limit.abort();
    }
  }

  private async recordsOfFamily(host: string, family: 4 | 6): Promise<Records> {
    try {
      const records = await (family === 4
        ? this.resolver.resolve4(host, { ttl: true })
        : this.resolver.resolve6(host, { ttl: true }));
      return records.map(({ address, ttl }) => ({ address, family, ttlS: ttl }));
    } catch (error) {
      return error instanceof Error && 'code' in error ? String(error.code) : 'EUNKNOWN';
    }
  }

  private keep(host: string, { answer, keepMs }: Pick<CacheEntry, 'answer'> & { readonly keepMs: number }): void {
    this.known.delete(host);
    const [oldest] = this.known.keys();
    if (this.known.size >= (this.settings.namesMax ?? defaultNamesMax) && oldest !== undefined)
      this.known.delete(oldest);
    this.known.set(host, { answer, untilMs: this.clock.monotonicMs() + keepMs });
  }
}

/** IPv4 first: where there is no IPv6 each of its addresses would cost a try. Of two reasons the one that may pass. */
function together(v4: Records, v6: Records): Records {
  if (typeof v4 !== 'string') return [...v4, ...(typeof v6 === 'string' ? [] : v6)];
  if (typeof v6 !== 'string') return v6.length > 0 ? v6 : v4;
  return noSuch.has(v4) ? v6 : v4;
}

/** The names of a hosts file; `localhost` is always there (RFC 6761, 6.3). A file that cannot be read has none. */
function hostsOf(path: string): ReadonlyMap<string, readonly LookupAddress[]> {
  const hosts = new Map<string, readonly LookupAddress[]>();
  for (const line of textOf(path).split('\n')) {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().toLowerCase().split(/\s+/);
    const family = isIP(address);
    if (family === 0) continue;
    for (const name of names) hosts.set(name, [...(hosts.get(name) ?? []), { address, family }].slice(0, addressesMax));
  }
  if (!hosts.has('localhost')) hosts.set('localhost', [{ address: '127.0.0.1', family: 4 }]);
  return hosts;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8').slice(0, hostsCharsMax);
  } catch {
    return '';
  }
}
