import { describe, expect, it } from 'vitest';
import { checkAddresses, EgressAllowance, parseDestination } from './address-guard.js';
import { refusedAddress } from './address-ranges.js';

describe('refusedAddress', () => {
  it.each([
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '127.0.0.1',
    '127.255.255.254',
    '168.63.129.16',
    '169.254.169.254',
    '172.31.0.1',
    '192.168.1.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:10.0.0.1',
    '::ffff:8.8.8.8',
    '::7f00:1',
    '64:ff9b::7f00:1',
    '64:ff9b:1::1',
    '2002:7f00:1::',
    '2001:0:7f00:1::',
    '2001:db8::1',
    'fc00::1',
    'fd12::1',
    'fe80::1',
    'fec0::1',
    'ff02::1',
    '4000::1',
    '2a00:1450::5efe:7f00:1',
    '100::1',
    '3fff::1',
    '5f00::1',
    'fe80::1%eth0',
    'nonsense',
  ])('refuses %s', (address) => {
    expect(refusedAddress(address)).not.toBeNull();
  });

  it.each(['8.8.8.8', '1.1.1.1', '100.128.0.1', '172.32.0.1', '2a00:1450:4001:80b::200e', '2606:4700::1111'])(
    'lets %s through',
    (address) => {
      expect(refusedAddress(address)).toBeNull();
    },
  );
});

describe('parseDestination', () => {
  const none = new EgressAllowance([]);

  it.each([
    'http://example.com/',
    'ftp://example.com/',
    'https://user:pw@example.com/',
    'https://127.0.0.1/',
    'https://0x7f.1/',
    'https://2130706433/',
    'https://[::1]/',
    'https://localhost/',
    'https://intranet/',
    'https://a.svc.cluster.local/',
    'https://example.com:22/',
    'not a url',
    `https://example.com/${'a'.repeat(2_048)}`,
  ])('refuses %.60s', (url) => {
    expect(parseDestination(url, none).kind).toBe('refused');
  });

  it('lets public https through, and what operators allow', () => {
    expect(parseDestination('https://hooks.example.com/in?key=1', none).kind).toBe('allowed');
    expect(parseDestination('https://example.com:8443/', none).kind).toBe('allowed');
    const some = new EgressAllowance(['127.0.0.1/32:8080', 'receiver.test:80', '[::1]:9000']);
    expect(parseDestination('http://127.0.0.1:8080/', some).kind).toBe('allowed');
    expect(parseDestination('http://127.0.0.1:8081/', some).kind).toBe('refused');
    expect(parseDestination('http://receiver.test/', some).kind).toBe('allowed');
    expect(parseDestination('http://[::1]:9000/', some).kind).toBe('allowed');
    expect(() => new EgressAllowance(['nonsense'])).toThrow(/nonsense is not CIDR/);
  });

  it('names no address to the tenant', () => {
    const verdict = parseDestination('https://10.0.0.7/', none);
    expect(verdict).toMatchObject({ kind: 'refused', detail: '10.0.0.7 is private' });
    expect(verdict.kind === 'refused' && verdict.said).not.toContain('10.0.0.7');
  });
});

describe('checkAddresses', () => {
  it('refuses a name when any of its addresses is refused', () => {
    const addresses = [
      { address: '8.8.8.8', family: 4 },
      { address: '10.0.0.1', family: 4 },
    ];
    expect(() => checkAddresses('example.com', 443, addresses, new EgressAllowance([]))).toThrow(
      /10\.0\.0\.1 \(private\)/,
    );
    expect(() => checkAddresses('example.com', 443, addresses, new EgressAllowance(['10.0.0.0/8']))).not.toThrow();
    expect(() => checkAddresses('example.com', 443, [], new EgressAllowance([]))).toThrow();
  });
});
