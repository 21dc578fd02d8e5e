import {
  formatQuantity,
  milliQuantityOf,
  parseQuantity,
  quantityAdd,
  quantityCompare,
  quantityOf,
  quantityToMilli,
  quantityToNumber,
  type Quantity,
  type QuantityValue,
} from '@kts/apimachinery';

/** Amounts by resource name, as the API has them. */
export type ResourceList = Readonly<Record<string, Quantity>>;

/** The amount in thousandths, rounded up; 0 if the list does not have it. */
export function milliValue(list: ResourceList | undefined, name: string): number {
  const text = list?.[name];
  return text === undefined ? 0 : quantityToMilli(text);
}

/** The amount in whole units (bytes, devices), rounded up; 0 if the list does not have it. */
export function wholeValue(list: ResourceList | undefined, name: string): number {
  const text = list?.[name];
  return text === undefined ? 0 : quantityToNumber(text);
}

export function addLists(...lists: readonly (ResourceList | undefined)[]): ResourceList {
  return combine(lists, quantityAdd);
}

/** The larger amount of each resource. */
export function maxLists(...lists: readonly (ResourceList | undefined)[]): ResourceList {
  return combine(lists, (a, b) => (quantityCompare(a, b) < 0 ? b : a));
}

/** The same resources with the same amounts, however they are written. */
export function sameLists(a: ResourceList | undefined, b: ResourceList | undefined): boolean {
  const names = new Set([...Object.keys(a ?? {}), ...Object.keys(b ?? {})]);
  return [...names].every((name) => {
    const [one, other] = [a?.[name], b?.[name]];
    return one !== undefined && other !== undefined && (one === other || quantityCompare(one, other) === 0);
  });
}

/** Thousandths of a unit: `250m`, `2`. */
export function formatMilli(milli: number): Quantity {
  return formatQuantity(milliQuantityOf(milli));
}

/** With the largest binary unit that divides it: `64Mi`. */
export function formatBytes(bytes: number): Quantity {
  return formatQuantity(quantityOf(bytes, 'binarySI'));
}

function combine(
  lists: readonly (ResourceList | undefined)[],
  join: (a: QuantityValue, b: QuantityValue) => QuantityValue,
): ResourceList {
  const result = new Map<string, QuantityValue>();
  for (const list of lists) {
    for (const [name, text] of Object.entries(list ?? {})) {
      const value = parseQuantity(text);
      const before = result.get(name);
      result.set(name, before === undefined ? value : join(before, value));
    }
  }
  return Object.fromEntries([...result].map(([name, value]) => [name, formatQuantity(value)]));
}
