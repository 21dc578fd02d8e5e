/**
 * Mirrors: staging/src/k8s.io/cri-client/pkg/logs/{logs,tail}.go (v1.36)
 * Differs: a file that is rotated while it is followed is read to its end first; changes are polled for, which needs no
 * watch per client and works on every file system.
 */
import type { Clock } from '@kts/base';
import type { LogFile, LogFiles } from './log-files.ts';
import type { LogOptions } from './log-options.ts';
import { LogPrinter } from './log-printer.ts';

export interface ReadLogDeps {
  readonly files: LogFiles;
  readonly clock: Clock;
  /** Whether the container may still print something. */
  readonly isRunning: (signal: AbortSignal) => Promise<boolean>;
}

const CHUNK_BYTES = 64 * 1024;
const LINE_FEED = 0x0a;
const POLL_MS = 100;
/** How often the container is looked at while its log is quiet. */
const RUNNING_CHECK_MS = 1000;

/** What the client gets, in pieces. When following, it ends after the container; aborting the signal rejects. */
export async function* readLog(
  path: string,
  options: LogOptions,
  deps: ReadLogDeps,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  let file = await deps.files.open(path);
  try {
    const printer = new LogPrinter(options);
    let position = await tailStart(file, options.tailLines);
    let rest: Buffer = Buffer.alloc(0);
    let mayGrow = options.follow;
    while (!printer.done) {
      signal.throwIfAborted();
      const chunk = await file.read(position, CHUNK_BYTES);
      if (chunk.length > 0) {
        position += chunk.length;
        const { lines, remainder } = splitLines(rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk);
        rest = remainder;
        yield* printed(printer, lines);
      } else if (!options.follow) {
        if (rest.length > 0) yield* printed(printer, [rest]);
        return;
      } else if (!mayGrow) {
        return;
      } else {
        const next = await waitForMore(file, position, deps, signal);
        mayGrow = next !== 'ended';
        if (next === 'rotated') {
          await file.close();
          file = await deps.files.open(path);
          position = 0;
          rest = Buffer.alloc(0);
        }
      }
    }
  } finally {
    await file.close();
  }
}

function* printed(printer: LogPrinter, lines: readonly Buffer[]): Generator<Buffer> {
  const outputs = lines.map((line) => printer.print(line)).filter((output) => output !== undefined);
  if (outputs.length > 0) yield Buffer.concat(outputs);
}

async function waitForMore(
  file: LogFile,
  position: number,
  { clock, isRunning }: ReadLogDeps,
  signal: AbortSignal,
): Promise<'grown' | 'rotated' | 'ended'> {
  for (;;) {
    const running = await isRunning(signal);
    if (!running) return 'ended';
    const nextCheck = clock.monotonic() + RUNNING_CHECK_MS;
    while (clock.monotonic() < nextCheck) {
      if ((await file.size()) > position) return 'grown';
      if (!(await file.isCurrent())) return (await file.size()) > position ? 'grown' : 'rotated';
      await clock.sleep(POLL_MS, signal);
    }
  }
}

/** Whole lines with their line feeds, and what comes after the last of them. */
export function splitLines(bytes: Buffer): { readonly lines: readonly Buffer[]; readonly remainder: Buffer } {
  const lines: Buffer[] = [];
  let start = 0;
  for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, start)) {
    lines.push(bytes.subarray(start, end + 1));
    start = end + 1;
  }
  return { lines, remainder: bytes.subarray(start) };
}

/** Where the last `count` whole lines begin; the start of the file without `count`. */
export async function tailStart(file: Pick<LogFile, 'size' | 'read'>, count: number | undefined): Promise<number> {
  if (count === undefined) return 0;
  let feeds = 0;
  for (let right = await file.size(); right > 0;) {
    const left = Math.max(0, right - CHUNK_BYTES);
    const block = await file.read(left, right - left);
    for (let at = block.lastIndexOf(LINE_FEED); at >= 0; at = at === 0 ? -1 : block.lastIndexOf(LINE_FEED, at - 1)) {
      if (++feeds > count) return left + at + 1;
    }
    right = left;
  }
  return 0;
}
