import type { Service } from '@kts/api/types/core-v1';
import type { EndpointSlice } from '@kts/api/types/discovery-v1';

import { countLocalEndpoints } from '../service-routes.ts';

/** What a load balancer is told that asks this node about a Service. */
export interface ServiceHealth {
  readonly namespace: string;
  readonly name: string;
  readonly localEndpoints: number;
}

/**
 * The Services that have a port for health checks, by that port. Load balancers send connections only to nodes with an
 * endpoint.
 *
 * Mirrors: pkg/proxy/healthcheck/service_health.go (v1.36)
 */
export function serviceHealthChecks(
  services: Iterable<Service>,
  slices: Iterable<EndpointSlice>,
  nodeName: string,
): ReadonlyMap<number, ServiceHealth> {
  const slicesOf = Map.groupBy(
    slices,
    ({ metadata }) => `${metadata.namespace}/${metadata.labels?.['kubernetes.io/service-name'] ?? ''}`,
  );
  const result = new Map<number, ServiceHealth>();
  for (const { metadata, spec } of services) {
    const port = spec.healthCheckNodePort ?? 0;
    if (spec.type !== 'LoadBalancer' || spec.externalTrafficPolicy !== 'Local' || port === 0) continue;
    const { namespace, name } = metadata;
    const own = slicesOf.get(`${namespace}/${name}`) ?? [];
    result.set(port, { namespace, name, localEndpoints: countLocalEndpoints(own, nodeName) });
  }
  return result;
}

/** Tabs and all: what upstream answers. */
export function serviceHealthBody({ namespace, name, localEndpoints }: ServiceHealth, proxyHealthy: boolean): string {
  const service = { service: { namespace, name }, localEndpoints, serviceProxyHealthy: proxyHealthy };
  return JSON.stringify(service, undefined, '\t');
}
