/** The path and query of a request line; no URL object is made. */
export interface ParsedTarget {
  /** Percent-decoded. */
  readonly path: string;
  readonly query: URLSearchParams;
}

/** Shared by all requests without a query; nobody changes a request's query. */
const NO_QUERY = new URLSearchParams();

/** A path with broken percent-encoding is left as it is, and nothing will be found there. */
export function parseTarget(target: string): ParsedTarget {
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  const query = mark < 0 || mark === target.length - 1 ? NO_QUERY : new URLSearchParams(target.slice(mark + 1));
  return { path: path.includes('%') ? decode(path) : path, query };
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
