import { createServer, type Server } from 'node:http';

import type { Logger } from '@kts/base';
import type { NetworkNamespace } from '@kts/host-linux';

import { serviceHealthBody, type ServiceHealth } from './service-health.ts';

/** One listener on the node for each Service that load balancers ask about. */
export class HealthCheckServers {
  readonly #network: NetworkNamespace;
  readonly #log: Logger;
  readonly #isProxyHealthy: () => boolean;
  readonly #servers = new Map<number, { health: ServiceHealth; readonly server: Server }>();

  constructor(options: {
    readonly network: NetworkNamespace;
    readonly log: Logger;
    readonly isProxyHealthy: () => boolean;
  }) {
    this.#network = options.network;
    this.#log = options.log;
    this.#isProxyHealthy = options.isProxyHealthy;
  }

  /** Listens on these ports and no others. A port that is taken is logged, and tried again with the next change. */
  async apply(wanted: ReadonlyMap<number, ServiceHealth>): Promise<void> {
    for (const [port, { server }] of this.#servers) {
      if (wanted.has(port)) continue;
      this.#servers.delete(port);
      await close(server);
    }
    for (const [port, health] of wanted) {
      const known = this.#servers.get(port);
      if (known) known.health = health;
      else await this.#listen(port, health);
    }
  }

  async close(): Promise<void> {
    await this.apply(new Map());
  }

  async #listen(port: number, health: ServiceHealth): Promise<void> {
    const server = createServer((_request, response) => {
      const { health: now } = entry;
      const proxyHealthy = this.#isProxyHealthy();
      response.writeHead(now.localEndpoints > 0 && proxyHealthy ? 200 : 503, {
        'content-type': 'application/json',
        'x-content-type-options': 'nosniff',
        'x-load-balancing-endpoint-weight': String(now.localEndpoints),
      });
      response.end(serviceHealthBody(now, proxyHealthy));
    });
    const entry = { health, server };
    try {
      await this.#network.listen(server, port);
      this.#servers.set(port, entry);
    } catch (error) {
      this.#log.error('cannot listen for health checks of a Service', {
        service: `${health.namespace}/${health.name}`,
        port,
        error,
      });
    }
  }
}

export function close(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  server.closeAllConnections();
  return promise;
}
