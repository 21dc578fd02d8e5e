import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseLogOptions } from './log-options.ts';

const NOW = Date.UTC(2026, 0, 1);
const BOTH = new Set(['stdout', 'stderr']);
const PLAIN = { follow: false, previous: false, timestamps: false, streams: BOTH };

describe('parseLogOptions', () => {
  const rows: readonly (readonly [query: string, expected: object])[] = [
    ['', PLAIN],
    ['follow=true&previous=1&timestamps', { ...PLAIN, follow: true, previous: true, timestamps: true }],
    ['follow=false&previous=0&timestamps=False', PLAIN],
    ['tailLines=0', { ...PLAIN, tailLines: 0 }],
    ['tailLines=5&tail=7', { ...PLAIN, tailLines: 7 }],
    ['tailLines=5&tail=all', PLAIN],
    ['limitBytes=10', { ...PLAIN, limitBytes: 10 }],
    ['sinceSeconds=60', { ...PLAIN, sinceMs: NOW - 60_000 }],
    ['sinceTime=2025-12-31T23:00:00%2B01:00', { ...PLAIN, sinceMs: Date.UTC(2025, 11, 31, 22) }],
    ['stream=Stderr', { ...PLAIN, streams: new Set(['stderr']) }],
  ];
  for (const [query, expected] of rows) {
    it(`reads ${query || 'an empty query'}`, () =>
      assert.deepEqual(parseLogOptions(new URLSearchParams(query), NOW), expected));
  }

  const refused: readonly (readonly [query: string, status: number])[] = [
    ['tailLines=-1', 422],
    ['limitBytes=0', 422],
    ['sinceSeconds=0', 422],
    ['sinceSeconds=1&sinceTime=2026-01-01T00:00:00Z', 422],
    ['stream=Both', 422],
    ['stream=Stdout&tailLines=1', 422],
    ['tailLines=many', 400],
    ['sinceTime=yesterday', 400],
  ];
  for (const [query, status] of refused) {
    it(`refuses ${query}`, () => assert.throws(() => parseLogOptions(new URLSearchParams(query), NOW), { status }));
  }
});
