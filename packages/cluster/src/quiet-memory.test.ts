import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { FakeClock } from '@kts/base/testing';

import { releaseMemoryWhenQuiet, shouldRelease } from './quiet-memory.ts';

const MB = 1024 * 1024;

describe('memory of a quiet process', () => {
  const cases: readonly [title: string, cpuMs: number, heapMb: number, afterMb: number, expected: boolean][] = [
    ['quiet, with much garbage', 100, 70, 40, true],
    ['quiet, with room for young objects only', 100, 60, 40, false],
    ['busy', 600, 100, 40, false],
    ['a heap whose collection would stop the process for long', 100, 500, 40, false],
    ['quiet for the first time', 100, 40, 0, true],
  ];
  for (const [title, cpuMs, heapMb, afterMb, expected] of cases) {
    it(`${expected ? 'is released' : 'is kept'}: ${title}`, () => {
      const [before, now] = [
        { at: 0, cpuMs: 0 },
        { at: 10_000, cpuMs },
      ];
      assert.equal(shouldRelease(before, now, heapMb * MB, afterMb * MB), expected);
    });
  }

  it('is released once after a burst, and not looked at any more after the end', async () => {
    const clock = new FakeClock();
    const process = { cpu: 0, heap: 100 * MB, released: 0 };
    const memory = {
      cpuMs: () => process.cpu,
      heapBytes: () => process.heap,
      release: async () => {
        process.released++;
        process.heap = 40 * MB;
      },
    };
    const stop = new AbortController();
    const running = releaseMemoryWhenQuiet(memory, clock, stop.signal);
    process.cpu = 9_000;
    await clock.advance(10_000);
    assert.equal(process.released, 0);
    await clock.advance(60_000);
    assert.equal(process.released, 1);
    stop.abort();
    await running;
    process.heap = 100 * MB;
    await clock.advance(60_000);
    assert.equal(process.released, 1);
  });
});
