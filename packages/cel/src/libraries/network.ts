import type { Library } from '../check/function-declaration.ts';
import { equalBytes } from '../evaluate/equality.ts';
import { CelError, CelOpaque, NO_SUCH_OVERLOAD, type CelValue } from '../evaluate/value.ts';
import {
  AddressError,
  formatAddress,
  isMappedIPv4,
  maskAddress,
  parseAddress,
  parsePrefix,
  prefixContains,
  type Address,
  type Prefix,
} from './ip-address.ts';
import { CIDR, IP } from './kubernetes-types.ts';

/**
 * IP addresses and ranges.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/cel/library/{ip,cidr}.go, {ip,cidr}.go (v1.36)
 */
type IpValue = CelOpaque<Address>;
type CidrValue = CelOpaque<Prefix>;

export const networkLibrary: Library = {
  ip: {
    overloads: {
      string_to_ip: ['(string) net.IP', ipOf],
      cidr_ip: ['net.CIDR.() net.IP', (cidr: CidrValue) => ipValue(cidr.content.address)],
    },
  },
  family: {
    overloads: { ip_family: ['net.IP.() int', (ip: IpValue) => (ip.content.bytes.length === 4 ? 4n : 6n)] },
  },
  'ip.isCanonical': { overloads: { ip_is_canonical: ['(string) bool', isCanonical] } },
  isIP: { overloads: { is_ip: ['(string) bool', (text: string) => !(ipOf(text) instanceof CelError)] } },
  isUnspecified: { overloads: { ip_is_unspecified: test(isUnspecified) } },
  isLoopback: { overloads: { ip_is_loopback: test(isLoopback) } },
  isLinkLocalMulticast: { overloads: { ip_is_link_local_multicast: test(isLinkLocalMulticast) } },
  isLinkLocalUnicast: { overloads: { ip_is_link_local_unicast: test(isLinkLocalUnicast) } },
  isGlobalUnicast: { overloads: { ip_is_global_unicast: test(isGlobalUnicast) } },
  cidr: { overloads: { string_to_cidr: ['(string) net.CIDR', cidrOf] } },
  isCIDR: { overloads: { is_cidr: ['(string) bool', (text: string) => !(cidrOf(text) instanceof CelError)] } },
  containsIP: {
    overloads: {
      cidr_contains_ip_string: [
        'net.CIDR.(string) bool',
        (cidr: CidrValue, text: string) => containsIp(cidr, ipOf(text)),
      ],
      cidr_contains_ip_ip: ['net.CIDR.(net.IP) bool', containsIp],
    },
  },
  containsCIDR: {
    overloads: {
      cidr_contains_cidr_string: [
        'net.CIDR.(string) bool',
        (cidr: CidrValue, text: string) => containsCidr(cidr, cidrOf(text)),
      ],
      cidr_contains_cidr: ['net.CIDR.(net.CIDR) bool', containsCidr],
    },
  },
  prefixLength: {
    overloads: { cidr_prefix_length: ['net.CIDR.() int', (cidr: CidrValue) => BigInt(cidr.content.bits)] },
  },
  masked: { overloads: { cidr_masked: ['net.CIDR.() net.CIDR', masked] } },
  string: {
    overloads: {
      ip_to_string: ['(net.IP) string', (ip: IpValue) => formatAddress(ip.content)],
      cidr_to_string: [
        '(net.CIDR) string',
        ({ content }: CidrValue) => `${formatAddress(content.address)}/${content.bits}`,
      ],
    },
  },
};

function test(holds: (bytes: Uint8Array) => boolean): readonly [string, (ip: IpValue) => boolean] {
  return ['net.IP.() bool', (ip) => holds(ip.content.bytes)];
}

function ipValue(address: Address): IpValue {
  return new CelOpaque(IP, address, sameAddress, address.bytes.length);
}

function cidrValue(prefix: Prefix): CidrValue {
  return new CelOpaque(CIDR, prefix, samePrefix, Math.ceil(prefix.bits / 8));
}

function sameAddress(a: Address, b: Address): boolean {
  return equalBytes(a.bytes, b.bytes);
}

function samePrefix(a: Prefix, b: Prefix): boolean {
  return a.bits === b.bits && sameAddress(a.address, b.address);
}

function ipOf(text: string): CelValue {
  const quoted = JSON.stringify(text);
  const address = attempt(() => parseAddress(text));
  if (address instanceof CelError) {
    return new CelError(`IP Address ${quoted} parse error during conversion from string: ${address.message}`);
  }
  if (address.zone !== '') return new CelError(`IP address ${quoted} with zone value is not allowed`);
  if (isMappedIPv4(address.bytes)) return new CelError(`IPv4-mapped IPv6 address ${quoted} is not allowed`);
  return ipValue(address);
}

/** The message says twice where it comes from, as upstream's does. */
function cidrOf(text: string): CelValue {
  const wrap = 'network address parse error during conversion from string: ';
  const prefix = attempt(() => parsePrefix(text));
  if (prefix instanceof CelError) return new CelError(wrap + wrap + prefix.message);
  if (isMappedIPv4(prefix.address.bytes)) {
    return new CelError(`${wrap}IPv4-mapped IPv6 address ${JSON.stringify(text)} is not allowed`);
  }
  return cidrValue(prefix);
}

function attempt<T>(parse: () => T): T | CelError {
  try {
    return parse();
  } catch (error) {
    if (error instanceof AddressError) return new CelError(error.message);
    throw error;
  }
}

function isCanonical(text: string): CelValue {
  const ip = ipOf(text);
  return ip instanceof CelError ? ip : formatAddress((ip as IpValue).content) === text;
}

/** Upstream does not say what is wrong with the text. */
function containsIp(cidr: CidrValue, ip: CelValue): CelValue {
  return ip instanceof CelError ? NO_SUCH_OVERLOAD : prefixContains(cidr.content, (ip as IpValue).content.bytes);
}

function containsCidr(cidr: CidrValue, other: CelValue): CelValue {
  if (other instanceof CelError) return other;
  const { content } = other as CidrValue;
  return cidr.content.bits <= content.bits && prefixContains(cidr.content, content.address.bytes);
}

function masked({ content }: CidrValue): CelValue {
  const bytes = maskAddress(content.address.bytes, content.bits);
  return cidrValue({ address: { bytes, zone: '' }, bits: content.bits });
}

function isUnspecified(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

function isLoopback(bytes: Uint8Array): boolean {
  if (bytes.length === 4) return bytes[0] === 127;
  return bytes.every((byte, index) => byte === (index === 15 ? 1 : 0));
}

function isLinkLocalMulticast(bytes: Uint8Array): boolean {
  if (bytes.length === 4) return bytes[0] === 224 && bytes[1] === 0 && bytes[2] === 0;
  return bytes[0] === 0xff && (bytes[1]! & 0x0f) === 2;
}

function isLinkLocalUnicast(bytes: Uint8Array): boolean {
  if (bytes.length === 4) return bytes[0] === 169 && bytes[1] === 254;
  return bytes[0] === 0xfe && (bytes[1]! & 0xc0) === 0x80;
}

function isGlobalUnicast(bytes: Uint8Array): boolean {
  const isBroadcast = bytes.length === 4 && bytes.every((byte) => byte === 255);
  const isMulticast = bytes.length === 4 ? (bytes[0]! & 0xf0) === 0xe0 : bytes[0] === 0xff;
  return !isBroadcast && !isMulticast && !isUnspecified(bytes) && !isLoopback(bytes) && !isLinkLocalUnicast(bytes);
}
