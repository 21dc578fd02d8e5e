import type { MicroTime, Time } from './scalars.ts';

/**
 * RFC 3339 times as API objects carry them.
 *
 * Mirrors: staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/{time,micro_time}.go and Go's time.Parse (v1.36)
 */

/** A time that cannot be parsed. The message is Go's. */
export class TimeError extends Error {
  override readonly name = 'TimeError';
}

/** Year one: Go's zero time, which the API prints as `null`. */
export const ZERO_TIME = '0001-01-01T00:00:00Z';

interface ParsedTime {
  /** Seconds since 1970, UTC. */
  readonly seconds: number;
  /** Digits after the decimal point, possibly none. */
  readonly fraction: string;
  /** The text is in UTC already. */
  readonly utc: boolean;
}

/** Milliseconds since 1970; finer digits are cut off. Understands Time and MicroTime. Throws TimeError. */
export function parseTime(text: string): number {
  const { seconds, fraction } = parse(text, TIME_LAYOUT);
  return seconds * 1000 + (fraction === '' ? 0 : Number(fraction.padEnd(3, '0').slice(0, 3)));
}

/** UTC with whole seconds. Throws TimeError. */
export function canonicalTime(text: string): Time {
  const { seconds, utc } = parse(text, TIME_LAYOUT);
  return utc ? `${text.slice(0, 19)}Z` : formatSeconds(seconds);
}

/** UTC with microseconds; exactly six digits are accepted. Throws TimeError. */
export function canonicalMicroTime(text: string): MicroTime {
  const { seconds, fraction, utc } = parse(text, MICRO_LAYOUT);
  return utc ? text : `${formatSeconds(seconds).slice(0, -1)}.${fraction}Z`;
}

/** `seconds` since 1970 as RFC 3339 in UTC. */
export function formatSeconds(seconds: number): Time {
  const days = Math.floor(seconds / DAY_SECONDS);
  const rest = seconds - days * DAY_SECONDS;
  const { year, month, day } = civilDate(days);
  const clock = [Math.floor(rest / 3600), Math.floor(rest / 60) % 60, rest % 60].map(twoDigits).join(':');
  return `${String(year).padStart(4, '0')}-${twoDigits(month)}-${twoDigits(day)}T${clock}Z`;
}

const DAY_SECONDS = 86_400;
const TIME_LAYOUT = '2006-01-02T15:04:05Z07:00';
const MICRO_LAYOUT = '2006-01-02T15:04:05.000000Z07:00';
const SHAPE =
  /^([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:[.,]([0-9]+))?(?:Z|([+-])([0-9]{2}):([0-9]{2}))$/;

/** The elements of both layouts with what must match them, for saying where a text goes wrong. */
const ELEMENTS: readonly (readonly [layout: string, pattern: RegExp, range?: readonly [string, number, number]])[] = [
  ['2006', /^[0-9]{4}/],
  ['-', /^-/],
  ['01', /^[0-9]{2}/, ['month', 1, 12]],
  ['-', /^-/],
  ['02', /^[0-9]{2}/, ['day', 1, 31]],
  ['T', /^T/],
  ['15', /^[0-9]{1,2}/, ['hour', 0, 23]],
  [':', /^:/],
  ['04', /^[0-9]{2}/, ['minute', 0, 59]],
  [':', /^:/],
  ['05', /^[0-9]{2}/, ['second', 0, 59]],
];

function parse(text: string, layout: string): ParsedTime {
  const parts = SHAPE.exec(text);
  if (!parts) throw new TimeError(complaint(text, layout));
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.slice(1, 7).map(Number);
  const fraction = parts[7] ?? '';
  const offsetHours = Number(parts[9] ?? 0);
  const offsetMinutes = Number(parts[10] ?? 0);
  const fits =
    month >= 1 &&
    month <= 12 &&
    day >= 1 &&
    day <= daysIn(year, month) &&
    hour < 24 &&
    minute < 60 &&
    second < 60 &&
    offsetHours <= 24 &&
    offsetMinutes < 60 &&
    (layout === TIME_LAYOUT || fraction.length === 6);
  if (!fits) throw new TimeError(complaint(text, layout));
  const offset = (parts[8] === '-' ? -1 : 1) * (offsetHours * 3600 + offsetMinutes * 60);
  const seconds = dayNumber(year, month, day) * DAY_SECONDS + hour * 3600 + minute * 60 + second - offset;
  return { seconds, fraction, utc: parts[8] === undefined };
}

/** Go's words for the first element that does not fit. */
function complaint(text: string, layout: string): string {
  const prefix = `parsing time ${JSON.stringify(text)}`;
  const cannot = (rest: string, element: string): string =>
    `${prefix} as ${JSON.stringify(layout)}: cannot parse ${JSON.stringify(rest)} as ${JSON.stringify(element)}`;
  let rest = text;
  for (const [element, pattern, range] of ELEMENTS) {
    const match = pattern.exec(rest);
    if (!match) return cannot(rest, element);
    if (range && (Number(match[0]) < range[1] || Number(match[0]) > range[2]))
      return `${prefix}: ${range[0]} out of range`;
    rest = rest.slice(match[0].length);
  }
  const fraction = layout === MICRO_LAYOUT ? /^[.,][0-9]{6}/.exec(rest) : /^(?:[.,][0-9]+)?/.exec(rest);
  if (!fraction) return cannot(rest, '.000000');
  rest = rest.slice(fraction[0].length);
  const zone = /^(?:Z|[+-][0-9]{2}:[0-9]{2})/.exec(rest);
  if (!zone) return cannot(rest, 'Z07:00');
  const extra = rest.slice(zone[0].length);
  if (extra !== '') return `${prefix}: extra text: ${JSON.stringify(extra)}`;
  return `${prefix}: ${zone[0] !== 'Z' && !/^.(?:[01][0-9]|2[0-4]):[0-5]/.test(zone[0]) ? 'time zone offset ' : ''}${
    /^.{8}(?:29|30|31)/.test(text) ? 'day ' : ''
  }out of range`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

const ERA_DAYS = 146_097;
/** Days from 0000-03-01, where years of this arithmetic begin, to 1970-01-01. */
const EPOCH_DAYS = 719_468;

/** Days from 1970-01-01 in the Gregorian calendar. Years are counted from March, so that leap days come last. */
function dayNumber(year: number, month: number, day: number): number {
  const marchYear = month <= 2 ? year - 1 : year;
  const era = Math.floor(marchYear / 400);
  const yearOfEra = marchYear - era * 400;
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  return (
    era * ERA_DAYS + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - EPOCH_DAYS
  );
}

function civilDate(days: number): { year: number; month: number; day: number } {
  const shifted = days + EPOCH_DAYS;
  const era = Math.floor(shifted / ERA_DAYS);
  const dayOfEra = shifted - era * ERA_DAYS;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1,
  };
}
