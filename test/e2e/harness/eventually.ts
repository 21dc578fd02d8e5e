import { systemClock } from '@kts/base';

const DEADLINE_MS = 30_000;
const POLL_MS = 100;

/**
 * Asks again until the check does not throw; then its result. For what no `kubectl wait` can see: packets, processes,
 * files. After the deadline it throws what the check threw last.
 */
export async function eventually<T>(check: () => T | Promise<T>, deadlineMs: number = DEADLINE_MS): Promise<T> {
  const end = systemClock.monotonic() + deadlineMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (systemClock.monotonic() > end) throw error;
    }
    await systemClock.sleep(POLL_MS);
  }
}
