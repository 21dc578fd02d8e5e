/**
 * Entries of a container's log file as bytes: what a container prints need not be text.
 *
 * Mirrors: staging/src/k8s.io/cri-client/pkg/logs/logs.go (parseCRILog) (v1.36)
 * Differs: Docker's JSON format is not understood, because no runtime with CRI v1 writes it.
 */
import { parseTime } from '@kts/apimachinery';
import type { LogStream } from './log-options.ts';

export interface LogEntry {
  /** As it is written in the file. */
  readonly time: string;
  /** Milliseconds since the epoch, finer digits cut off. */
  readonly timeMs: number;
  readonly stream: LogStream;
  /** What was printed: with its line feed, unless the line goes on in the next entry. */
  readonly content: Buffer;
}

const SPACE = 0x20;
const LINE_FEED = 0x0a;

/** Parses `<time> <stream> <tags> <content>`, with or without line feed; `undefined` if it has not this form. */
export function parseLogEntry(line: Buffer): LogEntry | undefined {
  const timeEnd = line.indexOf(SPACE);
  const streamEnd = line.indexOf(SPACE, timeEnd + 1);
  const tagsEnd = line.indexOf(SPACE, streamEnd + 1);
  if (timeEnd < 0 || streamEnd < 0 || tagsEnd < 0) return undefined;
  const time = line.toString('latin1', 0, timeEnd);
  const stream = line.toString('latin1', timeEnd + 1, streamEnd);
  const timeMs = millisecondsOf(time);
  if (timeMs === undefined || (stream !== 'stdout' && stream !== 'stderr')) return undefined;
  const [kind] = line.toString('latin1', streamEnd + 1, tagsEnd).split(':');
  const end = kind === 'P' && line.at(-1) === LINE_FEED ? line.length - 1 : line.length;
  return { time, timeMs, stream, content: line.subarray(tagsEnd + 1, end) };
}

/** The time with exactly nine digits of fraction, as `timestamps=true` shows it. */
export function fixedWidthTime(time: string): string {
  const [, seconds = time, fraction = '', zone = 'Z'] = /^(.{19})(?:[.,](\d+))?(.*)$/.exec(time) ?? [];
  return `${seconds}.${fraction.slice(0, 9).padEnd(9, '0')}${/^[+-]00:00$/.test(zone) ? 'Z' : zone}`;
}

function millisecondsOf(time: string): number | undefined {
  try {
    return parseTime(time);
  } catch {
    return undefined;
  }
}
