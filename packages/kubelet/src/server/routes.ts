import type { Duplex } from 'node:stream';
import type { ServerResponse } from 'node:http';
import { serveContainerLog } from './logs/serve-log.ts';
import { serveSystemLogs } from './logs/serve-system-logs.ts';
import {
  serveContainerMetrics,
  serveKubeletMetrics,
  serveProbeMetrics,
  serveResourceMetrics,
  serveSummary,
} from './metrics/serve-metrics.ts';
import { servePods, serveRun, serveRunningPods } from './pods/serve-pods.ts';
import { serveConfiguration, serveHealth } from './serve-health.ts';
import type { KubeletRequest, ServerContext } from './server-context.ts';
import { serveAttach, serveExec, servePortForward } from './streaming/serve-streams.ts';

/** The connection of a request that asks for another protocol; `head` is what has come after the request already. */
export interface Upgrade {
  readonly socket: Duplex;
  readonly head: Buffer;
}

/** Answers a request, or takes over its connection. Throws `HttpFailure` for what the client gets instead. */
export type Handler = (
  context: ServerContext,
  request: KubeletRequest,
  response: ServerResponse,
  upgrade: Upgrade | undefined,
) => Promise<void>;

export interface Route {
  readonly methods: readonly string[];
  /** Segments; one that begins with a colon is a parameter, and a star at the end the parameter `rest`. */
  readonly path: string;
  readonly handle: Handler;
}

const STREAM = ['GET', 'POST'];

export const ROUTES: readonly Route[] = [
  { methods: ['GET'], path: '/containerLogs/:namespace/:pod/:container', handle: serveContainerLog },
  { methods: STREAM, path: '/exec/:namespace/:pod/:container', handle: serveExec },
  { methods: STREAM, path: '/exec/:namespace/:pod/:uid/:container', handle: serveExec },
  { methods: STREAM, path: '/attach/:namespace/:pod/:container', handle: serveAttach },
  { methods: STREAM, path: '/attach/:namespace/:pod/:uid/:container', handle: serveAttach },
  { methods: STREAM, path: '/portForward/:namespace/:pod', handle: servePortForward },
  { methods: STREAM, path: '/portForward/:namespace/:pod/:uid', handle: servePortForward },
  { methods: ['POST'], path: '/run/:namespace/:pod/:container', handle: serveRun },
  { methods: ['POST'], path: '/run/:namespace/:pod/:uid/:container', handle: serveRun },
  { methods: ['GET'], path: '/logs/*', handle: serveSystemLogs },
  { methods: ['GET'], path: '/pods', handle: servePods },
  { methods: ['GET'], path: '/runningpods', handle: serveRunningPods },
  { methods: ['GET'], path: '/stats/summary', handle: serveSummary },
  { methods: ['GET'], path: '/metrics', handle: serveKubeletMetrics },
  { methods: ['GET'], path: '/metrics/resource', handle: serveResourceMetrics },
  { methods: ['GET'], path: '/metrics/cadvisor', handle: serveContainerMetrics },
  { methods: ['GET'], path: '/metrics/probes', handle: serveProbeMetrics },
  { methods: ['GET'], path: '/healthz', handle: serveHealth },
  { methods: ['GET'], path: '/configz', handle: serveConfiguration },
];

export type RouteMatch =
  | { readonly route: Route; readonly parameters: Readonly<Record<string, string>> }
  | 'not found'
  | 'method not allowed';

/** The route of a path, as sent: its segments are decoded here. */
export function findRoute(routes: readonly Route[], method: string, path: string): RouteMatch {
  const segments = path.replace(/\/$/, '').split('/');
  let found: RouteMatch = 'not found';
  for (const route of routes) {
    const parameters = matchPath(route.path.split('/'), segments);
    if (!parameters) continue;
    if (route.methods.includes(method)) return { route, parameters };
    found = 'method not allowed';
  }
  return found;
}

function matchPath(pattern: readonly string[], segments: readonly string[]): Record<string, string> | undefined {
  const isOpen = pattern.at(-1) === '*';
  if (isOpen ? segments.length < pattern.length - 1 : segments.length !== pattern.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [index, part] of pattern.entries()) {
    if (part === '*') {
      parameters['rest'] = segments.slice(index).map(decode).join('/');
      break;
    }
    const segment = segments[index]!;
    if (part.startsWith(':')) parameters[part.slice(1)] = decode(segment);
    else if (part !== segment) return undefined;
  }
  return parameters;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
