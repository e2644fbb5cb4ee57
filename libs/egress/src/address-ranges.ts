import { BlockList, isIP, isIPv6 } from 'node:net';

/** A range nobody's endpoint may be in, and what it is. */
interface Range {
  readonly cidr: string;
  readonly what: string;
}

/** IANA's special-purpose registries (RFC 6890 and its updates), and addresses of clouds' own services. */
const ipv4Ranges: readonly Range[] = [
  { cidr: '0.0.0.0/8', what: 'this network' },
  { cidr: '10.0.0.0/8', what: 'private' },
  { cidr: '100.64.0.0/10', what: 'carrier-grade NAT' },
  { cidr: '127.0.0.0/8', what: 'loopback' },
  { cidr: '168.63.129.16/32', what: 'cloud service' },
  { cidr: '169.254.0.0/16', what: 'link-local' },
  { cidr: '172.16.0.0/12', what: 'private' },
  { cidr: '192.0.0.0/24', what: 'protocol assignments' },
  { cidr: '192.0.2.0/24', what: 'documentation' },
  { cidr: '192.31.196.0/24', what: 'AS112' },
  { cidr: '192.52.193.0/24', what: 'AMT' },
  { cidr: '192.88.99.0/24', what: '6to4 relay' },
  { cidr: '192.168.0.0/16', what: 'private' },
  { cidr: '192.175.48.0/24', what: 'AS112' },
  { cidr: '198.18.0.0/15', what: 'benchmarking' },
  { cidr: '198.51.100.0/24', what: 'documentation' },
  { cidr: '203.0.113.0/24', what: 'documentation' },
  { cidr: '224.0.0.0/4', what: 'multicast' },
  { cidr: '240.0.0.0/4', what: 'reserved' },
];

/** Parts of the one unicast range (2000::/3) that lead inside or nowhere; everything outside of it is refused as a whole. */
const ipv6Ranges: readonly Range[] = [
  { cidr: '2001::/23', what: 'protocol assignments and Teredo' },
  { cidr: '2001:db8::/32', what: 'documentation' },
  { cidr: '2002::/16', what: '6to4' },
  { cidr: '2620:4f:8000::/48', what: 'AS112' },
  { cidr: '3fff::/20', what: 'documentation' },
];

/** Every refused range, for the receivers' documentation. */
export const refusedRanges: readonly Range[] = [
  ...ipv4Ranges,
  ...ipv6Ranges,
  { cidr: 'outside 2000::/3', what: 'not global unicast' },
];

const refusedIpv4 = ipv4Ranges.map(({ cidr, what }) => ({ list: blockListOf([cidr]), what }));
const refusedIpv6 = ipv6Ranges.map(({ cidr, what }) => ({ list: blockListOf([cidr]), what }));
const globalUnicast = blockListOf(['2000::/3']);

/** Why an address is refused; null when it is a public one. A text that is no address is refused too. */
export function refusedAddress(address: string): string | null {
  const plain = address.replace(/%.*$/, '');
  switch (isIP(plain)) {
    case 4:
      return refusedIpv4.find(({ list }) => list.check(plain, 'ipv4'))?.what ?? null;
    case 6:
      if (!globalUnicast.check(plain, 'ipv6')) return 'not global unicast';
      return refusedIpv6.find(({ list }) => list.check(plain, 'ipv6'))?.what ?? isatap(plain);
    default:
      return 'not an address';
  }
}

/** A list of `CIDR`s or addresses. Throws TypeError for what is neither. */
export function blockListOf(cidrs: readonly string[]): BlockList {
  const list = new BlockList();
  for (const cidr of cidrs) {
    const [address = '', prefix] = cidr.split('/');
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    if (isIP(address) === 0) throw new TypeError(`${cidr} is not an address or a CIDR`);
    list.addSubnet(address, prefix === undefined ? (family === 'ipv6' ? 128 : 32) : Number(prefix), family);
  }
  return list;
}

/** An interface id `0:5efe:a.b.c.d` carries an IPv4 address (RFC 5214). */
function isatap(address: string): string | null {
  const url = new URL(`http://[${address}]/`);
  return /:0?(?:200)?:?5efe:[0-9a-f]{1,4}:[0-9a-f]{1,4}\]$/.test(url.hostname) ? 'ISATAP' : null;
}
