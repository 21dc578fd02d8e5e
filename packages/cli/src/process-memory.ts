import { getHeapStatistics, setFlagsFromString } from 'node:v8';

import { systemClock } from '@kts/base';
import type { ProcessMemory } from '@kts/cluster';

/** Buffers of collected objects are freed by another thread, a moment later. */
const SWEEP_MS = 1000;

/** This process's memory. */
export function processMemory(): ProcessMemory {
  let collect: (() => void) | undefined;
  return {
    cpuMs: () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1000;
    },
    heapBytes: () => getHeapStatistics().total_heap_size,
    release: async () => {
      collect ??= await garbageCollector();
      collect();
      if (process.platform !== 'linux') return;
      await systemClock.sleep(SWEEP_MS);
      const { trimMemory } = await import('@kts/host-linux');
      trimMemory();
    },
  };
}

/**
 * V8's own function, which it gives to contexts that are made while a flag is set. The flag is not on the command line and
 * does not stay: V8 takes compiled code only from caches that were written under the same flags, Node's own included.
 */
async function garbageCollector(): Promise<() => void> {
  const { runInNewContext } = await import('node:vm');
  setFlagsFromString('--expose-gc');
  try {
    return runInNewContext('gc') as () => void;
  } finally {
    setFlagsFromString('--no-expose-gc');
  }
}
