import { parseCidr, parseIp } from '@kts/api';

/** A block of addresses, as numbers. */
export interface IpPrefix {
  readonly family: 'IPv4' | 'IPv6';
  /** The network's own address. */
  readonly first: bigint;
  readonly last: bigint;
  readonly length: number;
}

/** `10.0.0.0/8`, `fd00::/48`; undefined for anything else. */
export function parsePrefix(text: string): IpPrefix | undefined {
  const cidr = parseCidr(text);
  if (!cidr) return undefined;
  const { family, value } = cidr.address;
  const hostBits = BigInt(addressBits(family) - cidr.prefixLength);
  const first = (value >> hostBits) << hostBits;
  return { family, first, last: first + (1n << hostBits) - 1n, length: cidr.prefixLength };
}

export function addressBits(family: IpPrefix['family']): number {
  return family === 'IPv4' ? 32 : 128;
}

export function overlaps(a: IpPrefix, b: IpPrefix): boolean {
  return a.family === b.family && a.first <= b.last && b.first <= a.last;
}

/** `10.0.1.0/24` of its first address and length. */
export function prefixText(family: IpPrefix['family'], first: bigint, length: number): string {
  const width = family === 'IPv4' ? 8n : 16n;
  const parts = Array.from({ length: family === 'IPv4' ? 4 : 8 }, (_, index) => {
    const part = (first >> (BigInt(addressBits(family)) - BigInt(index + 1) * width)) & ((1n << width) - 1n);
    return part.toString(family === 'IPv4' ? 10 : 16);
  });
  const text = parseIp(parts.join(family === 'IPv4' ? '.' : ':'))!.text;
  return `${text}/${length}`;
}
