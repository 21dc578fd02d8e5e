/**
 * Sets of completion indexes as ordered intervals, and their text form in a Job's status (`1,3-5`).
 *
 * Mirrors: orderedIntervals in pkg/controller/job/indexed_job_utils.go (v1.36)
 */

/** Inclusive, ordered, and neither overlapping nor adjacent. */
export type IndexIntervals = readonly (readonly [first: number, last: number])[];

/** Fragments that are no intervals are passed over; indexes from `completions` on are left out. */
export function parseIndexIntervals(text: string, completions: number): IndexIntervals {
  const result: [number, number][] = [];
  for (const fragment of text === '' ? [] : text.split(',')) {
    const [firstText = '', lastText] = fragment.split('-');
    if (!isIndex(firstText) || (lastText !== undefined && !isIndex(lastText))) continue;
    const first = Number(firstText);
    if (first >= completions) break;
    const last = lastText === undefined ? first : Math.min(Number(lastText), completions - 1);
    const previous = result.at(-1);
    if (previous && previous[1] === first - 1) previous[1] = last;
    else result.push([first, last]);
  }
  return result;
}

/** Two neighbours are written one by one: `1,2`, but `1-3`. */
export function formatIndexIntervals(intervals: IndexIntervals): string {
  const texts = intervals.map(([first, last]) => {
    if (first === last) return String(first);
    return last === first + 1 ? `${first},${last}` : `${first}-${last}`;
  });
  return texts.join(',');
}

export function unionOfIntervals(a: IndexIntervals, b: IndexIntervals): IndexIntervals {
  const result: [number, number][] = [];
  for (const [first, last] of [...a, ...b].toSorted((x, y) => x[0] - y[0])) {
    const previous = result.at(-1);
    if (!previous || first > previous[1] + 1) result.push([first, last]);
    else previous[1] = Math.max(previous[1], last);
  }
  return result;
}

export function withIndexes(intervals: IndexIntervals, indexes: Iterable<number>): IndexIntervals {
  return unionOfIntervals(
    intervals,
    [...indexes].map((index) => [index, index] as const),
  );
}

export function countIndexes(intervals: IndexIntervals): number {
  return intervals.reduce((total, [first, last]) => total + last - first + 1, 0);
}

export function hasIndex(intervals: IndexIntervals, index: number): boolean {
  return intervals.some(([first, last]) => first <= index && index <= last);
}

/** How many indexes both sets have. */
export function countCommonIndexes(a: IndexIntervals, b: IndexIntervals): number {
  let total = 0;
  for (const [firstA, lastA] of a) {
    for (const [firstB, lastB] of b) {
      total += Math.max(0, Math.min(lastA, lastB) - Math.max(firstA, firstB) + 1);
    }
  }
  return total;
}

/** The first `count` indexes below `completions` that are not in the set. */
export function firstMissingIndexes(intervals: IndexIntervals, count: number, completions: number): readonly number[] {
  const result: number[] = [];
  let candidate = 0;
  for (const [first, last] of intervals) {
    for (; candidate < first && candidate < completions && result.length < count; candidate++) result.push(candidate);
    candidate = Math.max(candidate, last + 1);
  }
  for (; candidate < completions && result.length < count; candidate++) result.push(candidate);
  return result;
}

function isIndex(text: string): boolean {
  return /^\d+$/.test(text);
}
