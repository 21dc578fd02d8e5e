/** Mirrors: staging/src/k8s.io/cri-streaming/pkg/streaming/{remotecommand,portforward} (options of requests) (v1.36) */
import type { IncomingHttpHeaders } from 'node:http';
import { HttpFailure } from '../http-failure.ts';

export interface StreamOptions {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}

export const STREAM_PROTOCOL_V4 = 'v4.channel.k8s.io';
export const STREAM_PROTOCOL_V5 = 'v5.channel.k8s.io';
/** Before the name of a protocol whose SPDY frames travel in WebSocket messages. */
const TUNNEL_PREFIX = 'SPDY/3.1+';

/** Throws `HttpFailure` if no stream is asked for. */
export function parseStreamOptions(query: URLSearchParams): StreamOptions {
  const isSet = (name: string): boolean => query.get(name) === '1';
  const tty = isSet('tty');
  const options = { stdin: isSet('input'), stdout: isSet('output'), stderr: isSet('error') && !tty, tty };
  if (options.stdin || options.stdout || options.stderr) return options;
  throw new HttpFailure(400, 'you must specify at least 1 of stdin, stdout, stderr');
}

/** The ports that a WebSocket without SPDY forwards, named in the query; other clients name them in each stream. */
export function parseForwardedPorts(query: URLSearchParams, headers: IncomingHttpHeaders): readonly number[] {
  if (headers.upgrade?.toLowerCase() !== 'websocket') return [];
  const ports = query.getAll('port');
  if (ports.length === 0) throw new HttpFailure(400, 'query parameter "port" is required');
  return ports
    .flatMap((list) => list.split(','))
    .map((text) => {
      const port = Number(text);
      if (/^\d+$/.test(text) && port >= 1 && port <= 65_535) return port;
      throw new HttpFailure(
        400,
        text === '' ? 'query parameter "port" cannot be empty' : `unable to parse ${text} as a port`,
      );
    });
}

export function webSocketProtocols(headers: IncomingHttpHeaders): readonly string[] {
  if (headers.upgrade?.toLowerCase() !== 'websocket') return [];
  return (headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
}

/** The tunnelled protocols that a client offers, without what marks them as tunnelled. */
export function tunnelledProtocols(offered: readonly string[]): readonly string[] {
  return offered
    .filter((name) => name.startsWith(TUNNEL_PREFIX) && name.endsWith('.k8s.io'))
    .map((name) => name.slice(TUNNEL_PREFIX.length));
}

export function tunnelOf(protocol: string): string {
  return `${TUNNEL_PREFIX}${protocol}`;
}
