/** Scheduled times as texts. */
import { zonedFields } from '@kts/api';
import { parseTime } from '@kts/apimachinery';
import { formatTime } from '@kts/base';

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
/** 1 January 1970. */
const THURSDAY = 4;

/** As mails have it, in UTC: `Thu, 01 Jan 2026 12:00:00 +0000`. */
export function mailTime(ms: number): string {
  const text = formatTime(ms);
  const weekday = WEEKDAYS[(Math.floor(ms / DAY_MS) + THURSDAY) % 7];
  const month = MONTHS[Number(text.slice(5, 7)) - 1];
  return `${weekday}, ${text.slice(8, 10)} ${month} ${text.slice(0, 4)} ${text.slice(11, 19)} +0000`;
}

/** RFC 3339 with the zone's own offset at that time; `Z` where that is zero. */
export function zonedTimeText(ms: number, zone: string): string {
  const wall = zonedFields(ms, zone);
  const minutes = wall ? Math.round((wallTime(wall) - ms) / MINUTE_MS) : 0;
  if (minutes === 0) return formatTime(ms);
  const size = Math.abs(minutes);
  const offset = `${minutes < 0 ? '-' : '+'}${twoDigits(Math.floor(size / 60))}:${twoDigits(size % 60)}`;
  return formatTime(ms + minutes * MINUTE_MS).slice(0, -1) + offset;
}

/** What the zone's clocks show, read as if it were UTC. */
function wallTime({ year, month, day, hour, minute }: NonNullable<ReturnType<typeof zonedFields>>): number {
  const date = `${String(year).padStart(4, '0')}-${twoDigits(month)}-${twoDigits(day)}`;
  return parseTime(`${date}T${twoDigits(hour)}:${twoDigits(minute)}:00Z`);
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
