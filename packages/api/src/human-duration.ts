/**
 * Durations as `kubectl get` shows them: two or three significant figures.
 *
 * Mirrors: staging/src/k8s.io/apimachinery/pkg/util/duration/duration.go (v1.36)
 */
import { parseTime, type Time } from '@kts/apimachinery';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

/** A duration in milliseconds as text, such as `3m20s` or `47h`. Slightly negative ones count as zero: clocks differ. */
export function humanDuration(ms: number): string {
  const seconds = Math.trunc(ms / 1000);
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  if (seconds < 2 * MINUTE) return `${seconds}s`;
  if (seconds < 10 * MINUTE) return withRest(seconds, MINUTE, 'm', 1, 's');
  if (seconds < 3 * HOUR) return `${Math.floor(seconds / MINUTE)}m`;
  if (seconds < 8 * HOUR) return withRest(seconds, HOUR, 'h', MINUTE, 'm');
  if (seconds < 2 * DAY) return `${Math.floor(seconds / HOUR)}h`;
  if (seconds < 8 * DAY) return withRest(seconds, DAY, 'd', HOUR, 'h');
  if (seconds < 2 * YEAR) return `${Math.floor(seconds / DAY)}d`;
  if (seconds < 8 * YEAR) return withRest(seconds, YEAR, 'y', DAY, 'd');
  return `${Math.floor(seconds / YEAR)}y`;
}

/** The time since then, or `<unknown>`. */
export function age(time: Time | undefined, now: number): string {
  return time ? humanDuration(now - parseTime(time)) : '<unknown>';
}

function withRest(seconds: number, unit: number, name: string, restUnit: number, restName: string): string {
  const rest = Math.floor((seconds % unit) / restUnit);
  return `${Math.floor(seconds / unit)}${name}${rest ? `${rest}${restName}` : ''}`;
}
