import { createServer, type Server } from 'node:http';

import type { Logger } from '@kts/base';
import type { NetworkNamespace } from '@kts/host-linux';

import { serviceHealthBody, type ServiceHealth } from './service-health.ts';

/** Listeners on the node for each Service that load balancers ask about. */
export class HealthCheckServers {
  readonly #network: NetworkNamespace;
  readonly #log: Logger;
  readonly #isProxyHealthy: () => boolean;
  /** By address and port. */
  readonly #servers = new Map<string, { health: ServiceHealth; readonly server: Server }>();

  constructor(options: {
    readonly network: NetworkNamespace;
    readonly log: Logger;
    readonly isProxyHealthy: () => boolean;
  }) {
    this.#network = options.network;
    this.#log = options.log;
    this.#isProxyHealthy = options.isProxyHealthy;
  }

  /**
   * Listens on these ports and no others, on the given addresses of the node or on all. A port that is taken is logged,
   * and tried again with the next change.
   */
  async apply(wanted: ReadonlyMap<number, ServiceHealth>, addresses: readonly string[] = []): Promise<void> {
    const hosts = addresses.length > 0 ? addresses : ['0.0.0.0'];
    const places = new Map<string, { readonly host: string; readonly port: number; readonly health: ServiceHealth }>(
      [...wanted].flatMap(([port, health]) =>
        hosts.map((host) => [`${host} ${port}`, { host, port, health }] as const),
      ),
    );
    for (const [place, { server }] of this.#servers) {
      if (places.has(place)) continue;
      this.#servers.delete(place);
      await close(server);
    }
    for (const [place, { host, port, health }] of places) {
      const known = this.#servers.get(place);
      if (known) known.health = health;
      else await this.#listen(place, host, port, health);
    }
  }

  async close(): Promise<void> {
    await this.apply(new Map());
  }

  async #listen(place: string, host: string, port: number, health: ServiceHealth): Promise<void> {
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
      await this.#network.listen(server, port, host);
      this.#servers.set(place, entry);
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
