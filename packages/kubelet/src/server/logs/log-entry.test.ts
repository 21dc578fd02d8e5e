import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fixedWidthTime, parseLogEntry } from './log-entry.ts';

const TIME = '2026-01-01T00:00:00.123456789Z';

describe('parseLogEntry', () => {
  const rows: readonly (readonly [line: string, stream: string | undefined, content?: string])[] = [
    [`${TIME} stdout F text\n`, 'stdout', 'text\n'],
    [`${TIME} stderr F text`, 'stderr', 'text'],
    [`${TIME} stdout P part\n`, 'stdout', 'part'],
    [`${TIME} stdout P:x part\n`, 'stdout', 'part'],
    [`${TIME} stdout F:P whole\n`, 'stdout', 'whole\n'],
    [`${TIME} stdout F \n`, 'stdout', '\n'],
    [`${TIME} stdout F  a b\n`, 'stdout', ' a b\n'],
    [`${TIME} stdin F text\n`, undefined],
    [`${TIME} stdout\n`, undefined],
    ['yesterday stdout F text\n', undefined],
    ['{"log":"text"}\n', undefined],
    ['\n', undefined],
  ];
  for (const [line, stream, content] of rows) {
    it(`reads ${JSON.stringify(line)}`, () => {
      const entry = parseLogEntry(Buffer.from(line));
      assert.deepEqual([entry?.stream, entry?.content.toString()], [stream, content]);
    });
  }

  it('keeps bytes that are no text', () => {
    const content = Buffer.of(0xff, 0x00, 0x80, 0x0a);
    const entry = parseLogEntry(Buffer.concat([Buffer.from(`${TIME} stdout F `), content]));
    assert.deepEqual(entry?.content, content);
  });
});

describe('fixedWidthTime', () => {
  const rows: readonly (readonly [time: string, expected: string])[] = [
    [TIME, TIME],
    ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00.000000000Z'],
    ['2026-01-01T00:00:00.5+00:00', '2026-01-01T00:00:00.500000000Z'],
    ['2026-01-01T00:00:00.5+02:00', '2026-01-01T00:00:00.500000000+02:00'],
  ];
  for (const [time, expected] of rows) it(`pads ${time}`, () => assert.equal(fixedWidthTime(time), expected));
});
