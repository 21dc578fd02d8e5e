import { quantityToMilli, quantityToNumber, type Quantity } from '@kts/apimachinery';

/**
 * Amounts of resources as plain numbers: CPU in milli-cores, everything else in its base unit. They stay below 2^53,
 * so the arithmetic is exact.
 */
export interface Resources {
  readonly milliCpu: number;
  /** Bytes. */
  readonly memory: number;
  /** Bytes. */
  readonly ephemeralStorage: number;
  /** Extended resources, huge pages and attachable volumes by name. */
  readonly scalar: ReadonlyMap<string, number>;
}

/** A `ResourceList` as amounts by resource name; the key `pods` is kept too. */
export type Amounts = ReadonlyMap<string, number>;

const NO_SCALARS: ReadonlyMap<string, number> = new Map();

export const NO_RESOURCES: Resources = { milliCpu: 0, memory: 0, ephemeralStorage: 0, scalar: NO_SCALARS };

export function amountsOf(list: Readonly<Record<string, Quantity>> | undefined): Map<string, number> {
  const amounts = new Map<string, number>();
  for (const name in list) amounts.set(name, amountOf(name, list[name]!));
  return amounts;
}

/** One quantity in the unit of its resource, rounded up. */
export function amountOf(name: string, quantity: Quantity): number {
  return name === 'cpu' ? quantityToMilli(quantity) : quantityToNumber(quantity);
}

/** What the scheduler accounts for; names it does not know (such as `pods`) are left out. */
export function resourcesOf(amounts: Amounts): Resources {
  let scalar: Map<string, number> | undefined;
  for (const [name, amount] of amounts) {
    if (isScalarResource(name)) (scalar ??= new Map()).set(name, amount);
  }
  return {
    milliCpu: amounts.get('cpu') ?? 0,
    memory: amounts.get('memory') ?? 0,
    ephemeralStorage: amounts.get('ephemeral-storage') ?? 0,
    scalar: scalar ?? NO_SCALARS,
  };
}

export function addResources(total: Resources, change: Resources, sign: 1 | -1): Resources {
  return {
    milliCpu: total.milliCpu + sign * change.milliCpu,
    memory: total.memory + sign * change.memory,
    ephemeralStorage: total.ephemeralStorage + sign * change.ephemeralStorage,
    scalar: change.scalar.size === 0 ? total.scalar : addScalars(total.scalar, change.scalar, sign),
  };
}

export function sameResources(one: Resources, other: Resources): boolean {
  if (one.milliCpu !== other.milliCpu || one.memory !== other.memory) return false;
  if (one.ephemeralStorage !== other.ephemeralStorage || one.scalar.size !== other.scalar.size) return false;
  for (const [name, amount] of one.scalar) if (other.scalar.get(name) !== amount) return false;
  return true;
}

/** The amount of one resource by its API name. */
export function resourceNamed(resources: Resources, name: string): number {
  switch (name) {
    case 'cpu':
      return resources.milliCpu;
    case 'memory':
      return resources.memory;
    case 'ephemeral-storage':
      return resources.ephemeralStorage;
    default:
      return resources.scalar.get(name) ?? 0;
  }
}

/** Extended resources, huge pages, attachable volumes and other names with a domain. */
export function isScalarResource(name: string): boolean {
  return (
    isExtendedResource(name) ||
    name.startsWith('hugepages-') ||
    name.startsWith('attachable-volumes-') ||
    name.includes('kubernetes.io/')
  );
}

/** A resource with a domain of its own, such as `example.com/gpu`. */
export function isExtendedResource(name: string): boolean {
  return name.includes('/') && !name.includes('kubernetes.io/') && !name.startsWith('requests.');
}

function addScalars(
  total: ReadonlyMap<string, number>,
  change: ReadonlyMap<string, number>,
  sign: 1 | -1,
): ReadonlyMap<string, number> {
  const sum = new Map(total);
  for (const [name, amount] of change) sum.set(name, (sum.get(name) ?? 0) + sign * amount);
  return sum;
}
