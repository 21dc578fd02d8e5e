import { equal } from 'node:assert/strict';
import { describe, it } from 'node:test';
import { humanDuration } from './human-duration.ts';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

describe('humanDuration', () => {
  const durations: readonly [seconds: number, text: string][] = [
    [-2, '<invalid>'],
    [-1, '0s'],
    [0, '0s'],
    [2 * MINUTE - 1, '119s'],
    [2 * MINUTE, '2m'],
    [3 * MINUTE + 20, '3m20s'],
    [10 * MINUTE, '10m'],
    [3 * HOUR - 1, '179m'],
    [3 * HOUR + 5 * MINUTE, '3h5m'],
    [8 * HOUR + 5 * MINUTE, '8h'],
    [2 * DAY - 1, '47h'],
    [3 * DAY + HOUR, '3d1h'],
    [8 * DAY + HOUR, '8d'],
    [2 * YEAR + 3 * DAY, '2y3d'],
    [8 * YEAR + 3 * DAY, '8y'],
  ];
  for (const [seconds, text] of durations) {
    it(`${seconds} s is ${text}`, () => equal(humanDuration(seconds * 1000), text));
  }
});
