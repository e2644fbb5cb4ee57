import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '#domain/clock';
import { type DnsScript, DnsServer } from '../../../test/support/dns-server.js';
import { NameResolver, type NameResolverSettings } from './name-resolver.js';

const timeoutMs = 1_500;

describe('NameResolver', () => {
  const endings: (() => void)[] = [];

  afterEach(() => {
    for (const end of endings.splice(0)) end();
  });

  async function world(script: DnsScript, settings: Partial<NameResolverSettings> = {}) {
    const server = await DnsServer.start(script);
    let laterMs = 0;
    const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + laterMs };
    const resolver = new NameResolver({ servers: [server.address], timeoutMs, ...settings }, clock);
    endings.push(
      () => resolver.close(),
      () => server.stop(),
    );
    const addressesOf = async (host: string) => (await resolver.resolve(host)).map(({ address }) => address);
    const passes = (ms: number) => {
      laterMs += ms;
    };
    return { server, addressesOf, passes };
  }

  it('answers IPv4 before IPv6, 16 addresses at most', async () => {
    const many = Array.from({ length: 20 }, (_, n) => `192.0.2.${n + 1}`);
    const both = { addresses: ['2001:db8::1', '192.0.2.1'] };
    const { addressesOf } = await world((name) => (name === 'many.test' ? { addresses: many } : both));
    expect(await addressesOf('both.test')).toEqual(['192.0.2.1', '2001:db8::1']);
    expect(await addressesOf('many.test')).toHaveLength(16);
  });

  it('goes on with one family when the other is missing, broken or silent', async () => {
    const six = { addresses: ['2001:db8::1'] };
    const four = { addresses: ['192.0.2.1'] };
    const { server, addressesOf } = await world((name) => (name.startsWith('six') ? six : four));
    expect(await addressesOf('six.test')).toEqual(['2001:db8::1']);
    expect(await addressesOf('four.test')).toEqual(['192.0.2.1']);
    expect(server.questions).toHaveLength(4);
  });

  it.each([
    [0, 900, 1_100],
    [5, 4_900, 5_100],
    [86_400, 59_000, 60_100],
  ])('keeps an answer with a TTL of %i s, at least 1 s, at most 60 s', async (ttlS, beforeMs, afterMs) => {
    const { addressesOf, passes } = await world((_, nth) => ({ addresses: [`192.0.2.${nth}`], ttlS }));
    expect(await addressesOf('a.test')).toEqual(['192.0.2.1']);
    passes(beforeMs);
    expect(await addressesOf('a.test')).toEqual(['192.0.2.1']);
    passes(afterMs - beforeMs);
    expect(await addressesOf('a.test')).toEqual(['192.0.2.2']);
  });

  it.each([
    ['ENOTFOUND', 3, 2_000],
    ['ESERVFAIL', 2, 1_000],
  ])('keeps %s for a moment only', async (code, rcode, keptMs) => {
    const { server, addressesOf, passes } = await world(() => ({ rcode }));
    await expect(addressesOf('a.test')).rejects.toMatchObject({ code });
    const asked = server.questions.length;
    passes(keptMs / 2);
    await expect(addressesOf('a.test')).rejects.toMatchObject({ code });
    expect(server.questions).toHaveLength(asked);
    passes(keptMs);
    await expect(addressesOf('a.test')).rejects.toMatchObject({ code });
    expect(server.questions.length).toBeGreaterThan(asked);
  });

  it('asks once for a name that many want at the same time', async () => {
    const { server, addressesOf } = await world(() => ({ addresses: ['192.0.2.1'] }));
    const all = await Promise.all(Array.from({ length: 50 }, () => addressesOf('a.test')));
    expect(new Set(all.flat())).toEqual(new Set(['192.0.2.1']));
    expect(server.questions.toSorted()).toEqual(['A a.test', 'AAAA a.test']);
  });

  it('gives up a silent server within its time, for all who wait', async () => {
    const { addressesOf } = await world(() => 'silence', { timeoutMs: 300 });
    const all = await Promise.allSettled(Array.from({ length: 10 }, () => addressesOf('a.test')));
    expect(all.map((one) => (one.status === 'rejected' ? one.reason.code : one.value))).toEqual(
      Array<string>(10).fill('ETIMEOUT'),
    );
  });

  it('forgets the oldest name when it knows too many', async () => {
    const { server, addressesOf } = await world(() => ({ addresses: ['192.0.2.1'] }), { namesMax: 10 });
    for (let n = 0; n <= 10; n++) await addressesOf(`n${n}.test`);
    const asked = server.questions.length;
    await addressesOf('n10.test');
    await addressesOf('n1.test');
    expect(server.questions).toHaveLength(asked);
    await addressesOf('n0.test');
    expect(server.questions).toHaveLength(asked + 2);
  });

  it('takes what the hosts file says, and always knows localhost', async () => {
    const hostsFile = join(mkdtempSync(join(tmpdir(), 'hosts-')), 'hosts');
    writeFileSync(
      hostsFile,
      '# a line\n192.0.2.7\tReceiver receiver.test # ours\n2001:db8::7 receiver\nnonsense here\n',
    );
    const { server, addressesOf } = await world(() => ({ rcode: 3 }), { hostsFile });
    expect(await addressesOf('receiver')).toEqual(['192.0.2.7', '2001:db8::7']);
    expect(await addressesOf('receiver.test')).toEqual(['192.0.2.7']);
    expect(await addressesOf('localhost')).toEqual(['127.0.0.1']);
    expect(server.questions).toEqual([]);
  });
});
