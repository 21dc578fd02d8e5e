/**
 * Events on their way to somewhere slow: collected into batches that are sent one after the other.
 *
 * Mirrors: staging/src/k8s.io/apiserver/plugin/pkg/audit/buffered/buffered.go (v1.36)
 * Differs: batches are not throttled beyond being sent one at a time.
 */
import type { Clock, Logger } from '@kts/base';

export interface BatchOptions {
  /** Events that may wait; what comes then is lost, and that is logged. */
  readonly bufferSize: number;
  readonly batchSizeMax: number;
  /** The longest that an event waits for others to come with it. */
  readonly waitMs: number;
}

export const DEFAULT_BATCHES: BatchOptions = { bufferSize: 10_000, batchSizeMax: 400, waitMs: 30_000 };

export interface EventBatches {
  add(line: string): void;
  /** Sends what waits. Resolves when it has been sent, or could not be. */
  close(): Promise<void>;
}

/** `send` gets the lines of a batch; what it rejects with is logged. */
export function collectBatches(
  options: BatchOptions,
  send: (lines: readonly string[]) => Promise<void>,
  clock: Pick<Clock, 'after'>,
  log: Logger,
): EventBatches {
  let waiting: string[] = [];
  let lost = 0;
  let timer: { cancel(): void } | undefined;
  let sending: Promise<void> | undefined;
  const sendAll = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = waiting.splice(0, options.batchSizeMax);
      try {
        await send(batch);
      } catch (error) {
        log.error('cannot send audit events', { error, events: batch.length });
      }
      if (lost > 0) log.error('audit events are lost', { events: lost });
      lost = 0;
    }
    sending = undefined;
  };
  const flush = (): Promise<void> => {
    timer?.cancel();
    timer = undefined;
    return (sending ??= sendAll());
  };
  return {
    add(line) {
      if (waiting.length >= options.bufferSize) {
        lost++;
        return;
      }
      waiting.push(line);
      if (sending) return;
      if (waiting.length >= options.batchSizeMax) void flush();
      else timer ??= clock.after(options.waitMs, () => void flush());
    },
    async close() {
      await sending;
      await flush();
    },
  };
}
