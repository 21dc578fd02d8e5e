import { goQuote } from './go-text.ts';
import type { Duration } from './scalars.ts';

/**
 * Go durations, such as `1h30m0s`.
 *
 * Mirrors: Go's time.ParseDuration and time.Duration.String, which metav1.Duration uses (v1.36)
 */

/** A duration that cannot be parsed. The message is Go's. */
export class DurationError extends Error {
  override readonly name = 'DurationError';
}

const UNIT_NANOSECONDS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  '\u00b5s': 1_000n,
  '\u03bcs': 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};
const INT64_MAX = 2n ** 63n - 1n;
const SECOND = 1_000_000_000n;

/** In nanoseconds. Throws DurationError. */
export function parseDuration(text: string): bigint {
  const negative = text.startsWith('-');
  let rest = negative || text.startsWith('+') ? text.slice(1) : text;
  if (rest === '0') return 0n;
  if (rest === '') throw new DurationError(`time: invalid duration ${goQuote(text)}`);
  let total = 0n;
  while (rest !== '') {
    const [, whole = '', fraction = '', unit = ''] = /^([0-9]*)(?:\.([0-9]*))?([^0-9.]*)/.exec(rest)!;
    if (whole === '' && fraction === '') throw new DurationError(`time: invalid duration ${goQuote(text)}`);
    if (unit === '') throw new DurationError(`time: missing unit in duration ${goQuote(text)}`);
    const size = UNIT_NANOSECONDS[unit];
    if (size === undefined) {
      throw new DurationError(`time: unknown unit ${goQuote(unit)} in duration ${goQuote(text)}`);
    }
    total += BigInt(whole || '0') * size + (BigInt(fraction || '0') * size) / 10n ** BigInt(fraction.length);
    if (total > INT64_MAX) throw new DurationError(`time: invalid duration ${goQuote(text)}`);
    rest = rest.slice(/^[0-9.]*[^0-9.]*/.exec(rest)![0].length);
  }
  return negative ? -total : total;
}

/** In milliseconds, with a fraction if need be. Throws DurationError. */
export const durationToMs = (text: Duration): number => Number(parseDuration(text)) / 1e6;

export const canonicalDuration = (text: string): Duration => formatDuration(parseDuration(text));

/** Nanoseconds in Go's form: `0s`, `1.5ms`, `2m0.25s`, `1h0m0s`. */
export function formatDuration(nanoseconds: bigint): Duration {
  if (nanoseconds < 0n) return `-${formatDuration(-nanoseconds)}`;
  if (nanoseconds === 0n) return '0s';
  if (nanoseconds < SECOND) {
    const unit = nanoseconds < 1_000n ? 'ns' : nanoseconds < 1_000_000n ? '\u00b5s' : 'ms';
    return `${decimal(nanoseconds, UNIT_NANOSECONDS[unit]!)}${unit}`;
  }
  const minutes = nanoseconds / UNIT_NANOSECONDS['m']!;
  const seconds = `${decimal(nanoseconds % UNIT_NANOSECONDS['m']!, SECOND)}s`;
  if (minutes === 0n) return seconds;
  return minutes < 60n ? `${minutes}m${seconds}` : `${minutes / 60n}h${minutes % 60n}m${seconds}`;
}

/** `value / unit` with as many decimals as it needs. */
function decimal(value: bigint, unit: bigint): string {
  const digits = String(unit).length - 1;
  const fraction = String(value % unit)
    .padStart(digits, '0')
    .replace(/0+$/, '');
  return fraction === '' || unit === 1n ? String(value / unit) : `${value / unit}.${fraction}`;
}
