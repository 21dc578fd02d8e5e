import type { CapacityRequestPolicy, CapacityRequirements, Device, DeviceCapacity } from '@kts/api/types/resource-v1';
import {
  formatQuantity,
  quantityAdd,
  quantityCompare,
  quantityOf,
  quantityScaled,
  quantitySub,
  type Quantity,
  type QuantityValue,
} from '@kts/apimachinery';

/**
 * How much of a device's capacity a request takes, and whether that much is left.
 *
 * Mirrors: structured/internal/incubating/consumable_capacity.go of
 * staging/src/k8s.io/dynamic-resource-allocation (v1.36)
 */
export type Capacities = Readonly<Record<string, Quantity>>;

/** Capacity in use, by name. */
export type UsedCapacity = Map<string, QuantityValue>;

/** What the request takes of each capacity of the device; `undefined` if it asks for one that the device lacks. */
export function consumedCapacity(
  { capacity = {} }: Device,
  requirements: CapacityRequirements | undefined,
): Capacities | undefined {
  const requested = requirements?.requests ?? {};
  if (!Object.keys(requested).every((name) => Object.hasOwn(capacity, name))) return undefined;
  return Object.fromEntries(
    Object.entries(capacity).map(([name, one]) => [
      name,
      consumed(Object.hasOwn(requested, name) ? requested[name] : undefined, one),
    ]),
  );
}

/** Whether the device's policies allow such amounts, and enough is left beside what is in use. */
export function hasCapacityLeft(
  { capacity = {} }: Device,
  wanted: Capacities,
  ...used: readonly (UsedCapacity | undefined)[]
): boolean {
  return Object.entries(capacity).every(([name, { value, requestPolicy }]) => {
    const amount = wanted[name]!;
    if (requestPolicy && !isAllowed(amount, requestPolicy)) return false;
    const inUse = used.flatMap((one) => one?.get(name) ?? []);
    const total = inUse.reduce<Quantity | QuantityValue>((sum, one) => quantityAdd(sum, one), amount);
    return quantityCompare(total, value) <= 0;
  });
}

/** Adds the amounts to what is in use, or takes them away. */
export function addUse(used: UsedCapacity, amounts: Capacities, sign: 1 | -1): void {
  const combine = sign === 1 ? quantityAdd : quantitySub;
  for (const [name, amount] of Object.entries(amounts)) used.set(name, combine(used.get(name) ?? '0', amount));
}

function consumed(requested: Quantity | undefined, { value, requestPolicy }: DeviceCapacity): Quantity {
  if (requested === undefined) return requestPolicy?.default ?? value;
  const range = requestPolicy?.validRange;
  if (range?.min !== undefined) return roundUp(requested, range.min, range.step);
  return requestPolicy?.validValues?.find((valid) => quantityCompare(requested, valid) <= 0) ?? requested;
}

function roundUp(requested: Quantity, min: Quantity, step: Quantity | undefined): Quantity {
  if (quantityCompare(requested, min) < 0) return min;
  if (step === undefined) return requested;
  const [from, by] = [quantityScaled(min, 0), quantityScaled(step, 0)];
  const steps = (quantityScaled(requested, 0) - from + by - 1n) / by;
  return formatQuantity(quantityOf(from + steps * by, 'binarySI'));
}

function isAllowed(amount: Quantity, policy: CapacityRequestPolicy): boolean {
  const { validRange: range, validValues } = policy;
  if (policy.default !== undefined && quantityCompare(amount, policy.default) === 0) return true;
  if (range !== undefined) {
    if (range.max !== undefined && quantityCompare(amount, range.max) > 0) return false;
    if (range.step === undefined) return true;
    return (quantityScaled(amount, 0) - quantityScaled(range.min, 0)) % quantityScaled(range.step, 0) === 0n;
  }
  return !validValues?.length || validValues.some((valid) => quantityCompare(amount, valid) === 0);
}
