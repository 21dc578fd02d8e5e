/**
 * Sets of indexes as text, such as `1,3-5,7`.
 *
 * Mirrors: validateIndexesFormat and parseIndexInterval in pkg/apis/batch/validation/validation.go (v1.36)
 */
export type IndexSet =
  | { readonly ok: true; readonly intervals: readonly (readonly [number, number])[]; readonly total: number }
  | { readonly ok: false; readonly error: string };

/** All indexes must be below `completions` and in order. */
export function parseIndexes(text: string, completions: number): IndexSet {
  const intervals: [number, number][] = [];
  let total = 0;
  for (const fragment of text === '' ? [] : text.split(',')) {
    const interval = parseInterval(fragment, completions);
    if (typeof interval === 'string') return { ok: false, error: interval };
    const last = intervals.at(-1)?.[1];
    if (last !== undefined && last >= interval[0]) return { ok: false, error: orderError(last, interval[0]) };
    total += interval[1] - interval[0] + 1;
    intervals.push(interval);
  }
  return { ok: true, intervals, total };
}

/** The first index that both sets have; fragments that are no intervals are passed over. */
export function firstCommonIndex(a: string, b: string, completions: number): number | undefined {
  const intervalsOf = (text: string): [number, number][] =>
    text.split(',').flatMap((fragment) => {
      const interval = parseInterval(fragment, completions);
      return typeof interval === 'string' ? [] : [interval];
    });
  const others = intervalsOf(b);
  for (const [from, to] of intervalsOf(a)) {
    const other = others.find(([start, end]) => from <= end && start <= to);
    if (other) return Math.max(from, other[0]);
  }
  return undefined;
}

function parseInterval(fragment: string, completions: number): [number, number] | string {
  const limits = fragment.split('-');
  if (limits.length > 2) {
    const rule = "the requirement that an index interval can have at most two parts separated by '-'";
    return `the fragment ${JSON.stringify(fragment)} violates ${rule}`;
  }
  for (const limit of limits) {
    const quoted = JSON.stringify(limit);
    if (!/^[+-]?\d+$/.test(limit)) return `cannot convert string to integer for index: ${quoted}`;
    if (Number(limit) >= completions) return `too large index: ${quoted}`;
  }
  const from = Number(limits[0]);
  const to = Number(limits[1] ?? limits[0]);
  return limits.length === 2 && from >= to ? orderError(from, to) : [from, to];
}

const orderError = (previous: number, current: number): string =>
  `non-increasing order, previous: ${previous}, current: ${current}`;
