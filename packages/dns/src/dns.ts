import { endpointSlices, namespaces, services } from '@kts/api';
import type { EndpointSlice } from '@kts/api/types/discovery-v1';
import type { Clock, Component, Logger, Random } from '@kts/base';
import type { Client } from '@kts/client';
import { createInformers, type Informers } from '@kts/controlkit';
import type { NetworkNamespace } from '@kts/host-linux';

import { createForwarder } from './forwarder.ts';
import type { ClusterRecords } from './resolve.ts';
import { startDnsServer } from './server.ts';

export interface DnsConfig {
  /** The cluster's domain, such as `cluster.local`. */
  readonly zone: string;
  readonly address: string;
  /** 0: any free one. */
  readonly port: number;
  /** Name servers for everything else. */
  readonly forwardTo: readonly string[];
}

export interface DnsDeps {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly network: NetworkNamespace;
}

/** Seconds that answers may be kept: short, because endpoints come and go. Source: CoreDNS' kubernetes plugin. */
const TTL_SECONDS = 5;

export interface Dns extends Component {
  /** Known once it is ready. */
  readonly port: number;
}

/** The cluster's DNS server. */
export function createDns(config: DnsConfig, deps: DnsDeps): Dns {
  const { promise: ready, resolve, reject } = Promise.withResolvers<void>();
  ready.catch(() => {});
  let port = config.port;
  return {
    name: 'dns',
    ready,
    get port() {
      return port;
    },
    async run(signal) {
      const informers = createInformers(deps);
      const records = clusterRecords(informers);
      const watching = informers.run(signal);
      try {
        await informers.synced();
        signal.throwIfAborted();
        const forwarder = createForwarder({ servers: config.forwardTo }, deps);
        const zone = { zone: config.zone, ttl: TTL_SECONDS };
        const server = await startDnsServer({ ...zone, ...config }, { ...deps, records, forwarder }, signal);
        port = server.port;
        resolve();
        await server.closed;
      } catch (error) {
        reject(error as Error);
        throw error;
      }
      await watching;
    },
  };
}

/** The cluster's objects as the zone asks for them, kept up to date by informers. */
export function clusterRecords(informers: Informers): ClusterRecords {
  const service = informers.get(services);
  const slice = informers.get(endpointSlices);
  const namespace = informers.get(namespaces);
  service.addIndex('ip', (object) => object.spec.clusterIPs ?? []);
  slice.addIndex('service', (object) => [sliceKey(object)]);
  slice.addIndex('ip', (object) => (object.endpoints ?? []).flatMap((endpoint) => endpoint.addresses));
  return {
    service: (space, name) => service.get({ namespace: space, name }),
    slices: (space, name) => slice.byIndex('service', `${space}/${name}`),
    hasNamespace: (name) => namespace.get({ name }) !== undefined,
    serviceByIP: (ip) => service.byIndex('ip', ip)[0],
    slicesByIP: (ip) => slice.byIndex('ip', ip),
  };
}

function sliceKey(slice: EndpointSlice): string {
  return `${slice.metadata.namespace}/${slice.metadata.labels?.['kubernetes.io/service-name'] ?? ''}`;
}
