/**
 * Gives memory back while the cluster is quiet. V8 collects garbage when it needs room, so that after a burst of work
 * (start-up, a rollout) a process keeps what the burst took for as long as little happens; and glibc keeps what was freed.
 */
import type { Clock } from '@kts/base';

const INTERVAL_MS = 10_000;
/** Share of one core below which an interval was quiet. */
const QUIET_CPU_SHARE = 0.05;
/** Growth of the heap since the last release that makes another one worth its while: more than room for young objects. */
const GROWTH_BYTES_MIN = 24 * 1024 * 1024;
/** A collection stops the process for up to a millisecond per megabyte: large heaps are left to V8's own pace. */
const HEAP_BYTES_MAX = 256 * 1024 * 1024;

/** What of the process is looked at and can be done. */
export interface ProcessMemory {
  /** CPU time used so far, of all threads, in milliseconds. */
  cpuMs(): number;
  /** Bytes of the JavaScript heap. */
  heapBytes(): number;
  /** Collects all garbage and gives what is free back to the system. */
  release(): Promise<void>;
}

export interface MemorySample {
  readonly at: number;
  readonly cpuMs: number;
}

/** `heapAfterRelease`: the heap as the last release left it. */
export function shouldRelease(
  before: MemorySample,
  now: MemorySample,
  heapBytes: number,
  heapAfterRelease: number,
): boolean {
  const isQuiet = now.cpuMs - before.cpuMs < (now.at - before.at) * QUIET_CPU_SHARE;
  return isQuiet && heapBytes <= HEAP_BYTES_MAX && heapBytes - heapAfterRelease >= GROWTH_BYTES_MIN;
}

/** Looks every few seconds, until the signal is aborted. */
export async function releaseMemoryWhenQuiet(
  memory: ProcessMemory,
  clock: Pick<Clock, 'monotonic' | 'sleep'>,
  signal: AbortSignal,
): Promise<void> {
  let heapAfterRelease = 0;
  let before = sample(memory, clock);
  while (await slept(clock, signal)) {
    const now = sample(memory, clock);
    if (shouldRelease(before, now, memory.heapBytes(), heapAfterRelease)) {
      await memory.release();
      heapAfterRelease = memory.heapBytes();
    }
    before = now;
  }
}

function sample(memory: ProcessMemory, clock: Pick<Clock, 'monotonic'>): MemorySample {
  return { at: clock.monotonic(), cpuMs: memory.cpuMs() };
}

/** False: the signal was aborted meanwhile. */
async function slept(clock: Pick<Clock, 'sleep'>, signal: AbortSignal): Promise<boolean> {
  try {
    await clock.sleep(INTERVAL_MS, signal);
    return true;
  } catch {
    return false;
  }
}
