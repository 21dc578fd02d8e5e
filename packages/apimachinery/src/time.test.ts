import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import fc from 'fast-check';

import { canonicalMicroTime, canonicalTime, formatSeconds, parseTime } from './time.ts';

describe('times', () => {
  const canonical: [text: string, canonical: string][] = [
    ['2026-11-21T10:00:00Z', '2026-11-21T10:00:00Z'],
    ['2026-11-21T10:00:00.987Z', '2026-11-21T10:00:00Z'],
    ['2026-11-21T10:00:00+02:00', '2026-11-21T08:00:00Z'],
    ['2026-01-01T00:30:00+01:00', '2025-12-31T23:30:00Z'],
    ['2024-02-28T23:59:59-00:30', '2024-02-29T00:29:59Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00Z'],
  ];
  for (const [text, expected] of canonical) {
    test(`${text} is ${expected}`, () => assert.equal(canonicalTime(text), expected));
  }

  const layout = '"2006-01-02T15:04:05Z07:00"';
  const errors: [text: string, message: string][] = [
    ['', `parsing time "" as ${layout}: cannot parse "" as "2006"`],
    ['soon', `parsing time "soon" as ${layout}: cannot parse "soon" as "2006"`],
    ['2026-11-21', `parsing time "2026-11-21" as ${layout}: cannot parse "" as "T"`],
    ['2026-11-21 10:00:00Z', `parsing time "2026-11-21 10:00:00Z" as ${layout}: cannot parse " 10:00:00Z" as "T"`],
    ['2026-13-21T10:00:00Z', 'parsing time "2026-13-21T10:00:00Z": month out of range'],
    ['2026-02-30T10:00:00Z', 'parsing time "2026-02-30T10:00:00Z": day out of range'],
    ['2026-02-20T25:00:00Z', 'parsing time "2026-02-20T25:00:00Z": hour out of range'],
    ['2026-02-20T10:00:00', `parsing time "2026-02-20T10:00:00" as ${layout}: cannot parse "" as "Z07:00"`],
    ['2026-02-20T10:00:00Zx', 'parsing time "2026-02-20T10:00:00Zx": extra text: "x"'],
  ];
  for (const [text, message] of errors) {
    test(`refuses '${text}'`, () => assert.throws(() => canonicalTime(text), { message }));
  }

  test('micro times have six digits', () => {
    assert.equal(canonicalMicroTime('2026-11-21T10:00:00.123456Z'), '2026-11-21T10:00:00.123456Z');
    assert.equal(canonicalMicroTime('2026-11-21T10:00:00.123456+01:00'), '2026-11-21T09:00:00.123456Z');
    assert.throws(() => canonicalMicroTime('2026-11-21T10:00:00Z'), {
      message:
        'parsing time "2026-11-21T10:00:00Z" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "Z" as ".000000"',
    });
  });

  test('printing and parsing again gives the same second', () => {
    const first = parseTime('0001-01-01T00:00:00Z') / 1000;
    const last = parseTime('9999-12-31T23:59:59Z') / 1000;
    fc.assert(
      fc.property(fc.integer({ min: first, max: last }), (seconds) => {
        assert.equal(parseTime(formatSeconds(seconds)), seconds * 1000);
      }),
    );
  });

  const known: [text: string, milliseconds: number][] = [
    ['1970-01-01T00:00:00Z', 0],
    ['2000-02-29T12:00:00Z', 951_825_600_000],
    ['1969-12-31T23:59:59.999Z', -1],
    ['2026-11-21T13:55:00.123456Z', 1_795_269_300_123],
  ];
  for (const [text, milliseconds] of known) {
    test(`${text} is ${milliseconds}`, () => assert.equal(parseTime(text), milliseconds));
  }
});
