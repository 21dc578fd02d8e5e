/**
 * IP addresses and CIDR blocks as text.
 *
 * Mirrors: staging/src/k8s.io/apimachinery/pkg/util/validation/ip.go (v1.36)
 */
import { isIPv6 } from 'node:net';
import { invalid, type FieldError, type FieldPath } from '@kts/apimachinery';

export interface IpAddress {
  readonly family: 'IPv4' | 'IPv6';
  readonly value: bigint;
  /** The shortest common form; IPv4 inside IPv6 is shown as IPv4. */
  readonly text: string;
  /** Read leniently: octets with leading zeros. */
  readonly leadingZeros: boolean;
  /** Written as `::ffff:1.2.3.4`. */
  readonly mapped: boolean;
}

export interface Cidr {
  readonly address: IpAddress;
  readonly prefixLength: number;
  /** With the bits beyond the prefix cleared. */
  readonly text: string;
}

const MAPPED = 0xffffn;

/** Lenient, as Kubernetes always was: leading zeros in IPv4 octets are ignored. */
export function parseIp(text: string): IpAddress | undefined {
  if (!text.includes(':')) return parseIpv4(text);
  if (text.includes('%') || !isIPv6(text)) return undefined;
  const value = ipv6Value(text);
  if (value >> 32n !== MAPPED) {
    return { family: 'IPv6', value, text: formatIpv6(value), leadingZeros: false, mapped: false };
  }
  const inner = value & 0xffffffffn;
  return { family: 'IPv4', value: inner, text: formatIpv4(inner), leadingZeros: false, mapped: true };
}

export function parseCidr(text: string): Cidr | undefined {
  const match = /^([^/]+)\/(\d{1,3})$/.exec(text);
  const address = match ? parseIp(match[1]!) : undefined;
  if (!match || !address) return undefined;
  const bits = address.family === 'IPv4' && !address.mapped ? 32 : 128;
  const length = Number(match[2]);
  if (length > bits) return undefined;
  const prefixLength = address.mapped && length >= 96 ? length - 96 : length;
  const width = address.family === 'IPv4' ? 32n : 128n;
  const shift = width - BigInt(prefixLength);
  const base = (address.value >> shift) << shift;
  const textOf = address.family === 'IPv4' ? formatIpv4 : formatIpv6;
  return { address, prefixLength, text: `${textOf(base)}/${prefixLength}` };
}

/** `IPv4`, `IPv6`, or nothing for what is no address. */
export const ipFamily = (text: string): 'IPv4' | 'IPv6' | undefined => parseIp(text)?.family;

/** For fields that are older than the strict rules: any spelling, but none that programs read differently. */
export function checkLegacyIp(text: string, path: FieldPath, accepted: readonly string[] = []): FieldError[] {
  return accepted.includes(text) ? [] : legacyIpErrors(text).map((complaint) => invalid(path, text, complaint));
}

/** For newer fields: the canonical spelling only. */
export function checkIp(text: string, path: FieldPath): FieldError[] {
  return ipErrors(text).map((complaint) => invalid(path, text, complaint));
}

/** What is wrong with an address that must be in the canonical spelling. */
export function ipErrors(text: string): string[] {
  const errors = legacyIpErrors(text);
  const canonical = parseIp(text)?.text;
  if (errors.length > 0 || canonical === text) return errors;
  return [`must be in canonical form (${JSON.stringify(canonical)})`];
}

function legacyIpErrors(text: string): string[] {
  const address = parseIp(text);
  if (!address) return ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'];
  if (address.leadingZeros) return ['must not have leading 0s'];
  return address.mapped ? ['must not be an IPv4-mapped IPv6 address'] : [];
}

export function checkLegacyCidr(text: string, path: FieldPath, accepted: readonly string[] = []): FieldError[] {
  if (accepted.includes(text)) return [];
  const cidr = parseCidr(text);
  if (!cidr) return [invalid(path, text, 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)')];
  if (cidr.address.leadingZeros || /\/0\d/.test(text)) {
    return [invalid(path, text, 'must not have leading 0s in IP or prefix length')];
  }
  if (cidr.address.mapped) return [invalid(path, text, 'must not have an IPv4-mapped IPv6 address')];
  if (hasHostBits(cidr)) return [invalid(path, text, 'must not have bits set beyond the prefix length')];
  return [];
}

export function checkCidr(text: string, path: FieldPath): FieldError[] {
  const errors = checkLegacyCidr(text, path);
  const canonical = parseCidr(text)?.text;
  if (errors.length > 0 || canonical === text) return errors;
  return [invalid(path, text, `must be in canonical form (${JSON.stringify(canonical)})`)];
}

/** An address with the length of its network's prefix, such as `10.9.8.7/24`, in canonical spelling. */
export function checkInterfaceAddress(text: string, path: FieldPath): FieldError[] {
  const cidr = parseCidr(text);
  if (!cidr) {
    return [invalid(path, text, 'must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)')];
  }
  const canonical = `${cidr.address.text}/${cidr.prefixLength}`;
  if (text === canonical) return [];
  return [invalid(path, text, `must be in canonical form (${JSON.stringify(canonical)})`)];
}

/** What to tell the client about an address in an unusual spelling. */
export function ipWarnings(text: string, path: FieldPath): string[] {
  const address = parseIp(text);
  if (!address) return [];
  const quoted = JSON.stringify(text);
  const better = JSON.stringify(address.text);
  if (address.leadingZeros || address.mapped) {
    return [`${path.toString()}: non-standard IP address ${quoted} is invalid: use ${better}`];
  }
  if (address.family === 'IPv4' || address.text === text) return [];
  return [`${path.toString()}: IPv6 address ${quoted} should be in RFC 5952 canonical format (${better})`];
}

/** The same for a block, and for bits that its prefix does not cover. */
export function cidrWarnings(text: string, path: FieldPath): string[] {
  const cidr = parseCidr(text);
  if (!cidr) return [];
  const { address } = cidr;
  const quoted = JSON.stringify(text);
  const better = JSON.stringify(cidr.text);
  const warnings: string[] = [];
  if (hasHostBits(cidr)) {
    const single = JSON.stringify(`${address.text}/${address.family === 'IPv4' ? 32 : 128}`);
    const question = `(should be ${better} or ${single}?)`;
    warnings.push(`${path.toString()}: CIDR value ${quoted} is ambiguous in this context ${question}`);
  }
  if (address.leadingZeros || address.mapped || /\/0\d/.test(text)) {
    warnings.push(`${path.toString()}: non-standard CIDR value ${quoted} is invalid: use ${better}`);
  }
  if (warnings.length === 0 && address.family === 'IPv6' && cidr.text !== text) {
    warnings.push(`${path.toString()}: IPv6 CIDR value ${quoted} should be in RFC 5952 canonical format (${better})`);
  }
  return warnings;
}

/** At most one address of each family, and both of them. */
export function isDualStack(addresses: readonly string[]): boolean {
  return new Set(addresses.map(ipFamily)).size === 2;
}

function hasHostBits({ address, text }: Cidr): boolean {
  return !text.startsWith(`${address.text}/`);
}

function parseIpv4(text: string): IpAddress | undefined {
  if (!/^\d+\.\d+\.\d+\.\d+$/.test(text)) return undefined;
  const octets = text.split('.');
  if (octets.some((octet) => Number(octet) > 255)) return undefined;
  const value = octets.reduce((sum, octet) => (sum << 8n) | BigInt(Number(octet)), 0n);
  const leadingZeros = octets.some((octet) => octet.length > 1 && octet.startsWith('0'));
  return { family: 'IPv4', value, text: formatIpv4(value), leadingZeros, mapped: false };
}

function formatIpv4(value: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 0xffn)).join('.');
}

/** Of text that is known to be an IPv6 address. */
function ipv6Value(text: string): bigint {
  const plain = text.replace(/[\d.]+$/, (tail) => {
    const inner = tail.includes('.') ? parseIpv4(tail)!.value : undefined;
    return inner === undefined ? tail : `${(inner >> 16n).toString(16)}:${(inner & 0xffffn).toString(16)}`;
  });
  const [head = '', tail] = plain.split('::');
  const groupsOf = (part: string): string[] => (part === '' ? [] : part.split(':'));
  const before = groupsOf(head);
  const after = groupsOf(tail ?? '');
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0');
  return [...before, ...zeros, ...after].reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n);
}

/** RFC 5952: lower case, the longest run of zero groups left out. */
function formatIpv6(value: bigint): string {
  const groups = Array.from({ length: 8 }, (_, i) => ((value >> BigInt(112 - 16 * i)) & 0xffffn).toString(16));
  let best = { start: 0, length: 0 };
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (start + length < 8 && groups[start + length] === '0') length++;
    if (length > best.length) best = { start, length };
  }
  if (best.length < 2) return groups.join(':');
  return `${groups.slice(0, best.start).join(':')}::${groups.slice(best.start + best.length).join(':')}`;
}
