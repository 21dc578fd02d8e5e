import { PARTS, type Part, type RecordedCall, type Recording } from './recording.ts';

export interface Observed {
  readonly calls: readonly RecordedCall[];
  readonly settled: Recording['settled'];
  readonly events: Recording['events'];
  readonly files: NonNullable<Recording['files']>;
}

export interface Difference {
  readonly part: Part;
  readonly expected: string;
  readonly actual: string;
}

/** Where a run differs from its recording, one difference per part. */
export function differences(recording: Recording, observed: Observed): readonly Difference[] {
  return PARTS.flatMap((part) => {
    const expected = entriesOf(recording[part] ?? []);
    const actual = entriesOf(observed[part]);
    const common = recording.both?.[part]?.map((index) => entriesOf([recording[part]?.[index]])[0]!);
    const difference = recording.stable[part]
      ? firstDifference(expected, actual)
      : recording.stable[`${part}Unordered`]
        ? firstDifference(expected.toSorted(), actual.toSorted())
        : firstMissing(common ?? [], actual);
    return difference ? [{ part, ...difference }] : [];
  });
}

function entriesOf(entries: readonly unknown[]): readonly string[] {
  const texts = entries.map((entry) => JSON.stringify(canonical(withoutLibraryVersion(entry))));
  return sortStops(texts);
}

/** The metadata of gRPC probes names the client library, not the kubelet. */
function withoutLibraryVersion(entry: unknown): unknown {
  const call = entry as Partial<RecordedCall> | undefined;
  if (call?.method !== '#grpc') return entry;
  return { ...call, request: { ...(call.request as object), metadata: undefined } };
}

/** Containers of one pod are stopped side by side, in any order; so are they announced. */
function sortStops(texts: readonly string[]): readonly string[] {
  const isStop = (text: string | undefined): boolean =>
    text !== undefined && (text.includes('"method":"StopContainer"') || text.includes('"reason":"Killing"'));
  const result = [...texts];
  for (let start = 0; start < result.length; start++) {
    if (!isStop(result[start])) continue;
    let end = start;
    while (isStop(result[end])) end++;
    result.splice(start, end - start, ...result.slice(start, end).toSorted());
    start = end;
  }
  return result;
}

/** Keys in order; what is null or absent is the same. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, content]) => content !== null && content !== undefined)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, content]) => [key, canonical(content)]),
  );
}

function firstDifference(expected: readonly string[], actual: readonly string[]): Omit<Difference, 'part'> | undefined {
  for (let index = 0; index < Math.max(expected.length, actual.length); index++) {
    if (expected[index] === actual[index]) continue;
    return { expected: expected[index] ?? '(nothing)', actual: actual[index] ?? '(nothing)' };
  }
  return undefined;
}

/** Entries in common with the other recording must be there, in order. */
function firstMissing(expected: readonly string[], actual: readonly string[]): Omit<Difference, 'part'> | undefined {
  let at = 0;
  for (const entry of expected) {
    const found = actual.indexOf(entry, at);
    if (found < 0) return { expected: entry, actual: actual[at] ?? '(nothing)' };
    at = found + 1;
  }
  return undefined;
}
