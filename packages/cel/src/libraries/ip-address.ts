/**
 * Text to addresses and back.
 *
 * Mirrors: Go's net/netip: ParseAddr, ParsePrefix and their messages
 */
export interface Address {
  /** 4 bytes or 16. */
  readonly bytes: Uint8Array;
  readonly zone: string;
}

export interface Prefix {
  readonly address: Address;
  readonly bits: number;
}

/** Thrown by the functions of this file. */
export class AddressError extends Error {}

export function parseAddress(text: string): Address {
  const first = /[.:%]/.exec(text)?.[0];
  if (first === '.') return { bytes: Uint8Array.from(parseIPv4(text, text)), zone: '' };
  if (first === ':') return parseIPv6(text);
  throw failure(text, first === '%' ? 'missing IPv6 address' : 'unable to parse IP');
}

export function parsePrefix(text: string): Prefix {
  const fail = (message: string) => new AddressError(`netip.ParsePrefix(${JSON.stringify(text)}): ${message}`);
  const slash = text.lastIndexOf('/');
  if (slash === -1) throw fail("no '/'");
  const address = addressOf(text.slice(0, slash), fail);
  if (address.zone !== '') throw fail('IPv6 zones cannot be present in a prefix');
  const bitsText = text.slice(slash + 1);
  if (!/^(?:[0-9]|[1-9][0-9]+)$/.test(bitsText)) throw fail(`bad bits after slash: ${JSON.stringify(bitsText)}`);
  const bits = Number(bitsText);
  if (bits > address.bytes.length * 8) throw fail('prefix length out of range');
  return { address, bits };
}

function addressOf(text: string, fail: (message: string) => AddressError): Address {
  try {
    return parseAddress(text);
  } catch (error) {
    throw fail((error as AddressError).message);
  }
}

/** The fields of `part`, which is all of `text` or the end of an IPv6 address. */
function parseIPv4(text: string, part: string): number[] {
  const fields: number[] = [];
  let value = 0;
  let digits = 0;
  for (let index = 0; index < part.length; index++) {
    const character = part[index]!;
    if (character >= '0' && character <= '9') {
      if (digits === 1 && value === 0) throw failure(text, 'IPv4 field has octet with leading zero');
      value = value * 10 + Number(character);
      digits++;
      if (value > 255) throw failure(text, 'IPv4 field has value >255');
    } else if (character === '.') {
      if (index === 0 || index === part.length - 1 || part[index - 1] === '.') {
        throw failure(text, 'IPv4 field must have at least one digit', part.slice(index));
      }
      if (fields.length === 3) throw failure(text, 'IPv4 address too long');
      fields.push(value);
      value = 0;
      digits = 0;
    } else {
      throw failure(text, 'unexpected character', part.slice(index));
    }
  }
  if (fields.length < 3) throw failure(text, 'IPv4 address too short');
  return [...fields, value];
}

function parseIPv6(text: string): Address {
  const percent = text.indexOf('%');
  const zone = percent === -1 ? '' : text.slice(percent + 1);
  if (percent !== -1 && zone === '') throw failure(text, 'zone must be a non-empty string');
  let rest = percent === -1 ? text : text.slice(0, percent);
  const bytes: number[] = [];
  let ellipsis = -1;
  if (rest.startsWith('::')) {
    ellipsis = 0;
    rest = rest.slice(2);
  }
  while (bytes.length < 16 && rest !== '') {
    const [digits] = /^[0-9a-fA-F]*/.exec(rest)!;
    if (digits.length > 4) throw failure(text, 'each group must have 4 or less digits', rest);
    if (digits === '') throw failure(text, 'each colon-separated field must have at least one digit', rest);
    if (rest[digits.length] === '.') {
      bytes.push(...embeddedIPv4(text, rest, bytes.length, ellipsis));
      rest = '';
      break;
    }
    const field = Number.parseInt(digits, 16);
    bytes.push(field >> 8, field & 0xff);
    rest = rest.slice(digits.length);
    if (rest === '') break;
    if (!rest.startsWith(':')) throw failure(text, 'unexpected character, want colon', rest);
    if (rest === ':') throw failure(text, 'colon must be followed by more characters', rest);
    rest = rest.slice(1);
    if (rest.startsWith(':')) {
      if (ellipsis >= 0) throw failure(text, 'multiple :: in address', rest);
      ellipsis = bytes.length;
      rest = rest.slice(1);
    }
  }
  if (rest !== '') throw failure(text, 'trailing garbage after address', rest);
  return { bytes: expanded(text, bytes, ellipsis), zone };
}

function embeddedIPv4(text: string, rest: string, index: number, ellipsis: number): number[] {
  if (ellipsis < 0 && index !== 12) {
    throw failure(text, 'embedded IPv4 address must replace the final 2 fields of the address', rest);
  }
  if (index + 4 > 16) {
    throw failure(text, 'too many hex fields to fit an embedded IPv4 at the end of the address', rest);
  }
  return parseIPv4(text, rest);
}

function expanded(text: string, bytes: readonly number[], ellipsis: number): Uint8Array {
  if (bytes.length === 16) {
    if (ellipsis >= 0) throw failure(text, 'the :: must expand to at least one field of zeros');
    return Uint8Array.from(bytes);
  }
  if (ellipsis < 0) throw failure(text, 'address string too short');
  const zeros = Array.from({ length: 16 - bytes.length }, () => 0);
  return Uint8Array.from([...bytes.slice(0, ellipsis), ...zeros, ...bytes.slice(ellipsis)]);
}

function failure(text: string, message: string, at = ''): AddressError {
  const place = at === '' ? '' : ` (at ${JSON.stringify(at)})`;
  return new AddressError(`ParseAddr(${JSON.stringify(text)}): ${message}${place}`);
}

/** IPv6 in its canonical form: lower case, the longest run of zeros as `::`. */
export function formatAddress({ bytes }: Address): string {
  if (bytes.length === 4) return bytes.join('.');
  if (isMappedIPv4(bytes)) return `::ffff:${bytes.slice(12).join('.')}`;
  const fields = Array.from({ length: 8 }, (_, index) => (bytes[index * 2]! << 8) | bytes[index * 2 + 1]!);
  const { start, length } = longestZeros(fields);
  const text = (part: readonly number[]) => part.map((field) => field.toString(16)).join(':');
  return length < 2 ? text(fields) : `${text(fields.slice(0, start))}::${text(fields.slice(start + length))}`;
}

function longestZeros(fields: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  for (let start = 0; start < fields.length; start++) {
    let length = 0;
    while (fields[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
  }
  return best;
}

export function isMappedIPv4(bytes: Uint8Array): boolean {
  return (
    bytes.length === 16 && bytes.subarray(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff
  );
}

/** The address with everything after the first `bits` bits zero. */
export function maskAddress(bytes: Uint8Array, bits: number): Uint8Array {
  return bytes.map((byte, index) => byte & mask(bits - index * 8));
}

export function prefixContains(prefix: Prefix, bytes: Uint8Array): boolean {
  if (bytes.length !== prefix.address.bytes.length) return false;
  return bytes.every((byte, index) => ((byte ^ prefix.address.bytes[index]!) & mask(prefix.bits - index * 8)) === 0);
}

/** A byte whose first `bits` bits are set. */
function mask(bits: number): number {
  if (bits >= 8) return 0xff;
  return bits <= 0 ? 0 : (0xff << (8 - bits)) & 0xff;
}
