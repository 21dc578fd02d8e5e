import { NANOSECONDS, parseDuration, parseTimestamp } from '../evaluate/time-text.ts';
import { CelTimestamp } from '../evaluate/value.ts';

/**
 * What `format: duration` and `format: date-time` allow beyond Go's own forms.
 *
 * Mirrors: k8s.io/kube-openapi/pkg/validation/strfmt: ParseDuration, ParseDateTime
 */
const UNITS: readonly (readonly [nanoseconds: bigint, ...names: string[]])[] = [
  [1n, 'ns', 'nano'],
  [1_000n, 'us', 'µs', 'micro'],
  [1_000_000n, 'ms', 'milli'],
  [NANOSECONDS, 's', 'sec'],
  [60n * NANOSECONDS, 'm', 'min'],
  [3_600n * NANOSECONDS, 'h', 'hr', 'hour'],
  [86_400n * NANOSECONDS, 'd', 'day'],
  [604_800n * NANOSECONDS, 'w', 'wk', 'week'],
];

/** Nanoseconds of `1h30m` or `2 days`. */
export function parseFormattedDuration(text: string): bigint | undefined {
  const plain = parseDuration(text);
  if (plain !== undefined) return plain;
  let total: bigint | undefined;
  for (const [, digits, name] of text.matchAll(/(\d+)\s*([A-Za-zµ]+)/g)) {
    const unit = UNITS.find(([, ...names]) => isUnit(name!.toLowerCase(), names));
    if (unit) total = (total ?? 0n) + BigInt(digits!) * unit[0];
  }
  return total;
}

/** The long names may be followed by anything: `days`, `minutes`. */
function isUnit(name: string, names: readonly string[]): boolean {
  return names.includes(name) || name.startsWith(names.at(-1)!);
}

const DATE_TIME = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(:\d{2}(?:[.,]\d+)?)?(Z|[+-]\d{2}:?\d{2})?$/i;

/** Seconds and zone may be missing, as may be the colon of the zone. */
export function parseFormattedDateTime(text: string): CelTimestamp | undefined {
  if (text === '') return new CelTimestamp(0n);
  const match = DATE_TIME.exec(text);
  if (!match) return undefined;
  const [, date, time, seconds = ':00', zone = 'Z'] = match;
  const withColon = zone.toUpperCase().replace(/^([+-]\d{2})(\d{2})$/, '$1:$2');
  return parseTimestamp(`${date}T${time}${seconds}${withColon}`);
}
