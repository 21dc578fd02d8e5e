/** Exponential back-off as arithmetic: no timers, no state. */
export interface BackoffOptions {
  readonly initialMs: number;
  readonly factor: number;
  readonly maxMs: number;
}

/** The delay before try number `failures + 1`; `failures` counts from 1. */
export function backoffMs(options: BackoffOptions, failures: number): number {
  return Math.min(options.maxMs, options.initialMs * options.factor ** Math.max(0, failures - 1));
}
