import { isIP } from 'node:net';

import { endpointSlices, nodes, serviceCIDRs, services } from '@kts/api';
import type { Node } from '@kts/api/types/core-v1';
import type { KubeObject } from '@kts/apimachinery';
import type { Clock, Component, Logger, Random } from '@kts/base';
import type { Client } from '@kts/client';
import { createInformers, type Informer } from '@kts/controlkit';
import type { NetworkNamespace } from '@kts/host-linux';

import { HealthCheckServers } from './health/health-check-servers.ts';
import { ProxyHealth } from './health/proxy-health.ts';
import { ProxyMetrics } from './health/proxy-metrics.ts';
import { startProxyServers, type ProxyServerConfig } from './health/proxy-server.ts';
import { serviceHealthChecks } from './health/service-health.ts';
import { EMPTY_CONFIGURATION } from './configuration/proxy-configuration.ts';
import { computeNodeTraffic, type TrafficConfiguration } from './node-traffic.ts';
import type { ProxyBackend } from './proxy-backend.ts';
import { computeServiceRoutes, type IpFamily, type ProxyNode, type ServiceRoute } from './service-routes.ts';

export interface ProxyConfig extends ProxyServerConfig {
  readonly nodeName: string;
  /** Default: packets of pods are not told from others, and node ports answer on the node's own addresses. */
  readonly traffic?: TrafficConfiguration;
}

export interface ProxyDeps {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** One for each IP family that is proxied. */
  readonly backends: ReadonlyMap<IpFamily, ProxyBackend>;
  /** Where the proxy answers questions about itself and about Services; absent: nowhere. */
  readonly network?: NetworkNamespace;
}

/** Changes that come together are applied together. */
const SETTLE_MS = 20;
const RETRY_MS = 1_000;
const ZONE_LABEL = 'topology.kubernetes.io/zone';

/** The service proxy of one node. What it has set up stays when it stops, as upstream's does: connections go on. */
export function createProxy(config: ProxyConfig, deps: ProxyDeps): Component {
  const { promise: ready, resolve } = Promise.withResolvers<void>();
  return {
    name: 'kube-proxy',
    ready,
    run: (signal) => new ProxyRun(config, deps, resolve).run(signal),
  };
}

/** One run of the proxy, from its start to its end. */
class ProxyRun {
  readonly #config: ProxyConfig;
  readonly #deps: ProxyDeps;
  readonly #onReady: () => void;
  readonly #health: ProxyHealth;
  readonly #metrics = new ProxyMetrics();
  readonly #healthChecks: HealthCheckServers | undefined;
  #isDirty = true;
  #wake = (): void => {};

  constructor(config: ProxyConfig, deps: ProxyDeps, onReady: () => void) {
    const { clock, log, network } = deps;
    this.#config = config;
    this.#deps = deps;
    this.#onReady = onReady;
    this.#health = new ProxyHealth(clock);
    this.#healthChecks =
      network && new HealthCheckServers({ network, log, isProxyHealthy: () => this.#health.healthy });
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, log, network } = this.#deps;
    const informers = createInformers(this.#deps);
    const serviceInformer = informers.get(services);
    const sliceInformer = informers.get(endpointSlices);
    const rangeInformer = informers.get(serviceCIDRs);
    const nodeInformer = informers.get(nodes, { fieldSelector: `metadata.name=${this.#config.nodeName}` });
    const watching = informers.run(signal);
    const node = (): Node | undefined => nodeInformer.get({ name: this.#config.nodeName });
    this.#follow(serviceInformer, () => this.#metrics.serviceChanged(clock.now()));
    this.#follow(sliceInformer, () => this.#metrics.endpointsChanged(clock.now()));
    this.#follow(rangeInformer, () => {});
    this.#followNode(nodeInformer);
    signal.addEventListener('abort', () => this.#wake(), { once: true });
    const server =
      network &&
      (await startProxyServers(this.#config, { network, health: this.#health, metrics: this.#metrics, node }));
    try {
      await informers.synced();
      while (!signal.aborted) {
        if (!this.#isDirty) await this.#untilDirty();
        else {
          this.#isDirty = false;
          const state = {
            services: serviceInformer.list(),
            slices: sliceInformer.list(),
            serviceCIDRs: rangeInformer.list(),
            node: node(),
          };
          await this.#sync(state).catch((error: unknown) => {
            this.#metrics.syncFailed();
            log.error('Service rules could not be applied', { error });
            clock.after(RETRY_MS, () => this.#markDirty());
          });
          await clock.sleep(SETTLE_MS, signal).catch(() => {});
        }
      }
    } finally {
      await server?.close();
      await this.#healthChecks?.close();
    }
    await watching;
  }

  #follow<T extends KubeObject>(informer: Informer<T>, note: () => void): void {
    const changed = (): void => {
      note();
      this.#markDirty();
    };
    informer.subscribe({ onAdd: changed, onUpdate: changed, onDelete: changed });
  }

  /** Most changes of a node are heartbeats, which change no rule. */
  #followNode(informer: Informer<Node>): void {
    const relevant = ({ metadata, spec, status }: Node): string =>
      JSON.stringify([metadata.labels?.[ZONE_LABEL], spec?.podCIDRs, status?.addresses]);
    informer.subscribe({
      onAdd: () => this.#markDirty(),
      onUpdate: (before, after) => {
        if (relevant(before) !== relevant(after)) this.#markDirty();
      },
      onDelete: () => this.#markDirty(),
    });
  }

  #markDirty(): void {
    this.#isDirty = true;
    for (const family of this.#deps.backends.keys()) this.#health.queued(family);
    this.#wake();
  }

  async #untilDirty(): Promise<void> {
    const pause = Promise.withResolvers<void>();
    this.#wake = pause.resolve;
    await pause.promise;
  }

  async #sync(state: {
    readonly services: Parameters<typeof computeServiceRoutes>[0];
    readonly slices: Parameters<typeof computeServiceRoutes>[1];
    readonly serviceCIDRs: Parameters<typeof computeNodeTraffic>[2];
    readonly node: Node | undefined;
  }): Promise<void> {
    const { clock, backends } = this.#deps;
    const node = proxyNode(state.node, this.#config.nodeName);
    const start = clock.monotonic();
    const withoutLocal = { internal: 0, external: 0 };
    const addresses: string[] = [];
    for (const [family, backend] of backends) {
      const routes = computeServiceRoutes(state.services, state.slices, node, family);
      const { traffic = EMPTY_CONFIGURATION } = this.#config;
      const nodeTraffic = computeNodeTraffic(traffic, state.node, state.serviceCIDRs, family);
      await backend.apply(routes, nodeTraffic);
      addresses.push(...nodeTraffic.nodePortRanges);
      this.#health.updated(family);
      withoutLocal.internal += routes.filter((route) => isWithoutLocal(route, route.clusterBackends)).length;
      withoutLocal.external += routes.filter((route) => isWithoutLocal(route, route.externalBackends)).length;
    }
    this.#metrics.withoutLocalEndpoints(withoutLocal);
    this.#metrics.synced(clock.now(), clock.monotonic() - start);
    // Ranges of several addresses would have to be looked up among the node's: then it listens on all.
    const isExact = addresses.length > 0 && addresses.every((address) => isIP(address) !== 0);
    const checks = serviceHealthChecks(state.services, state.slices, node.name);
    await this.#healthChecks?.apply(checks, isExact ? addresses : []);
    this.#onReady();
  }
}

/** The policy Local has left nothing of what there is. */
function isWithoutLocal(route: ServiceRoute, backends: ServiceRoute['clusterBackends']): boolean {
  return route.hasAnyBackend && backends.length === 0;
}

function proxyNode(node: Node | undefined, name: string): ProxyNode {
  const zone = node?.metadata.labels?.[ZONE_LABEL];
  const addresses = (node?.status?.addresses ?? [])
    .filter(({ type }) => type === 'InternalIP')
    .map(({ address }) => address);
  return { name, ...(zone ? { zone } : {}), addresses };
}
