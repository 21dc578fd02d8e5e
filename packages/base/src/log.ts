import type { Clock } from './clock.ts';

/** Structured fields of a log line. Objects are logged as `namespace/name`, never whole. */
export type LogFields = Readonly<Record<string, unknown>>;

/**
 * A logger is injected, never imported as a global. Messages are constant text; what varies goes into the fields.
 * Pure cores do not log: they return reasons.
 */
export interface Logger {
  error(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  /** Detail for people who debug; shown from verbosity (`-v`) `level` on. */
  debug(level: number, message: string, fields?: LogFields): void;
  /** A logger that adds `fields` to every line. */
  with(fields: LogFields): Logger;
}

export interface LogOptions {
  readonly clock: Pick<Clock, 'now'>;
  /** Receives whole lines, each with its line feed. */
  readonly write: (line: string) => void;
  /** klog's `-v`. Default 0. */
  readonly verbosity?: number;
  readonly fields?: LogFields;
}

/** Logs lines in klog's shape: `I0102 15:04:05.678901 message key="value"`. */
export function createLogger(options: LogOptions): Logger {
  const line = (letter: string, message: string, fields?: LogFields): void => {
    const time = new Date(options.clock.now()).toISOString();
    const stamp = `${time.slice(5, 7)}${time.slice(8, 10)} ${time.slice(11, 23)}000`;
    options.write(`${letter}${stamp} ${message}${formatFields(options.fields)}${formatFields(fields)}\n`);
  };
  return {
    error: (message, fields) => line('E', message, fields),
    warn: (message, fields) => line('W', message, fields),
    info: (message, fields) => line('I', message, fields),
    debug: (level, message, fields) => {
      if (level <= (options.verbosity ?? 0)) line('I', message, fields);
    },
    with: (fields) => createLogger({ ...options, fields: { ...options.fields, ...fields } }),
  };
}

/** Drops everything. For tests that assert on state, not on words. */
export const silentLogger: Logger = {
  error: () => {},
  warn: () => {},
  info: () => {},
  debug: () => {},
  with: () => silentLogger,
};

function formatFields(fields: LogFields | undefined): string {
  let text = '';
  for (const [key, value] of Object.entries(fields ?? {})) text += ` ${key}=${formatValue(value)}`;
  return text;
}

function formatValue(value: unknown): string {
  if (Error.isError(value)) return JSON.stringify(value.message);
  return value === undefined ? '<undefined>' : JSON.stringify(value);
}
