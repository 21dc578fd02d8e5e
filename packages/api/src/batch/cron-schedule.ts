/**
 * Schedules of cron jobs: five fields, or a descriptor such as `@daily` or `@every 1h30m`.
 *
 * Mirrors: github.com/robfig/cron/v3 ParseStandard and SpecSchedule.Next, which upstream uses (v1.36)
 */
import { zonedFields, zonedTime } from './time-zone.ts';

export interface CronSchedule {
  /**
   * The first time after `after`, both in milliseconds since the epoch; nothing within five years. The fields are read
   * in the schedule's own zone (`CRON_TZ=`), else in `timeZone`, else in UTC.
   */
  next(after: number, timeZone?: string): number | undefined;
}

/** A schedule that cannot be read. The message is upstream's. */
export class CronScheduleError extends Error {
  override readonly name = 'CronScheduleError';
}

interface Bounds {
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
}

const MINUTES: Bounds = { min: 0, max: 59 };
const HOURS: Bounds = { min: 0, max: 23 };
const DAYS: Bounds = { min: 1, max: 31 };
const MONTHS: Bounds = {
  min: 1,
  max: 12,
  names: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
};
const WEEKDAYS: Bounds = { min: 0, max: 6, names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] };
const DESCRIPTORS: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};
const YEARS_AHEAD_MAX = 5;
const DURATION_UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

interface Field {
  readonly values: ReadonlySet<number>;
  /** Written as `*` or `?`: a day of the month and a day of the week are then both required to match. */
  readonly star: boolean;
}

interface Fields {
  readonly minute: Field;
  readonly hour: Field;
  readonly day: Field;
  readonly month: Field;
  readonly weekday: Field;
}

/** Throws CronScheduleError. */
export function parseCronSchedule(text: string): CronSchedule {
  if (text === '') throw new CronScheduleError('empty spec string');
  let spec = text;
  let zone: string | undefined;
  const prefix = /^(?:CRON_)?TZ=/.exec(text)?.[0];
  if (prefix !== undefined) {
    const space = text.indexOf(' ');
    if (space < 0) {
      const bounds = `slice bounds out of range [:-1]`;
      throw new CronScheduleError(`invalid schedule format: runtime error: ${bounds}`);
    }
    zone = text.slice(prefix.length, space);
    if (zone !== '' && zonedFields(0, zone) === undefined) {
      throw new CronScheduleError(`provided bad location ${zone}: unknown time zone ${zone}`);
    }
    spec = text.slice(space).trim();
  }
  if (spec.startsWith('@every ')) return everySchedule(spec.slice('@every '.length), spec);
  if (spec.startsWith('@') && DESCRIPTORS[spec] === undefined) {
    throw new CronScheduleError(`unrecognized descriptor: ${spec}`);
  }
  const fields = parseFields(DESCRIPTORS[spec] ?? spec);
  return { next: (after, timeZone) => nextTime(fields, after, zone || timeZone || 'UTC') };
}

function parseFields(spec: string): Fields {
  const parts = spec.split(/\s+/).filter((part) => part !== '');
  if (parts.length !== 5) {
    throw new CronScheduleError(`expected exactly 5 fields, found ${parts.length}: [${parts.join(' ')}]`);
  }
  const [minute = '', hour = '', day = '', month = '', weekday = ''] = parts;
  return {
    minute: parseField(minute, MINUTES),
    hour: parseField(hour, HOURS),
    day: parseField(day, DAYS),
    month: parseField(month, MONTHS),
    weekday: parseField(weekday, WEEKDAYS),
  };
}

function parseField(text: string, bounds: Bounds): Field {
  const values = new Set<number>();
  let star = false;
  for (const expression of text.split(',').filter((part) => part !== '')) {
    if (parseRange(expression, bounds, values)) star = true;
  }
  return { values, star };
}

/** `*`, `5`, `1-5`, each with an optional `/step`. Adds to `values`; returns whether it was a plain star. */
function parseRange(expression: string, bounds: Bounds, values: Set<number>): boolean {
  const [range = '', stepText, ...more] = expression.split('/');
  const [low = '', high, ...rest] = range.split('-');
  let start = bounds.min;
  let end = bounds.max;
  let star = false;
  if (low === '*' || low === '?') star = true;
  else {
    start = parseValue(low, bounds);
    if (rest.length > 0) throw new CronScheduleError(`too many hyphens: ${expression}`);
    end = high === undefined ? start : parseValue(high, bounds);
  }
  let step = 1;
  if (more.length > 0) throw new CronScheduleError(`too many slashes: ${expression}`);
  if (stepText !== undefined) {
    step = parseNumber(stepText);
    if (high === undefined && !star) end = bounds.max;
    if (step > 1) star = false;
  }
  if (start < bounds.min) outOfRange(`beginning of range (${start}) below minimum (${bounds.min})`, expression);
  if (end > bounds.max) outOfRange(`end of range (${end}) above maximum (${bounds.max})`, expression);
  if (start > end) outOfRange(`beginning of range (${start}) beyond end of range (${end})`, expression);
  if (step === 0) outOfRange('step of range should be a positive number', expression);
  for (let value = start; value <= end; value += step) values.add(value);
  return star;
}

function outOfRange(problem: string, expression: string): never {
  throw new CronScheduleError(`${problem}: ${expression}`);
}

function parseValue(text: string, { names, min }: Bounds): number {
  const index = names?.indexOf(text.toLowerCase()) ?? -1;
  return index >= 0 ? index + min : parseNumber(text);
}

function parseNumber(text: string): number {
  if (!/^[+-]?\d+$/.test(text)) {
    const quoted = JSON.stringify(text);
    const reason = `strconv.Atoi: parsing ${quoted}: invalid syntax`;
    throw new CronScheduleError(`failed to parse int from ${text}: ${reason}`);
  }
  const value = Number(text);
  if (value < 0) throw new CronScheduleError(`negative number (${value}) not allowed: ${text}`);
  return value;
}

function everySchedule(text: string, spec: string): CronSchedule {
  const ms = parseDuration(text);
  if (ms === undefined) {
    const reason = `time: invalid duration ${JSON.stringify(text)}`;
    throw new CronScheduleError(`failed to parse duration ${spec}: ${reason}`);
  }
  const delay = Math.max(1000, Math.trunc(ms / 1000) * 1000);
  return { next: (after) => Math.floor(after / 1000) * 1000 + delay };
}

function parseDuration(text: string): number | undefined {
  if (!/^[+-]?(?:\d+(?:\.\d*)?(?:ns|us|µs|μs|ms|s|m|h)|\.\d+(?:ns|us|µs|μs|ms|s|m|h))+$/.test(text)) {
    return /^[+-]?0$/.test(text) ? 0 : undefined;
  }
  let ms = 0;
  for (const [, amount, unit] of text.matchAll(/(\d*\.?\d*)(ns|us|µs|μs|ms|s|m|h)/g)) {
    ms += Number(amount) * DURATION_UNITS[unit!]!;
  }
  return text.startsWith('-') ? -ms : ms;
}

/** Walks months, days, hours and minutes; whatever moves resets the smaller ones. */
function nextTime(fields: Fields, after: number, zone: string): number | undefined {
  const start = zonedFields(after, zone);
  if (!start) return undefined;
  for (let year = start.year; year <= start.year + YEARS_AHEAD_MAX; year++) {
    for (const month of sorted(fields.month)) {
      if (year === start.year && month < start.month) continue;
      for (let day = 1; day <= daysIn(year, month); day++) {
        if (year === start.year && month === start.month && day < start.day) continue;
        if (!dayMatches(fields, year, month, day)) continue;
        const found = firstOnDay(fields, { year, month, day }, after, zone);
        if (found !== undefined) return found;
      }
    }
  }
  return undefined;
}

function firstOnDay(
  fields: Fields,
  date: { readonly year: number; readonly month: number; readonly day: number },
  after: number,
  zone: string,
): number | undefined {
  for (const hour of sorted(fields.hour)) {
    for (const minute of sorted(fields.minute)) {
      const time = zonedTime({ ...date, hour, minute }, zone);
      if (time !== undefined && time > after) return time;
    }
  }
  return undefined;
}

const sorted = ({ values }: Field): number[] => [...values].toSorted((a, b) => a - b);

/** With a star in one of the two day fields both must match, otherwise either will do. */
function dayMatches({ day, weekday }: Fields, year: number, month: number, date: number): boolean {
  const inMonth = day.values.has(date);
  const inWeek = weekday.values.has(weekdayOf(year, month, date));
  return day.star || weekday.star ? inMonth && inWeek : inMonth || inWeek;
}

const daysIn = (year: number, month: number): number => {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
};

/** Zeller's congruence, counted from Sunday. */
function weekdayOf(year: number, month: number, day: number): number {
  const y = month < 3 ? year - 1 : year;
  const m = month < 3 ? month + 12 : month;
  const century = Math.floor(y / 100);
  const k = y % 100;
  const h = day + Math.floor((13 * (m + 1)) / 5) + k + Math.floor(k / 4) + Math.floor(century / 4) + 5 * century;
  return (h + 6) % 7;
}
