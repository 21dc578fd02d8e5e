/**
 * Where a Service's pods can be reached. Pure but for the choice of one of them.
 *
 * Mirrors: ResolveEndpoint in staging/src/k8s.io/apiserver/pkg/util/proxy/proxy.go (v1.36)
 */
import type { Random } from '@kts/base';
import { failure, notFound, type StatusError } from '@kts/apimachinery';
import { endpointSlices, services } from '@kts/api';
import type { Service } from '@kts/api/types/core-v1';
import type { EndpointSlice } from '@kts/api/types/discovery-v1';

import type { LiveObjects } from '../live-objects.ts';

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

export interface ServicePortName {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
}

export type ResolveService = (service: ServicePortName) => Promise<Endpoint>;

/** Throws what there is to say about a service that cannot be reached. */
export function serviceResolver(live: LiveObjects, random: Random): ResolveService {
  return async ({ namespace, name, port }) => {
    const service = await live.get(services, namespace, name);
    if (!service) throw notFound({ group: '', plural: 'service' }, name);
    const slices = await live.list(endpointSlices, namespace);
    return chooseEndpoint(service, slices, port, random);
  };
}

const ROUTED_TYPES: ReadonlySet<string> = new Set(['ClusterIP', 'LoadBalancer', 'NodePort']);

export function chooseEndpoint(
  { metadata: { name }, spec }: Service,
  slices: readonly EndpointSlice[],
  port: number,
  random: Random,
): Endpoint {
  if (!ROUTED_TYPES.has(spec?.type ?? ''))
    throw new TypeError(`unsupported service type ${JSON.stringify(spec?.type ?? '')}`);
  const wanted = spec?.ports?.find((one) => one.port === port);
  if (!wanted) throw unavailable(`no service port ${port} found for service ${JSON.stringify(name)}`);
  const family = spec?.ipFamilies?.[0];
  const own = slices.filter(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === name);
  // Slices of the service's first family come before others.
  const ordered = own.toSorted((a, b) => Number(b.addressType === family) - Number(a.addressType === family));
  for (const { ports, endpoints } of ordered) {
    const number = ports?.find((one) => (one.name ?? '') === (wanted.name ?? ''))?.port;
    const ready = (endpoints ?? []).filter(({ conditions }) => conditions?.ready !== false);
    const host = ready.length > 0 ? ready[random.integer(ready.length)]!.addresses[0] : undefined;
    if (host && number !== undefined) return { host, port: number };
  }
  throw unavailable(`no endpoints available for service ${JSON.stringify(name)}`);
}

function unavailable(message: string): StatusError {
  return failure('ServiceUnavailable', message);
}
