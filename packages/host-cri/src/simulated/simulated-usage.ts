/**
 * What simulated containers use of a processor and of memory. Annotations of the pod, each for all containers or, with
 * `.NAME` behind it, for one:
 *
 *   simulated.kts.dev/cpu            200m  that much of the processors, all the time
 *   simulated.kts.dev/memory         64Mi
 *
 * Without them a container uses as much as one that waits. A change of a running pod's annotations counts from the last
 * time that somebody looked.
 */
import { parseQuantity, quantityToFloat } from '@kts/apimachinery';

import { annotation } from './simulated-behaviour.ts';

export interface SimulatedUsage {
  /** Nanoseconds of processors' time in a second. */
  readonly cpuNanoCores: number;
  readonly memoryBytes: number;
}

/** What a container has used up to now. */
export interface UsedUp {
  readonly cpuNanoSeconds: number;
  readonly memoryBytes: number;
}

const IDLE: SimulatedUsage = { cpuNanoCores: 1e6, memoryBytes: 10 * 1024 ** 2 };
/** The node's own programs. */
const SYSTEM: SimulatedUsage = { cpuNanoCores: 50e6, memoryBytes: 512 * 1024 ** 2 };

export function usageOf(container: string, annotations: Readonly<Record<string, string>>): SimulatedUsage {
  const cpu = amountOf(annotation(annotations, 'cpu', container));
  const memory = amountOf(annotation(annotations, 'memory', container));
  return {
    cpuNanoCores: cpu === undefined ? IDLE.cpuNanoCores : Math.round(cpu * 1e9),
    memoryBytes: memory === undefined ? IDLE.memoryBytes : Math.round(memory),
  };
}

/** What is no quantity counts as absent. */
function amountOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  try {
    return Math.max(0, quantityToFloat(parseQuantity(text)));
  } catch {
    return undefined;
  }
}

/** Adds up the time of the processors of a machine and of each of its containers. Times are in milliseconds. */
export class UsageMeter<Container> {
  readonly #startedMs: number;
  readonly #running = new Map<Container, Metered>();
  #endedCpuNanoSeconds = 0;

  constructor(nowMs: number) {
    this.#startedMs = nowMs;
  }

  start(container: Container, usage: SimulatedUsage, nowMs: number): void {
    this.#running.set(container, { usage, cpuNanoSeconds: 0, untilMs: nowMs });
  }

  /** `usage` is what a container uses now, and has since somebody looked last. */
  advance(usage: (container: Container) => SimulatedUsage, nowMs: number): void {
    for (const [container, metered] of this.#running) {
      metered.usage = usage(container);
      charge(metered, nowMs);
    }
  }

  end(container: Container, nowMs: number): void {
    const metered = this.#running.get(container);
    if (!metered) return;
    charge(metered, nowMs);
    this.#endedCpuNanoSeconds += metered.cpuNanoSeconds;
    this.#running.delete(container);
  }

  /** Nothing of one that does not run. */
  usedBy(container: Container): UsedUp {
    const metered = this.#running.get(container);
    return metered ? usedUp(metered.cpuNanoSeconds, metered.usage.memoryBytes) : usedUp(0, 0);
  }

  /** Of the whole machine. */
  cpuNanoSeconds(nowMs: number): number {
    let sum = this.#endedCpuNanoSeconds + (SYSTEM.cpuNanoCores * (nowMs - this.#startedMs)) / 1000;
    for (const { cpuNanoSeconds } of this.#running.values()) sum += cpuNanoSeconds;
    return Math.round(sum);
  }

  /** Of the whole machine. */
  memoryBytes(): number {
    let sum = SYSTEM.memoryBytes;
    for (const { usage } of this.#running.values()) sum += usage.memoryBytes;
    return sum;
  }
}

interface Metered {
  usage: SimulatedUsage;
  cpuNanoSeconds: number;
  untilMs: number;
}

function charge(metered: Metered, nowMs: number): void {
  metered.cpuNanoSeconds += (metered.usage.cpuNanoCores * (nowMs - metered.untilMs)) / 1000;
  metered.untilMs = nowMs;
}

function usedUp(cpuNanoSeconds: number, memoryBytes: number): UsedUp {
  return { cpuNanoSeconds: Math.round(cpuNanoSeconds), memoryBytes };
}
