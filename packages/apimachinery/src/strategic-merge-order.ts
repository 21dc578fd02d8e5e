/**
 * The order of merged lists: elements of the patch as the patch wants them, the others as they were, and both
 * interleaved by where they stood before.
 *
 * Mirrors: staging/src/k8s.io/apimachinery/pkg/util/strategicpatch/patch.go, normalizeElementOrder (v1.36)
 */

/** `listed` sorted like `order` and `rest` sorted like `before`, in one list. `mergeKey` is empty for scalars. */
export function mergeInOrder(
  listed: readonly unknown[],
  rest: readonly unknown[],
  order: readonly unknown[],
  before: readonly unknown[],
  mergeKey: string,
): unknown[] {
  return interleave(sortLike(rest, before, mergeKey), sortLike(listed, order, mergeKey), before, mergeKey);
}

/** A stable sort by the position in `order`. An element that is not there moves to the front of what precedes it. */
function sortLike(list: readonly unknown[], order: readonly unknown[], mergeKey: string): unknown[] {
  const positions = positionsOf(order, mergeKey);
  const sorted = [...list];
  for (let end = 1; end < sorted.length; end++) {
    for (let at = end; at > 0 && precedes(sorted[at], sorted[at - 1], positions, mergeKey); at--) {
      [sorted[at - 1], sorted[at]] = [sorted[at], sorted[at - 1]];
    }
  }
  return sorted;
}

type Positions = ReadonlyMap<unknown, number>;

function precedes(a: unknown, b: unknown, positions: Positions, mergeKey: string): boolean {
  const left = positions.get(identity(a, mergeKey));
  const right = positions.get(identity(b, mergeKey));
  return left === undefined || right === undefined || left < right;
}

/** An element of `left` goes before the next one of `right` only if it is known to have been before it. */
function interleave(
  left: readonly unknown[],
  right: readonly unknown[],
  before: readonly unknown[],
  mergeKey: string,
): unknown[] {
  const positions = positionsOf(before, mergeKey);
  const merged: unknown[] = [];
  let next = 0;
  for (const item of right) {
    const bound = positions.get(identity(item, mergeKey));
    while (next < left.length) {
      const position = positions.get(identity(left[next], mergeKey));
      if (bound === undefined || position === undefined || position >= bound) break;
      merged.push(left[next++]);
    }
    merged.push(item);
  }
  return [...merged, ...left.slice(next)];
}

function positionsOf(list: readonly unknown[], mergeKey: string): Positions {
  const positions = new Map<unknown, number>();
  for (const [index, item] of list.entries()) {
    const key = identity(item, mergeKey);
    if (!positions.has(key)) positions.set(key, index);
  }
  return positions;
}

function identity(item: unknown, mergeKey: string): unknown {
  return mergeKey === '' ? item : (item as Readonly<Record<string, unknown>>)[mergeKey];
}
