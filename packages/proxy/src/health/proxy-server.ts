import { createServer, type ServerResponse } from 'node:http';

import type { Node } from '@kts/api/types/core-v1';
import type { NetworkNamespace } from '@kts/host-linux';

import type { ProxyConfiguration } from '../configuration/proxy-configuration.ts';
import { close } from './health-check-servers.ts';
import type { HealthAnswer, ProxyHealth } from './proxy-health.ts';
import type { ProxyMetrics } from './proxy-metrics.ts';

export interface ProxyServerConfig {
  /** `address:port` of `/healthz` and `/livez`. */
  readonly healthz?: { readonly address?: string; readonly port: number };
  /** Of `/metrics`, `/proxyMode` and `/configz`. */
  readonly metrics?: { readonly address?: string; readonly port: number };
  /** What `/configz` shows. */
  readonly configuration?: ProxyConfiguration;
}

/** Serves what others may know of the proxy. The ports are those that were given, or free ones for 0. */
export async function startProxyServers(
  config: ProxyServerConfig,
  deps: {
    readonly network: NetworkNamespace;
    readonly health: ProxyHealth;
    readonly metrics: ProxyMetrics;
    readonly node: () => Node | undefined;
  },
): Promise<{ readonly ports: readonly number[]; readonly close: () => Promise<void> }> {
  const { network, health, metrics, node } = deps;
  const listeners = [
    {
      at: config.healthz,
      answers: new Map<string, (response: ServerResponse) => void>([
        ['/healthz', (response) => sendHealth(response, health.ready(node()))],
        ['/livez', (response) => sendHealth(response, health.live())],
      ]),
    },
    {
      at: config.metrics,
      answers: new Map<string, (response: ServerResponse) => void>([
        ['/healthz', (response) => sendText(response, 'ok')],
        ['/metrics', (response) => sendText(response, metrics.text(), 'text/plain; version=0.0.4; charset=utf-8')],
        ['/proxyMode', (response) => sendText(response, 'nftables')],
        ['/configz', (response) => sendConfiguration(response, config.configuration)],
      ]),
    },
  ];
  const servers = listeners
    .filter(({ at }) => at !== undefined)
    .map(({ at, answers }) => {
      const server = createServer((request, response) => {
        const answer = answers.get((request.url ?? '/').split('?')[0]!);
        if (answer) answer(response);
        else response.writeHead(404).end('404 page not found\n');
      });
      return { at: at!, server };
    });
  const ports = await Promise.all(servers.map(({ at, server }) => network.listen(server, at.port, at.address)));
  return { ports, close: async () => void (await Promise.all(servers.map(({ server }) => close(server)))) };
}

function sendHealth(response: ServerResponse, { healthy, body }: HealthAnswer): void {
  response.writeHead(healthy ? 200 : 503, {
    'content-type': 'application/json',
    'x-content-type-options': 'nosniff',
  });
  response.end(JSON.stringify(body));
}

function sendConfiguration(response: ServerResponse, configuration: ProxyConfiguration | undefined): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(configuration ? { 'kubeproxy.config.k8s.io': configuration } : {}));
}

function sendText(response: ServerResponse, text: string, type = 'text/plain; charset=utf-8'): void {
  response.writeHead(200, { 'content-type': type });
  response.end(text);
}
