import type { Library } from '../check/function-declaration.ts';
import { NANOSECONDS, dateOfSeconds, floorDivide, type DateParts } from '../evaluate/time-text.ts';
import { CelError, type CelDuration, type CelTimestamp, type CelValue } from '../evaluate/value.ts';

/**
 * Parts of timestamps, in UTC or a time zone, and of durations.
 *
 * Mirrors: github.com/google/cel-go/common/stdlib/standard.go, common/types/{timestamp,duration}.go
 */
export const timeLibrary: Library = {
  getFullYear: part('timestamp_to_year', (date) => date.year),
  getMonth: part('timestamp_to_month', (date) => date.month - 1),
  getDayOfYear: part('timestamp_to_day_of_year', (date) => date.yearDay),
  getDayOfMonth: part('timestamp_to_day_of_month', (date) => date.day - 1),
  getDate: part('timestamp_to_day_of_month_1_based', (date) => date.day),
  getDayOfWeek: part('timestamp_to_day_of_week', (date) => date.weekday),
  getHours: part('timestamp_to_hours', (date) => date.hour, ['duration_to_hours', 3_600n * NANOSECONDS]),
  getMinutes: part('timestamp_to_minutes', (date) => date.minute, ['duration_to_minutes', 60n * NANOSECONDS]),
  getSeconds: part('timestamp_to_seconds', (date) => date.second, ['duration_to_seconds', NANOSECONDS], '_tz'),
  getMilliseconds: part('timestamp_to_milliseconds', (_, nanoseconds) => Math.floor(Number(nanoseconds) / 1e6), [
    'duration_to_milliseconds',
    1_000_000n,
  ]),
};

type DatePart = (date: DateParts, nanoseconds: bigint) => number;

/** `unit`: how many nanoseconds a duration is divided by, where the function takes durations too. */
function part(
  id: string,
  of: DatePart,
  unit?: readonly [id: string, nanoseconds: bigint],
  zoneSuffix = '_with_tz',
): Library[string] {
  const inZone = (time: CelTimestamp, zone: string): CelValue => {
    const seconds = floorDivide(time.nanoseconds, NANOSECONDS);
    const offset = zoneOffset(zone, seconds);
    if (offset instanceof CelError) return offset;
    const rest = time.nanoseconds - seconds * NANOSECONDS;
    return BigInt(of(dateOfSeconds(seconds + BigInt(offset)), rest));
  };
  return {
    overloads: {
      [id]: ['timestamp.() int', (time: CelTimestamp) => inZone(time, 'UTC')],
      [`${id}${zoneSuffix}`]: ['timestamp.(string) int', inZone],
      ...(unit && { [unit[0]]: ['duration.() int', (value: CelDuration) => value.nanoseconds / unit[1]] as const }),
    },
  };
}

/** Seconds east of UTC at a time, of an IANA zone or an offset such as `-08:00`. */
function zoneOffset(zone: string, seconds: bigint): number | CelError {
  if (zone === '' || zone === 'UTC' || zone === 'Local') return 0;
  const colon = zone.indexOf(':');
  if (colon !== -1) return fixedOffset(zone.slice(0, colon), zone.slice(colon + 1), zone.startsWith('-'));
  if (zone.includes('..') || /^[/\\]/.test(zone)) return new CelError('time: invalid location name');
  const format = formatIn(zone);
  if (!format) return new CelError(`unknown time zone ${zone}`);
  const name = format.formatToParts(Number(seconds) * 1000).find(({ type }) => type === 'timeZoneName')!.value;
  const match = /^GMT(?:([+-])(\d+):(\d+)(?::(\d+))?)?$/.exec(name);
  const [, sign, hours = '0', minutes = '0', rest = '0'] = match!;
  const total = Number(hours) * 3600 + Number(minutes) * 60 + Number(rest);
  return sign === '-' ? -total : total;
}

function fixedOffset(hours: string, minutes: string, negative: boolean): number | CelError {
  for (const text of [hours, minutes]) {
    if (!/^[+-]?\d+$/.test(text)) return new CelError(`strconv.Atoi: parsing "${text}": invalid syntax`);
  }
  return (Number(hours) * 60 + (negative ? -Number(minutes) : Number(minutes))) * 60;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatIn(zone: string): Intl.DateTimeFormat | undefined {
  const known = formats.get(zone);
  if (known) return known;
  try {
    const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
    if (isMisspelt(zone, format.resolvedOptions().timeZone)) return undefined;
    formats.set(zone, format);
    return format;
  } catch {
    return undefined;
  }
}

/** Whether a name is a zone's in other letters: `Intl` takes any case, and bare offsets too; Go does not. */
function isMisspelt(zone: string, canonical: string): boolean {
  if (!/[A-Z]/.test(zone)) return true;
  return zone !== canonical && zone.toLowerCase() === canonical.toLowerCase();
}
