/**
 * The difference between two texts, line by line, as some messages show it.
 *
 * Mirrors: Diff in staging/src/k8s.io/apimachinery/pkg/util/diff (v1.36), whose matcher is that of Python's difflib
 */
const CONTEXT_LINES = 3;
/** From this many lines on, lines that make up more than a hundredth of the text start no match. */
const POPULAR_FROM_LINES = 200;

/** `sizes` lines from `a` in the first text equal those from `b` in the second. */
interface Match {
  readonly a: number;
  readonly b: number;
  readonly size: number;
}

interface Change {
  readonly equal: boolean;
  readonly aFrom: number;
  readonly aTo: number;
  readonly bFrom: number;
  readonly bTo: number;
}

/** Empty for equal texts. There is no header with names of files. */
export function unifiedDiff(first: string, second: string): string {
  const a = first.split('\n');
  const b = second.split('\n');
  return hunks(changes(a, b))
    .map((hunk) => hunkText(hunk, a, b))
    .join('');
}

function hunkText(hunk: readonly Change[], a: readonly string[], b: readonly string[]): string {
  const [first, last] = [hunk[0]!, hunk.at(-1)!];
  const lines = [`@@ -${range(first.aFrom, last.aTo)} +${range(first.bFrom, last.bTo)} @@`];
  for (const { equal, aFrom, aTo, bFrom, bTo } of hunk) {
    if (equal) {
      lines.push(...a.slice(aFrom, aTo).map((line) => ` ${line}`));
      continue;
    }
    lines.push(...a.slice(aFrom, aTo).map((line) => `-${line}`), ...b.slice(bFrom, bTo).map((line) => `+${line}`));
  }
  return lines.map((line) => `${line}\n`).join('');
}

function range(from: number, to: number): string {
  const length = to - from;
  if (length === 1) return String(from + 1);
  return `${length === 0 ? from : from + 1},${length}`;
}

/** Changes with the equal lines around them; long stretches of equal lines end one hunk and begin the next. */
function hunks(all: readonly Change[]): Change[][] {
  const found: Change[][] = [];
  let hunk: Change[] = [];
  for (const [index, change] of all.entries()) {
    const { equal, aFrom, aTo, bFrom, bTo } = change;
    const isFirst = index === 0;
    const isLast = index === all.length - 1;
    if (!equal || (!isFirst && !isLast && aTo - aFrom <= 2 * CONTEXT_LINES)) {
      hunk.push(change);
      continue;
    }
    if (!isFirst) {
      const length = Math.min(aTo - aFrom, CONTEXT_LINES);
      hunk.push({ equal, aFrom, aTo: aFrom + length, bFrom, bTo: bFrom + length });
      found.push(hunk);
    }
    const length = Math.min(aTo - aFrom, CONTEXT_LINES);
    hunk = [{ equal, aFrom: aTo - length, aTo, bFrom: bTo - length, bTo }];
  }
  if (hunk.some(({ equal }) => !equal)) found.push(hunk);
  return found;
}

function changes(a: readonly string[], b: readonly string[]): Change[] {
  const found: Change[] = [];
  let [i, j] = [0, 0];
  for (const match of [...matches(a, b), { a: a.length, b: b.length, size: 0 }]) {
    if (i < match.a || j < match.b) found.push({ equal: false, aFrom: i, aTo: match.a, bFrom: j, bTo: match.b });
    [i, j] = [match.a + match.size, match.b + match.size];
    if (match.size > 0) found.push({ equal: true, aFrom: match.a, aTo: i, bFrom: match.b, bTo: j });
  }
  return found;
}

/** The longest match, then those before it and behind it. Matches that touch become one. */
function matches(a: readonly string[], b: readonly string[]): Match[] {
  const positions = positionsOf(b);
  const collect = (aFrom: number, aTo: number, bFrom: number, bTo: number): Match[] => {
    const match = longestMatch(a, b, positions, { equal: false, aFrom, aTo, bFrom, bTo });
    if (match.size === 0) return [];
    return [
      ...collect(aFrom, match.a, bFrom, match.b),
      match,
      ...collect(match.a + match.size, aTo, match.b + match.size, bTo),
    ];
  };
  const joined: Match[] = [];
  for (const match of collect(0, a.length, 0, b.length)) {
    const last = joined.at(-1);
    if (last && last.a + last.size === match.a && last.b + last.size === match.b) {
      joined[joined.length - 1] = { ...last, size: last.size + match.size };
    } else joined.push(match);
  }
  return joined;
}

function positionsOf(lines: readonly string[]): ReadonlyMap<string, readonly number[]> {
  const positions = Map.groupBy(lines.keys(), (index) => lines[index]!);
  if (lines.length < POPULAR_FROM_LINES) return positions;
  const most = Math.floor(lines.length / 100) + 1;
  return new Map([...positions].filter(([, at]) => at.length <= most));
}

/** The first of the longest, in a's order; popular lines may only extend it. */
function longestMatch(
  a: readonly string[],
  b: readonly string[],
  positions: ReadonlyMap<string, readonly number[]>,
  { aFrom, aTo, bFrom, bTo }: Change,
): Match {
  let [bestA, bestB, size] = [aFrom, bFrom, 0];
  let lengths = new Map<number, number>();
  for (let i = aFrom; i < aTo; i++) {
    const next = new Map<number, number>();
    for (const j of positions.get(a[i]!) ?? []) {
      if (j < bFrom) continue;
      if (j >= bTo) break;
      const length = (lengths.get(j - 1) ?? 0) + 1;
      next.set(j, length);
      if (length > size) [bestA, bestB, size] = [i - length + 1, j - length + 1, length];
    }
    lengths = next;
  }
  while (bestA > aFrom && bestB > bFrom && a[bestA - 1] === b[bestB - 1])
    [bestA, bestB, size] = [bestA - 1, bestB - 1, size + 1];
  while (bestA + size < aTo && bestB + size < bTo && a[bestA + size] === b[bestB + size]) size++;
  return { a: bestA, b: bestB, size };
}
