/** The path and query of a request line; no URL object is made. */
export interface ParsedTarget {
  /** Percent-decoded. */
  readonly path: string;
  readonly query: URLSearchParams;
}

/** Shared by all requests without a query; nobody changes a request's query. */
const NO_QUERY = new URLSearchParams();

export function parseTarget(target: string): ParsedTarget {
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  const query = mark < 0 || mark === target.length - 1 ? NO_QUERY : new URLSearchParams(target.slice(mark + 1));
  return { path: decodedPath(path), query };
}

/** A path with broken percent-encoding is left as it is, and nothing will be found there. */
export function decodedPath(path: string): string {
  if (!path.includes('%')) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
