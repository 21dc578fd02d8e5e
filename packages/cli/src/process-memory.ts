import { getHeapStatistics } from 'node:v8';

import { systemClock } from '@kts/base';
import type { ProcessMemory } from '@kts/cluster';

/** Buffers of collected objects are freed by another thread, a moment later. */
const SWEEP_MS = 1000;

/** This process's memory. Undefined where Node was started without `--expose-gc`, which the `kts` script passes. */
export function processMemory(): ProcessMemory | undefined {
  const collect = globalThis.gc;
  if (!collect) return undefined;
  return {
    cpuMs: () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1000;
    },
    heapBytes: () => getHeapStatistics().total_heap_size,
    release: async () => {
      collect();
      if (process.platform !== 'linux') return;
      await systemClock.sleep(SWEEP_MS);
      const { trimMemory } = await import('@kts/host-linux');
      trimMemory();
    },
  };
}
