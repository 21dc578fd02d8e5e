import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { evaluateText } from '../testing/evaluate-text.ts';

const ROWS: readonly (readonly [expression: string, result: string])[] = [
  ["[duration('1s'), duration('2s')].sum()", 'duration(3s)'],
  ["timestamp('2020-01-01T00:00:00.123456789Z').getMilliseconds()", '123'],
  ["timestamp('2020-02-29T12:30:45Z').getFullYear()", '2020'],
  ["timestamp('2020-02-29T12:30:45Z').getMonth()", '1'],
  ["timestamp('2020-02-29T12:30:45Z').getDate()", '29'],
  ["timestamp('2020-02-29T12:30:45Z').getDayOfMonth()", '28'],
  ["timestamp('2020-02-29T12:30:45Z').getDayOfWeek()", '6'],
  ["timestamp('2020-02-29T12:30:45Z').getDayOfYear()", '59'],
  ["timestamp('2020-02-29T12:30:45Z').getHours('-08:00')", '4'],
  ["timestamp('2020-02-29T12:30:45Z').getHours('America/Los_Angeles')", '4'],
  ["timestamp('2020-02-29T12:30:45Z').getHours('Local')", '12'],
  ["timestamp('2020-02-29T12:30:45Z').getHours('../etc')", 'error: time: invalid location name'],
  ["timestamp('2020-02-29T12:30:45Z').getHours('europe/berlin')", 'error: unknown time zone europe/berlin'],
  ["timestamp('2020-02-29T12:30:45Z').getHours('+0800')", 'error: unknown time zone +0800'],
  ["timestamp('2020-02-29T12:30:45Z').getHours('Nope/Zone')", 'error: unknown time zone Nope/Zone'],
  ["timestamp('2020-02-29T12:30:45Z').getMinutes('+05:30')", '0'],
  ["timestamp('2020-02-29T12:30:45+01:00')", 'timestamp(2020-02-29T12:30:45+01:00)'],
  ["string(timestamp('2020-02-29T12:30:45.5+01:00'))", '"2020-02-29T12:30:45.5+01:00"'],
  ["int(timestamp('2020-02-29T12:30:45Z'))", '1582979445'],
  ['timestamp(0)', 'timestamp(1970-01-01T00:00:00Z)'],
  [
    'timestamp(253402300800)',
    'ERROR: <input>:1:11: invalid timestamp argument\n | timestamp(253402300800)\n | ..........^',
  ],
  ["timestamp('9999-12-31T23:59:59Z') + duration('1s')", 'error: timestamp overflow'],
  ["timestamp('2020-01-02T00:00:00Z') - timestamp('2020-01-01T00:00:00Z')", 'duration(86400s)'],
  ["duration('1h30m').getMinutes()", '90'],
  ["duration('1.5s').getMilliseconds()", '1500'],
  ["string(duration('1h30m5.5s'))", '"5405.5s"'],
  ["int(duration('1s'))", '1000000000'],
  [
    "-duration('1s')",
    `ERROR: <input>:1:1: found no matching overload for '-_' applied to '(duration)'\n | -duration('1s')\n | ^`,
  ],
  ["duration('1s') + duration('1m') > duration('1h')", 'false'],
  [
    "duration('1000000000h')",
    `ERROR: <input>:1:10: invalid duration argument\n | duration('1000000000h')\n | .........^`,
  ],
];

describe('timestamps and durations', () => {
  for (const [expression, result] of ROWS) {
    it(expression, () => assert.equal(evaluateText(expression), result));
  }
});
