import { equal, throws } from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CronScheduleError, parseCronSchedule } from './cron-schedule.ts';

describe('parseCronSchedule', () => {
  const times: readonly [schedule: string, after: string, next: string | undefined, timeZone?: string][] = [
    ['* * * * *', '2026-11-21T10:00:00Z', '2026-11-21T10:01:00Z'],
    ['* * * * *', '2026-11-21T10:00:59.999Z', '2026-11-21T10:01:00Z'],
    ['*/15 8-17 * * MON-FRI', '2026-11-20T17:45:00Z', '2026-11-23T08:00:00Z'],
    ['0 0 1 JAN ?', '2026-11-21T10:00:00Z', '2027-01-01T00:00:00Z'],
    ['0 0 29 2 *', '2026-11-21T10:00:00Z', '2028-02-29T00:00:00Z'],
    ['0 0 31 2 *', '2026-11-21T10:00:00Z', undefined],
    ['0 0 13 * FRI', '2026-11-21T10:00:00Z', '2026-11-27T00:00:00Z'],
    ['@hourly', '2026-11-21T10:30:00Z', '2026-11-21T11:00:00Z'],
    ['@weekly', '2026-11-21T10:00:00Z', '2026-11-22T00:00:00Z'],
    ['@every 1h30m', '2026-11-21T10:00:00Z', '2026-11-21T11:30:00Z'],
    ['30 9 * * *', '2026-07-01T00:00:00Z', '2026-07-01T07:30:00Z', 'Europe/Berlin'],
    ['CRON_TZ=Asia/Tokyo 0 9 * * *', '2026-11-21T10:00:00Z', '2026-11-22T00:00:00Z', 'Europe/Berlin'],
  ];
  for (const [schedule, after, next, timeZone] of times) {
    it(`${schedule} after ${after}${timeZone ? ` in ${timeZone}` : ''}`, () => {
      const time = parseCronSchedule(schedule).next(Date.parse(after), timeZone);
      equal(time, next === undefined ? undefined : Date.parse(next));
    });
  }

  const bad = [
    '',
    '* * * *',
    '* * * * * *',
    '60 * * * *',
    '* * 0 * *',
    '5-1 * * * *',
    '*/0 * * * *',
    'x * * * *',
    '@never',
  ];
  for (const schedule of bad) {
    it(`refuses ${JSON.stringify(schedule)}`, () => throws(() => parseCronSchedule(schedule), CronScheduleError));
  }
});
