import type { Device, DeviceCounterConsumption } from '@kts/api/types/resource-v1';
import { quantityAdd, quantityCompare, quantitySub, type Quantity, type QuantityValue } from '@kts/apimachinery';
import type { DevicePool } from './device-pools.ts';

/**
 * The counters that the devices of one pool share, such as the memory of a GPU that can be partitioned in many ways.
 *
 * Mirrors: checkAvailableCounters in structured/internal/incubating/allocator_incubating.go of
 * staging/src/k8s.io/dynamic-resource-allocation (v1.36)
 * Differs: counters are kept per driver and pool, not per name of a pool.
 */
export class SharedCounters {
  /** What is left, by counter set and counter. */
  readonly #left = new Map<string, Map<string, Quantity | QuantityValue>>();

  /** @param isInUse whether a device of the pool was allocated before. */
  constructor(pool: DevicePool, isInUse: (device: Device) => boolean) {
    for (const { name, counters } of pool.counterSets.values()) {
      this.#left.set(name, new Map(Object.entries(counters).map(([counter, { value }]) => [counter, value])));
    }
    const elsewhere = pool.elsewhere.flatMap(({ spec }) => spec.devices ?? []);
    for (const device of [...pool.candidates.map((candidate) => candidate.device), ...elsewhere]) {
      if (isInUse(device)) this.#change(device.consumesCounters, quantitySub);
    }
  }

  /** Takes what the device consumes if there is enough of everything; the answer says whether there was. */
  take({ consumesCounters = [] }: Device): boolean {
    this.#change(consumesCounters, quantitySub);
    const isShort = consumesCounters.some(({ counterSet, counters }) =>
      Object.keys(counters).some((name) => quantityCompare(this.#left.get(counterSet)?.get(name) ?? '0', '0') < 0),
    );
    if (isShort) this.#change(consumesCounters, quantityAdd);
    return !isShort;
  }

  giveBack({ consumesCounters }: Device): void {
    this.#change(consumesCounters, quantityAdd);
  }

  #change(consumption: readonly DeviceCounterConsumption[] = [], combine: typeof quantityAdd): void {
    for (const { counterSet, counters } of consumption) {
      const left = this.#left.get(counterSet);
      for (const [name, { value }] of Object.entries(counters)) left?.set(name, combine(left.get(name) ?? '0', value));
    }
  }
}
