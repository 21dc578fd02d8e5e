/**
 * How a Quantity looks inside of upstream's Go programs after it was read: hashes of pod templates are computed over it.
 *
 * Mirrors: staging/src/k8s.io/apimachinery/pkg/api/resource/quantity.go, ParseQuantity (v1.36)
 */
export function printGoQuantity(text: string): string {
  if (text === '0') return printed({ format: 'DecimalSI', text });
  const [, sign = '', digits = '', fraction = '', suffix = ''] = QUANTITY.exec(text) ?? [];
  const { format, base, exponent } = interpretSuffix(suffix);
  const whole = digits.replace(/^0+/, '') || '0';
  const small = smallAmount(whole, fraction, format, exponent);
  if (!small) {
    const decimal = nanoDecimal(sign, whole, fraction, base, exponent);
    // Binary amounts end at what fits into an int64.
    if (format === 'BinarySI' && decimal > INT64_MAX * 10n ** BigInt(NANO)) {
      return printed({ format, decimal: INT64_MAX, decimalScale: 0 });
    }
    return printed({ format, decimal, decimalScale: NANO });
  }
  const canonical =
    format === 'BinarySI'
      ? exponent % 10 === 0 && (BigInt(whole) & 7n) !== 0n
      : small.scale % 3 === 0 && !`${whole}${fraction}`.endsWith('000') && !`${whole}${fraction}`.startsWith('0');
  const value = sign === '-' ? -small.value : small.value;
  return printed({ format, value, scale: small.scale, text: canonical ? text : '' });
}

type Format = 'DecimalSI' | 'BinarySI' | 'DecimalExponent';

const QUANTITY = /^([+-]?)(\d*)\.?(\d*)(.*)$/;
const DECIMAL_SUFFIXES: Readonly<Record<string, number>> = {
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
const BINARY_SUFFIXES: Readonly<Record<string, number>> = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 };
/** Digits that fit into an int64 whatever they are. */
const INT64_DIGITS = 18;
const BINARY_DIGITS = 15;
const INT64_MAX = 2n ** 63n - 1n;
const NANO = 9;

function interpretSuffix(suffix: string): { format: Format; base: 2 | 10; exponent: number } {
  const binary = BINARY_SUFFIXES[suffix];
  if (binary !== undefined) return { format: 'BinarySI', base: 2, exponent: binary };
  const decimal = DECIMAL_SUFFIXES[suffix];
  if (decimal !== undefined) return { format: 'DecimalSI', base: 10, exponent: decimal };
  return { format: 'DecimalExponent', base: 10, exponent: Number(suffix.slice(1)) };
}

/** The amount as a scaled int64, where there is room for it without rounding. */
function smallAmount(
  whole: string,
  fraction: string,
  format: Format,
  exponent: number,
): { value: bigint; scale: number } | undefined {
  if (format === 'BinarySI') {
    if (fraction) return undefined;
    const room = BINARY_DIGITS - whole.length - Math.trunc((exponent * 3) / 10) - 1;
    const value = BigInt(whole) << BigInt(exponent);
    return room >= 0 && value <= INT64_MAX ? { value, scale: 0 } : undefined;
  }
  const scale = exponent - fraction.length;
  if (INT64_DIGITS - whole.length - fraction.length < 0 || scale < -NANO) return undefined;
  return { value: BigInt(whole + fraction), scale };
}

/** Any other amount, as a count of billionths rounded up. */
function nanoDecimal(sign: string, whole: string, fraction: string, base: 2 | 10, exponent: number): bigint {
  const unscaled = BigInt(whole + fraction) * (base === 2 ? 2n ** BigInt(exponent) : 1n);
  const shift = NANO - fraction.length + (base === 10 ? exponent : 0);
  const amount =
    shift >= 0 ? unscaled * 10n ** BigInt(shift) : (unscaled + 10n ** BigInt(-shift) - 1n) / 10n ** BigInt(-shift);
  return sign === '-' ? -amount : amount;
}

interface Parts {
  readonly format: Format;
  readonly value?: bigint;
  readonly scale?: number;
  readonly decimal?: bigint;
  readonly decimalScale?: number;
  readonly text?: string;
}

function printed({ format, value = 0n, scale = 0, decimal, decimalScale = 0, text = '' }: Parts): string {
  const amount = `{value:(int64)${value} scale:(resource.Scale)${scale}}`;
  const big = decimal === undefined ? '<nil>' : printDecimal(decimal, decimalScale);
  return `{i:(resource.int64Amount)${amount} d:(resource.infDecAmount){Dec:(*inf.Dec)${big}} s:(string)${text} Format:(resource.Format)${format}}`;
}

function printDecimal(decimal: bigint, scale: number): string {
  const words: bigint[] = [];
  for (let rest = decimal < 0n ? -decimal : decimal; rest > 0n; rest >>= 64n) words.push(rest & (2n ** 64n - 1n));
  const absolute = words.length > 0 ? `[${words.join(' ')}]` : '<nil>';
  return `{unscaled:(big.Int){neg:(bool)${decimal < 0n} abs:(big.nat)${absolute}} scale:(inf.Scale)${scale}}`;
}
