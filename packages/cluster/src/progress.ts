import type { Clock } from '@kts/base';

/** Tells a person what is starting, and how long it took. */
export interface Progress {
  /** Runs `work` as a named step. A failure is shown and thrown on. */
  readonly step: <T>(title: string, work: () => Promise<T>) => Promise<T>;
  readonly note: (text: string) => void;
}

/** One line a step, written when the step has ended. */
export function lineProgress(clock: Clock, write: (text: string) => void): Progress {
  return {
    async step(title, work) {
      const start = clock.monotonic();
      try {
        const result = await work();
        write(` ✓ ${title.padEnd(44)} ${durationText(clock.monotonic() - start)}\n`);
        return result;
      } catch (error) {
        write(` ✗ ${title}\n`);
        throw error;
      }
    },
    note: (text) => write(`   ${text}\n`),
  };
}

/** Shows a running step while it runs, on a terminal that can rewrite its line. */
export function terminalProgress(clock: Clock, write: (text: string) => void): Progress {
  const lines = lineProgress(clock, (text) => write(`\r\u001b[K${text}`));
  return {
    step: (title, work) => {
      write(`\r\u001b[K … ${title}`);
      return lines.step(title, work);
    },
    note: lines.note,
  };
}

/** `37 ms`, `1.4 s`. */
export function durationText(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
