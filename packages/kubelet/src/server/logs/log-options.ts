/**
 * What a request for a container's log asks for.
 *
 * Mirrors: pkg/kubelet/server/server.go (getContainerLogs) and ValidatePodLogOptions of pkg/apis/core/validation (v1.36)
 */
import { parseTime } from '@kts/apimachinery';
import { HttpFailure } from '../http-failure.ts';

export type LogStream = 'stdout' | 'stderr';

export interface LogOptions {
  readonly follow: boolean;
  /** The log of the container before the last restart. */
  readonly previous: boolean;
  readonly timestamps: boolean;
  /** Lines from the end; absent: all. */
  readonly tailLines?: number;
  readonly limitBytes?: number;
  /** Entries before it are left out; milliseconds since the epoch. */
  readonly sinceMs?: number;
  readonly streams: ReadonlySet<LogStream>;
}

const STREAMS: Readonly<Record<string, readonly LogStream[]>> = {
  All: ['stdout', 'stderr'],
  Stdout: ['stdout'],
  Stderr: ['stderr'],
};

/** Throws `HttpFailure` if the query is not valid. */
export function parseLogOptions(query: URLSearchParams, nowMs: number): LogOptions {
  const tail = query.get('tail') || undefined;
  const tailLines = tail === 'all' ? undefined : integer(tail ?? query.get('tailLines'));
  const limitBytes = integer(query.get('limitBytes'));
  const sinceSeconds = integer(query.get('sinceSeconds'));
  const sinceTime = time(query.get('sinceTime'));
  const stream = query.get('stream') || 'All';
  const streams = STREAMS[stream];
  const valid =
    (tailLines === undefined || (tailLines >= 0 && stream === 'All')) &&
    (limitBytes === undefined || limitBytes >= 1) &&
    (sinceSeconds === undefined || (sinceSeconds >= 1 && sinceTime === undefined)) &&
    streams !== undefined;
  if (!valid) throw new HttpFailure(422, '{"message": "Invalid request."}');
  const sinceMs = sinceSeconds === undefined ? sinceTime : nowMs - sinceSeconds * 1000;
  return {
    follow: boolean(query.get('follow')),
    previous: boolean(query.get('previous')),
    timestamps: boolean(query.get('timestamps')),
    ...(tailLines === undefined ? {} : { tailLines }),
    ...(limitBytes === undefined ? {} : { limitBytes }),
    ...(sinceMs === undefined ? {} : { sinceMs }),
    streams: new Set(streams),
  };
}

/** Query parameters are true unless they are absent, `false` or `0`. */
function boolean(text: string | null): boolean {
  return text !== null && text.toLowerCase() !== 'false' && text !== '0';
}

function integer(text: string | null | undefined): number | undefined {
  if (text === null || text === undefined || text === '') return undefined;
  if (!/^[+-]?\d+$/.test(text)) throw undecodable();
  return Number(text);
}

function time(text: string | null): number | undefined {
  if (text === null || text === '') return undefined;
  try {
    return parseTime(text);
  } catch (error) {
    throw undecodable(error);
  }
}

function undecodable(cause?: unknown): HttpFailure {
  return new HttpFailure(400, '{"message": "Unable to decode query."}', { cause });
}
