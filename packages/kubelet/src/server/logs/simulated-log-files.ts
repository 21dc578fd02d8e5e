import { formatTime, type Clock } from '@kts/base';
import type { LogFiles } from './log-files.ts';

/** The logs of containers that only pretend to run: one line each, which says so. */
export function simulatedLogFiles(clock: Pick<Clock, 'now'>): LogFiles {
  return {
    open: () => {
      const content = Buffer.from(
        `${formatTime(clock.now())} stdout F This container is simulated and prints nothing.\n`,
      );
      return Promise.resolve({
        size: () => Promise.resolve(content.length),
        read: (position, length) => Promise.resolve(content.subarray(position, position + length)),
        isCurrent: () => Promise.resolve(true),
        close: () => Promise.resolve(),
      });
    },
  };
}
