import { isIPv4, isIPv6 } from 'node:net';

/** The addresses of a service range, as numbers. */
export interface IpRange {
  readonly text: string;
  readonly family: 'IPv4' | 'IPv6';
  /** The network's own address, and the first behind the range. */
  readonly start: bigint;
  readonly end: bigint;
}

/** Of larger ranges only that many addresses are given out. */
const RANGE_SIZE_MAX = 2n ** 64n;

/** `10.96.0.0/16`, `fd00::/108`. Throws RangeError. */
export function parseIpRange(text: string): IpRange {
  const [address = '', length = ''] = text.split('/');
  const family = isIPv4(address) ? 'IPv4' : isIPv6(address) ? 'IPv6' : undefined;
  const bits = family === 'IPv4' ? 32 : 128;
  const prefix = Number(length);
  if (!family || !/^\d+$/.test(length) || prefix > bits) throw new RangeError(`not a range of addresses: ${text}`);
  const size = 1n << BigInt(bits - prefix);
  const start = (ipToNumber(address) / size) * size;
  return { text, family, start, end: start + (size < RANGE_SIZE_MAX ? size : RANGE_SIZE_MAX) };
}

/** The first address is the network's, and an IPv4 range's last is for broadcasts. */
export function usableIps({ start, end, family }: IpRange): { readonly first: bigint; readonly count: bigint } {
  return { first: start + 1n, count: end - start - (family === 'IPv4' ? 2n : 1n) };
}

export function rangeContains(range: IpRange, ip: string): boolean {
  const { first, count } = usableIps(range);
  if (ipFamily(ip) !== range.family) return false;
  const value = ipToNumber(ip);
  return value >= first && value < first + count;
}

export function ipFamily(ip: string): 'IPv4' | 'IPv6' {
  return isIPv4(ip) ? 'IPv4' : 'IPv6';
}

export function ipToNumber(ip: string): bigint {
  if (isIPv4(ip)) return BigInt(ip.split('.').reduce((value, part) => value * 256 + Number(part), 0));
  const [head = '', tail] = ip.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const groups = [...left, ...Array.from({ length: 8 - left.length - right.length }, () => '0'), ...right];
  return groups.reduce((value, group) => (value << 16n) | BigInt(`0x${group}`), 0n);
}

/** The canonical text of an address. */
export function numberToIp(value: bigint, family: IpRange['family']): string {
  if (family === 'IPv4') return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join('.');
  const groups = Array.from({ length: 8 }, (_, index) => ((value >> BigInt((7 - index) * 16)) & 0xffffn).toString(16));
  return shortenGroups(groups);
}

/** The longest run of zero groups, if it is longer than one, becomes `::`. */
function shortenGroups(groups: readonly string[]): string {
  let at = -1;
  let longest = 1;
  for (let start = 0; start < groups.length; start++) {
    let end = start;
    while (groups[end] === '0') end++;
    if (end - start > longest) [at, longest] = [start, end - start];
  }
  if (at < 0) return groups.join(':');
  return `${groups.slice(0, at).join(':')}::${groups.slice(at + longest).join(':')}`;
}
