/** Mirrors: staging/src/k8s.io/cri-client/pkg/logs/logs.go (logWriter) (v1.36) */
import { fixedWidthTime, parseLogEntry } from './log-entry.ts';
import type { LogOptions } from './log-options.ts';

const LINE_FEED = 0x0a;

/** Turns the lines of a log file into what the client gets of them. Pure, but for remembering what it has printed. */
export class LogPrinter {
  readonly #options: LogOptions;
  #linesLeft: number;
  #bytesLeft: number;
  #atLineStart = true;
  #understood = false;

  constructor(options: LogOptions) {
    this.#options = options;
    this.#linesLeft = options.follow ? Infinity : (options.tailLines ?? Infinity);
    this.#bytesLeft = options.limitBytes ?? Infinity;
  }

  /** Nothing more will be printed. */
  get done(): boolean {
    return this.#linesLeft <= 0 || this.#bytesLeft <= 0;
  }

  /** The output for one line of the file. Throws if already the first line is none of a log. */
  print(line: Buffer): Buffer | undefined {
    if (this.done) return undefined;
    const entry = parseLogEntry(line);
    if (!entry) {
      if (this.#understood) return undefined;
      throw new Error(`failed to get parse function: unsupported log format: ${JSON.stringify(line.toString())}`);
    }
    this.#understood = true;
    this.#linesLeft--;
    const { streams, sinceMs = -Infinity, timestamps } = this.#options;
    const wanted = entry.timeMs >= sinceMs && streams.has(entry.stream);
    const prefix = timestamps && this.#atLineStart ? `${fixedWidthTime(entry.time)} ` : '';
    this.#atLineStart = entry.content.length === 0 || entry.content.at(-1) === LINE_FEED;
    if (!wanted) return undefined;
    const whole = prefix === '' ? entry.content : Buffer.concat([Buffer.from(prefix), entry.content]);
    const output = whole.length > this.#bytesLeft ? whole.subarray(0, this.#bytesLeft) : whole;
    this.#bytesLeft -= output.length;
    return output;
  }
}
