import type { Quantity } from './scalars.ts';

/**
 * Resource amounts: exact decimals with a unit suffix.
 *
 * Mirrors: staging/src/k8s.io/apimachinery/pkg/api/resource (v1.36)
 * Differs: decimal exponents beyond EXPONENT_MAX are refused instead of being computed with; amounts above 999E without
 * a suffix are printed with an exponent, where upstream drops the magnitude.
 */
export interface QuantityValue {
  /** The amount is `unscaled * 10 ** scale`. */
  readonly unscaled: bigint;
  /** At least -9: nothing is finer than a nano. */
  readonly scale: number;
  readonly format: QuantityFormat;
  /** The text it was parsed from, where upstream prints that instead of the canonical form. */
  readonly text?: string;
}

export type QuantityFormat = 'decimalSI' | 'binarySI' | 'decimalExponent';

/** A quantity that cannot be parsed. The message is upstream's. */
export class QuantityError extends Error {
  override readonly name = 'QuantityError';
}

export const QUANTITY_FORMAT_MESSAGE =
  "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

const SHAPE = /^([+-]?)([0-9]*)(?:(\.)([0-9]*))?([eEinumkKMGTP]*[-+]?[0-9]*)$/;
const NANO = -9;
const EXPONENT_MAX = 1000;
const INT64_MAX = 2n ** 63n - 1n;
const INT64_DIGITS = 18;

const DECIMAL_EXPONENTS: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  '': 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};
const DECIMAL_SUFFIXES = new Map(Object.entries(DECIMAL_EXPONENTS).map(([suffix, exponent]) => [exponent, suffix]));
const BINARY_SUFFIXES = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];

export const ZERO_QUANTITY: QuantityValue = { unscaled: 0n, scale: 0, format: 'decimalSI' };

/** The same few amounts are read again and again, by everybody who looks at a pod. Beyond that many it begins anew. */
const PARSED_MAX = 1024;
const PARSED_LENGTH_MAX = 32;
const parsed = new Map<Quantity, QuantityValue>();

/** Throws QuantityError. */
export function parseQuantity(text: Quantity): QuantityValue {
  const known = parsed.get(text);
  if (known) return known;
  const value = parseAnew(text);
  if (parsed.size >= PARSED_MAX) parsed.clear();
  if (text.length <= PARSED_LENGTH_MAX) parsed.set(text, value);
  return value;
}

function parseAnew(text: Quantity): QuantityValue {
  const parts = SHAPE.exec(text);
  if (text === '' || !parts) throw new QuantityError(QUANTITY_FORMAT_MESSAGE);
  const [, sign, digits = '', , fraction = '', suffix = ''] = parts;
  const whole = digits.replace(/^0+/, '') || '0';
  const { base, exponent, format } = parseSuffix(suffix);
  const magnitude = BigInt(whole + fraction);
  const unscaled = sign === '-' ? -magnitude : magnitude;
  if (isExactInt64(whole, fraction, base, exponent)) {
    const scale = base === 2 ? 0 : exponent - fraction.length;
    const value = base === 2 ? unscaled << BigInt(exponent) : unscaled;
    if (BigInt.asIntN(64, value) === value) {
      return { unscaled: value, scale, format, ...keptText(text, whole + fraction, magnitude, scale, format) };
    }
  }
  if (base === 10) return roundedToNano({ unscaled, scale: exponent - fraction.length, format });
  return limitedBinary(roundedToNano({ unscaled: unscaled << BigInt(exponent), scale: -fraction.length, format }));
}

/** The text as an API server prints it: `1024Mi` becomes `1Gi`, `0.5` becomes `500m`. Throws QuantityError. */
export function canonicalQuantity(text: Quantity): Quantity {
  if (isPlainAmount(text)) return text;
  return formatQuantity(parseQuantity(text));
}

export function formatQuantity(quantity: QuantityValue): Quantity {
  if (quantity.text !== undefined) return quantity.text;
  const { unscaled, scale, format } = quantity;
  if (unscaled === 0n) return '0';
  if (format === 'binarySI') {
    const whole = scaledExactly(unscaled, scale, 0);
    if (whole !== undefined && (whole >= 1024n || whole <= -1024n)) return binaryText(whole);
  }
  return decimalText(unscaled, scale, format);
}

/** A whole number of units. */
export function quantityOf(value: number | bigint, format: QuantityFormat = 'decimalSI'): QuantityValue {
  return { unscaled: BigInt(value), scale: 0, format };
}

/** A whole number of thousandths, such as millicores. */
export function milliQuantityOf(value: number | bigint, format: QuantityFormat = 'decimalSI'): QuantityValue {
  return { unscaled: BigInt(value), scale: -3, format };
}

type QuantityLike = QuantityValue | Quantity;

/** Negative, zero or positive, as for a sort. Throws QuantityError if a text is no quantity. */
export function quantityCompare(a: QuantityLike, b: QuantityLike): number {
  const [left, right] = aligned(valueOf(a), valueOf(b));
  return left < right ? -1 : left > right ? 1 : 0;
}

/** The sum in the first one's format, or in the second's if the first is zero. */
export function quantityAdd(a: QuantityLike, b: QuantityLike): QuantityValue {
  return combine(valueOf(a), valueOf(b), (left, right) => left + right);
}

export function quantitySub(a: QuantityLike, b: QuantityLike): QuantityValue {
  return combine(valueOf(a), valueOf(b), (left, right) => left - right);
}

/** The product with a whole number. */
export function quantityMultiply(a: QuantityLike, factor: number | bigint): QuantityValue {
  const { unscaled, scale, format } = valueOf(a);
  return { unscaled: unscaled * BigInt(factor), scale, format };
}

/** Whole units, a fraction rounded away from zero. Exact up to 2 ** 53. */
export const quantityToNumber = (quantity: QuantityLike): number => Number(quantityScaled(quantity, 0));

/** Thousandths, a fraction of one rounded away from zero. Exact up to 2 ** 53. */
export const quantityToMilli = (quantity: QuantityLike): number => Number(quantityScaled(quantity, -3));

/** In units of `10 ** scale`, a fraction rounded away from zero. */
export function quantityScaled(quantity: QuantityLike, scale: number): bigint {
  const value = valueOf(quantity);
  return rescaled(value.unscaled, value.scale, scale);
}

/**
 * What Go has of it in 64 bits, which some rules ask for. What has no room there is nothing in a short decimal form, and
 * else what is left of it in 64 bits.
 */
export function quantityInt64(quantity: QuantityLike, scale: number): bigint {
  const { unscaled, format } = valueOf(quantity);
  const whole = quantityScaled(quantity, scale);
  const rest = BigInt.asIntN(64, whole);
  const short = format !== 'binarySI' && unscaled > -SHORT && unscaled < SHORT;
  return rest !== whole && short ? 0n : rest;
}

const SHORT = 10n ** 18n;

/** The nearest floating-point number. */
export function quantityToFloat(quantity: QuantityLike): number {
  const { unscaled, scale } = valueOf(quantity);
  return Number(`${unscaled}e${scale}`);
}

export function isZeroQuantity(quantity: QuantityLike): boolean {
  return valueOf(quantity).unscaled === 0n;
}

function valueOf(quantity: QuantityLike): QuantityValue {
  return typeof quantity === 'string' ? parseQuantity(quantity) : quantity;
}

function parseSuffix(suffix: string): { base: 2 | 10; exponent: number; format: QuantityFormat } {
  if (Object.hasOwn(DECIMAL_EXPONENTS, suffix)) {
    return { base: 10, exponent: DECIMAL_EXPONENTS[suffix]!, format: 'decimalSI' };
  }
  const binary = BINARY_SUFFIXES.indexOf(suffix);
  if (binary > 0) return { base: 2, exponent: binary * 10, format: 'binarySI' };
  const exponent = /^[eE]([-+]?[0-9]+)$/.exec(suffix);
  if (!exponent || Math.abs(Number(exponent[1])) > EXPONENT_MAX) {
    throw new QuantityError("unable to parse quantity's suffix");
  }
  return { base: 10, exponent: Number(exponent[1]), format: 'decimalExponent' };
}

/** Whether upstream would hold the amount in 64 bits; only then does it keep the text that was parsed. */
function isExactInt64(whole: string, fraction: string, base: 2 | 10, exponent: number): boolean {
  if (base === 10) {
    return whole.length + fraction.length <= INT64_DIGITS && exponent - fraction.length >= NANO;
  }
  return fraction === '' && 15 - whole.length - Math.trunc((exponent * 3) / 10) - 1 >= 0;
}

/** Upstream prints the original text where a look at its digits shows that it must be canonical, or nearly so. */
function keptText(
  text: string,
  digits: string,
  magnitude: bigint,
  scale: number,
  format: QuantityFormat,
): { text?: string } {
  const keeps =
    text === '0' ||
    (format === 'binarySI'
      ? (magnitude & 7n) !== 0n
      : scale % 3 === 0 && !digits.endsWith('000') && !digits.startsWith('0'));
  return keeps ? { text } : {};
}

/** A cheap test for the most frequent texts, which are canonical as they stand. */
function isPlainAmount(text: string): boolean {
  return text.length <= 12 && /^(?:0|[1-9][0-9]*[mkMGT]?)$/.test(text) && !/000[mkMGT]?$/.test(text);
}

function roundedToNano(value: QuantityValue): QuantityValue {
  if (value.scale >= NANO) return value;
  return { ...value, unscaled: rescaled(value.unscaled, value.scale, NANO), scale: NANO };
}

/** Binary amounts stop at the largest int64, and below one unit they are printed as decimal ones. */
function limitedBinary(value: QuantityValue): QuantityValue {
  const one = 10n ** BigInt(-value.scale);
  const magnitude = value.unscaled < 0n ? -value.unscaled : value.unscaled;
  if (magnitude > INT64_MAX * one)
    return { ...value, unscaled: value.unscaled < 0n ? -INT64_MAX : INT64_MAX, scale: 0 };
  return magnitude < one && magnitude > 0n ? { ...value, format: 'decimalSI' } : value;
}

/** The amount in units of `10 ** to`, a fraction rounded away from zero. */
function rescaled(unscaled: bigint, from: number, to: number): bigint {
  if (from >= to) return unscaled * 10n ** BigInt(from - to);
  const divisor = 10n ** BigInt(to - from);
  const quotient = unscaled / divisor;
  if (quotient * divisor === unscaled) return quotient;
  return unscaled > 0n ? quotient + 1n : quotient - 1n;
}

function scaledExactly(unscaled: bigint, from: number, to: number): bigint | undefined {
  const result = rescaled(unscaled, from, to);
  return from >= to || result * 10n ** BigInt(to - from) === unscaled ? result : undefined;
}

function aligned(a: QuantityValue, b: QuantityValue): [bigint, bigint, number] {
  const scale = Math.min(a.scale, b.scale);
  return [rescaled(a.unscaled, a.scale, scale), rescaled(b.unscaled, b.scale, scale), scale];
}

function combine(a: QuantityValue, b: QuantityValue, operation: (a: bigint, b: bigint) => bigint): QuantityValue {
  const [left, right, scale] = aligned(a, b);
  return { unscaled: operation(left, right), scale, format: a.unscaled === 0n ? b.format : a.format };
}

function binaryText(whole: bigint): string {
  let amount = whole;
  let power = 0;
  while (amount % 1024n === 0n && power < BINARY_SUFFIXES.length - 1) {
    amount /= 1024n;
    power++;
  }
  return `${amount}${BINARY_SUFFIXES[power]}`;
}

/** Without trailing zeros, with an exponent that is a multiple of three. */
function decimalText(unscaled: bigint, scale: number, format: QuantityFormat): string {
  let amount = unscaled;
  let exponent = scale;
  while (amount % 10n === 0n) {
    amount /= 10n;
    exponent++;
  }
  while (exponent % 3 !== 0) {
    amount *= 10n;
    exponent--;
  }
  const suffix = format === 'decimalExponent' ? undefined : DECIMAL_SUFFIXES.get(exponent);
  return `${amount}${suffix ?? (exponent === 0 ? '' : `e${exponent}`)}`;
}
