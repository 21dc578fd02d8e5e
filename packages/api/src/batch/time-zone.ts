/** Wall-clock time in the zones of the IANA database, through the copy that the runtime has. */

export interface WallTime {
  readonly year: number;
  /** From 1. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
}

const MINUTE_MS = 60_000;
const formats = new Map<string, Intl.DateTimeFormat | undefined>();

/** What clocks in the zone show at `ms` since the epoch; nothing if there is no such zone. */
export function zonedFields(ms: number, zone: string): WallTime | undefined {
  const format = formats.getOrInsertComputed(zone, formatOf);
  if (!format) return undefined;
  const parts = Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, Number(value)]));
  return {
    year: parts['year']!,
    month: parts['month']!,
    day: parts['day']!,
    hour: parts['hour']! % 24,
    minute: parts['minute']!,
  };
}

/** When clocks in the zone show this time: the first of two moments, nothing if they skip it. */
export function zonedTime(wall: WallTime, zone: string): number | undefined {
  const asUtc = utcOf(wall);
  for (const guess of [asUtc - offsetAt(asUtc - 86_400_000, zone), asUtc - offsetAt(asUtc + 86_400_000, zone)]) {
    const shown = zonedFields(guess, zone);
    if (shown && utcOf(shown) === asUtc) return guess;
  }
  return undefined;
}

function offsetAt(ms: number, zone: string): number {
  const shown = zonedFields(ms, zone);
  return shown ? utcOf(shown) - Math.floor(ms / MINUTE_MS) * MINUTE_MS : 0;
}

/** The same digits read as UTC. */
function utcOf({ year, month, day, hour, minute }: WallTime): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  const days = era * 146_097 + dayOfEra - 719_468;
  return ((days * 24 + hour) * 60 + minute) * MINUTE_MS;
}

function formatOf(zone: string): Intl.DateTimeFormat | undefined {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
    });
  } catch {
    return undefined;
  }
}
