import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { TaskGroup, type Clock, type Component, type HealthCheck, type Logger, type Random } from '@kts/base';
import { issue, type Client, type KeyPair } from '@kts/client';
import { checkAccess } from './endpoint-access.ts';
import { answerHealth } from './health.ts';

/**
 * The scheduler's HTTPS endpoints: health, metrics and configuration.
 *
 * Mirrors: newEndpointsHandler in cmd/kube-scheduler/app/server.go (v1.36)
 * Differs: no profiling, statusz or flagz.
 */
export interface EndpointConfig {
  readonly address: string;
  /** 0: any free one. */
  readonly port: number;
  /** Paths that everybody may see. */
  readonly alwaysAllowPaths: readonly string[];
  /** Absent: one that nobody has signed. */
  readonly certificate?: KeyPair;
}

export interface EndpointDeps {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: () => string;
  readonly podResources: () => string;
  readonly configuration: object;
  readonly healthChecks: readonly HealthCheck[];
  readonly readinessChecks: readonly HealthCheck[];
}

export interface EndpointServer extends Component {
  /** Known once `ready`. */
  readonly port: number;
}

interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
}

const PLAIN = 'text/plain; charset=utf-8';
const METRICS = 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores';
const LIFE_MS = 365 * 24 * 3600 * 1000;
const HEADERS_MS_MAX = 30_000;

export function createEndpointServer(config: EndpointConfig, deps: EndpointDeps): EndpointServer {
  const ready = Promise.withResolvers<void>();
  let { port } = config;
  return {
    name: 'scheduler-endpoints',
    ready: ready.promise,
    get port() {
      return port;
    },
    run: async (signal) => {
      const group = new TaskGroup(signal);
      const { certificate: cert, key } = config.certificate ?? selfSigned(deps);
      const server = createServer({ cert, key }, (request, response) =>
        group.start((groupSignal) => respond(request, response, { ...deps, ...config }, groupSignal)),
      );
      server.headersTimeout = HEADERS_MS_MAX;
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(config.port, config.address, resolve);
      });
      ({ port } = server.address() as AddressInfo);
      ready.resolve();
      group.start(async (groupSignal) => {
        await new Promise<void>((resolve) => {
          if (groupSignal.aborted) resolve();
          else groupSignal.addEventListener('abort', () => resolve(), { once: true });
        });
        server.closeAllConnections();
        await new Promise<void>((resolve) => server.close(() => resolve()));
      });
      await group.done();
    },
  };
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  deps: EndpointDeps & Pick<EndpointConfig, 'alwaysAllowPaths'>,
  signal: AbortSignal,
): Promise<void> {
  let answer: Answer;
  try {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'https://scheduler');
    const { authorization } = request.headers;
    const access = await checkAccess(pathname, deps.alwaysAllowPaths, authorization, deps.client, signal);
    answer = access === 'allowed' ? await answerPath(pathname, searchParams, deps) : refusal(access);
  } catch (error) {
    if (signal.aborted) return;
    deps.log.warn('request to an endpoint failed', { error });
    answer = { status: 500, contentType: PLAIN, text: 'Internal Server Error\n' };
  }
  const { status, contentType, text } = answer;
  response.writeHead(status, { 'content-type': contentType, 'x-content-type-options': 'nosniff' });
  response.end(request.method === 'HEAD' ? undefined : text);
}

async function answerPath(path: string, query: URLSearchParams, deps: EndpointDeps): Promise<Answer> {
  const health = async (name: string, checks: readonly HealthCheck[]): Promise<Answer> => ({
    contentType: PLAIN,
    ...(await answerHealth(name, checks, query)),
  });
  switch (path) {
    case '/healthz':
      return health('healthz', [PING, ...deps.healthChecks]);
    case '/livez':
      return health('livez', [PING]);
    case '/readyz':
      return health('readyz', [PING, ...deps.readinessChecks]);
    case '/metrics':
      return { status: 200, contentType: METRICS, text: deps.metrics() };
    case '/metrics/resources':
      return { status: 200, contentType: METRICS, text: deps.podResources() };
    case '/configz':
      return {
        status: 200,
        contentType: 'application/json',
        text: JSON.stringify({ componentconfig: deps.configuration }),
      };
    default:
      return { status: 404, contentType: PLAIN, text: '404 page not found\n' };
  }
}

const PING: HealthCheck = { name: 'ping', check: () => Promise.resolve() };

function refusal(access: 'unauthorized' | 'forbidden'): Answer {
  return access === 'unauthorized'
    ? { status: 401, contentType: PLAIN, text: 'Unauthorized\n' }
    : { status: 403, contentType: PLAIN, text: 'Forbidden\n' };
}

function selfSigned({ clock, random }: EndpointDeps): KeyPair {
  const now = clock.now();
  const seconds = Math.floor(now / 1000);
  const common = () => ({
    notBefore: now - 3_600_000,
    notAfter: now + LIFE_MS,
    serial: Buffer.from(random.uuid().replaceAll('-', ''), 'hex'),
  });
  const authority = issue({ ...common(), commonName: `localhost-ca@${seconds}`, usage: 'authority' });
  const { certificate, key } = issue(
    { ...common(), commonName: `localhost@${seconds}`, usage: 'server', alternativeNames: ['localhost', '127.0.0.1'] },
    authority,
  );
  return { certificate: certificate + authority.certificate, key };
}
