import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock, settle } from '@kts/base/testing';
import fc from 'fast-check';
import type { LogFile, LogFiles } from './log-files.ts';
import type { LogOptions } from './log-options.ts';
import { readLog, splitLines, tailStart } from './read-log.ts';

const ALL: LogOptions = { follow: false, previous: false, timestamps: false, streams: new Set(['stdout', 'stderr']) };
const entry = (second: number, text: string, stream = 'stdout', tag = 'F'): string =>
  `2026-01-01T00:00:0${second}.5Z ${stream} ${tag} ${text}\n`;

/** A log in memory that can grow, be rotated, and belong to a container that ends. */
class MemoryLog implements LogFiles {
  readonly clock = new FakeClock();
  current: { content: Buffer };
  running = true;
  openFiles = 0;

  constructor(content: string) {
    this.current = { content: Buffer.from(content) };
  }

  append(text: string): void {
    this.current.content = Buffer.concat([this.current.content, Buffer.from(text)]);
  }

  rotate(): void {
    this.current = { content: Buffer.alloc(0) };
  }

  open(): Promise<LogFile> {
    const file = this.current;
    this.openFiles++;
    return Promise.resolve({
      size: async () => file.content.length,
      read: async (position, length) => file.content.subarray(position, position + length),
      isCurrent: async () => this.current === file,
      close: async () => void this.openFiles--,
    });
  }

  /** Reads in the background; `text` is what has come so far. */
  read(options: LogOptions, signal = new AbortController().signal): { text: string; readonly done: Promise<void> } {
    const deps = { files: this, clock: this.clock, isRunning: async () => this.running };
    const run = async (): Promise<void> => {
      for await (const piece of readLog('/log', options, deps, signal)) result.text += piece.toString();
    };
    const result = { text: '', done: Promise.resolve() };
    return Object.assign(result, { done: run() });
  }
}

describe('readLog', () => {
  const content = [
    entry(1, 'one'),
    entry(2, 'two', 'stderr'),
    entry(3, 'th', 'stdout', 'P'),
    entry(4, 'ree'),
    entry(5, 'four'),
  ].join('');
  const rows: readonly (readonly [title: string, options: Partial<LogOptions>, expected: string])[] = [
    ['everything', {}, 'one\ntwo\nthree\nfour\n'],
    ['one stream', { streams: new Set(['stderr']) }, 'two\n'],
    ['the last entries', { tailLines: 2 }, 'ree\nfour\n'],
    ['none of the last entries', { tailLines: 0 }, ''],
    ['more entries than there are', { tailLines: 100 }, 'one\ntwo\nthree\nfour\n'],
    ['what is new enough', { sinceMs: Date.UTC(2026, 0, 1, 0, 0, 4) }, 'ree\nfour\n'],
    ['few bytes', { limitBytes: 6 }, 'one\ntw'],
    [
      'a time before each line, not before its parts',
      { timestamps: true, tailLines: 3 },
      '2026-01-01T00:00:03.500000000Z three\n2026-01-01T00:00:05.500000000Z four\n',
    ],
  ];
  for (const [title, options, expected] of rows) {
    it(`gives ${title}`, async () => {
      const log = new MemoryLog(content);
      const read = log.read({ ...ALL, ...options });
      await read.done;
      assert.deepEqual([read.text, log.openFiles], [expected, 0]);
    });
  }

  it('gives an entry without line feed at the end', async () => {
    const read = new MemoryLog(entry(1, 'one') + entry(2, 'two').trimEnd()).read(ALL);
    await read.done;
    assert.equal(read.text, 'one\ntwo');
  });

  it('skips what is no entry, but not at the start', async () => {
    const read = new MemoryLog(`${entry(1, 'one')}garbage\n${entry(2, 'two')}`).read(ALL);
    await read.done;
    assert.equal(read.text, 'one\ntwo\n');
    await assert.rejects(new MemoryLog('garbage\n').read(ALL).done, /unsupported log format: "garbage\\n"/);
  });

  it('follows a growing log until the container has ended', async () => {
    const log = new MemoryLog(entry(1, 'one'));
    const read = log.read({ ...ALL, follow: true, tailLines: 0 });
    await settle();
    log.append(entry(2, 'two').slice(0, 20));
    await log.clock.advance(200);
    assert.equal(read.text, '');
    log.append(entry(2, 'two').slice(20));
    await log.clock.advance(200);
    assert.equal(read.text, 'two\n');
    log.append(entry(3, 'three'));
    log.running = false;
    await log.clock.advance(2000);
    await read.done;
    assert.deepEqual([read.text, log.openFiles], ['two\nthree\n', 0]);
  });

  it('goes on in the next file when the log is rotated', async () => {
    const log = new MemoryLog(entry(1, 'one'));
    const read = log.read({ ...ALL, follow: true });
    await settle();
    log.append(entry(2, 'two'));
    log.rotate();
    log.append(entry(3, 'three'));
    await log.clock.advance(500);
    assert.equal(read.text, 'one\ntwo\nthree\n');
    log.running = false;
    await log.clock.advance(2000);
    await read.done;
    assert.equal(log.openFiles, 0);
  });

  it('ends when the client has gone', async () => {
    const log = new MemoryLog(entry(1, 'one'));
    const client = new AbortController();
    const read = log.read({ ...ALL, follow: true }, client.signal);
    await settle();
    client.abort();
    await assert.rejects(read.done, { name: 'AbortError' });
    assert.deepEqual([log.openFiles, log.clock.timers], [0, 0]);
  });
});

describe('tailStart', () => {
  it('is where the last whole lines begin', async () => {
    const line = fc.oneof(fc.constant(''), fc.string({ maxLength: 5 }), fc.constant('x'.repeat(70_000)));
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 6 }), fc.nat(7), fc.boolean(), async (texts, count, cut) => {
        const lines = texts.map((text) => `${text.replaceAll('\n', '')}\n`);
        const content = Buffer.from(lines.join('') + (cut ? 'rest' : ''));
        const file = {
          size: async () => content.length,
          read: async (position: number, length: number) => content.subarray(position, position + length),
        };
        const expected = lines.slice(Math.max(0, lines.length - count)).join('') + (cut ? 'rest' : '');
        const shown = count === 0 ? (cut ? 'rest' : '') : expected;
        assert.equal(content.subarray(await tailStart(file, count)).toString(), shown);
      }),
      { numRuns: 50 },
    );
  });
});

describe('splitLines', () => {
  for (const [text, lines, remainder] of [
    ['', [], ''],
    ['a', [], 'a'],
    ['a\n', ['a\n'], ''],
    ['\n\nb', ['\n', '\n'], 'b'],
  ] as const) {
    it(`splits ${JSON.stringify(text)}`, () => {
      const split = splitLines(Buffer.from(text));
      assert.deepEqual([split.lines.map(String), split.remainder.toString()], [lines, remainder]);
    });
  }
});
