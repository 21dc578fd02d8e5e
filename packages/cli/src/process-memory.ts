import { getHeapStatistics } from 'node:v8';

import type { ProcessMemory } from '@kts/cluster';

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
      const { trimMemory } = await import('@kts/host-linux');
      trimMemory();
    },
  };
}
