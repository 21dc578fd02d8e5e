/**
 * Reads the value at a simple path such as `.spec.replicas`, `.items[0].name` or `.metadata.labels['a.b/c']`; undefined
 * if there is none.
 *
 * Mirrors: the part of client-go/util/jsonpath that printer columns and scale use (v1.36)
 * Differs: no filters, wildcards or ranges.
 */
export function readPath(object: unknown, path: string): unknown {
  let value = object;
  for (const segment of segmentsOf(path)) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<string, unknown>)[segment];
  }
  return value;
}

/** Sets the value at a simple path, with the objects on the way to it. */
export function writePath(object: Record<string, unknown>, path: string, value: unknown): void {
  const segments = segmentsOf(path);
  let parent = object;
  for (const segment of segments.slice(0, -1)) {
    parent = parent[segment] = { ...(parent[segment] as Record<string, unknown> | undefined) };
  }
  parent[segments.at(-1)!] = value;
}

function segmentsOf(path: string): string[] {
  const segments: string[] = [];
  for (const [, plain, index, quoted] of path.matchAll(/\.?((?:[^.[\\]|\\.)+)|\[(\d+)\]|\[['"]([^'"]*)['"]\]/g)) {
    segments.push(quoted ?? index ?? plain!.replaceAll('\\', ''));
  }
  return segments;
}
