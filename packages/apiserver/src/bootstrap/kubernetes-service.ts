/**
 * The Service `kubernetes`, through which pods reach the API server, and its endpoints.
 *
 * Mirrors: pkg/controlplane/controller/kubernetesservice/controller.go and pkg/controlplane/reconcilers (v1.36)
 * Differs: the endpoints are this server's own address; with several servers each adds its own and none removes
 * another's, as there are no leases of servers yet.
 */
import { endpoints, endpointSlices, services } from '@kts/api';
import { deepEqual, isAlreadyExists, isNotFound, type KubeObject } from '@kts/apimachinery';
import type { Client } from '@kts/client';

import type { WantedObject } from './bootstrap-objects.ts';

const NAMESPACE = 'default';
const NAME = 'kubernetes';
const MANAGER = { fieldManager: 'kube-apiserver' };

export interface KubernetesServiceOptions {
  /** The first address of the service range. */
  readonly clusterIP: string;
  /** Where the server listens. */
  readonly address: string;
  readonly port: number;
}

export function kubernetesService({ clusterIP, port }: Omit<KubernetesServiceOptions, 'address'>): WantedObject {
  return {
    resource: services,
    manager: MANAGER.fieldManager,
    object: {
      metadata: {
        name: NAME,
        namespace: NAMESPACE,
        labels: { component: 'apiserver', provider: 'kubernetes' },
      },
      spec: {
        clusterIP,
        ipFamilyPolicy: 'SingleStack',
        ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: port }],
        sessionAffinity: 'None',
        type: 'ClusterIP',
      },
    },
  };
}

/** Whether pods can get there: not through an unspecified or a loopback address, which are never published. */
export function isReachable(address: string): boolean {
  return address !== '0.0.0.0' && address !== '::' && address !== '::1' && !address.startsWith('127.');
}

/** Makes the Service lead to this server. */
export async function publishEndpoints(client: Client, options: KubernetesServiceOptions): Promise<void> {
  const key = { namespace: NAMESPACE, name: NAME };
  const known = (await find(client, endpoints, key)) as EndpointsLike | undefined;
  const ports = [{ name: 'https', port: options.port, protocol: 'TCP' }];
  const subsets = [{ addresses: mergeAddresses(known, options), ports }];
  const metadata = { ...key, labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } };
  await write(client, endpoints, known, { metadata, subsets });
  const slice = (await find(client, endpointSlices, key)) as SliceLike | undefined;
  await write(client, endpointSlices, slice, {
    metadata: { ...key, labels: { 'kubernetes.io/service-name': NAME } },
    addressType: options.address.includes(':') ? 'IPv6' : 'IPv4',
    endpoints: subsets[0]!.addresses.map(({ ip }) => ({ addresses: [ip], conditions: { ready: true } })),
    ports,
  });
}

interface EndpointsLike extends KubeObject {
  readonly subsets?: readonly {
    readonly addresses?: readonly { readonly ip: string }[];
    readonly ports?: readonly { readonly port: number }[];
  }[];
}

type SliceLike = KubeObject;

/** Addresses of other servers stay as long as they listen on the same port. */
function mergeAddresses(
  known: EndpointsLike | undefined,
  options: KubernetesServiceOptions,
): { readonly ip: string }[] {
  const subset = known?.subsets?.[0];
  const others = subset?.ports?.[0]?.port === options.port ? (subset.addresses ?? []) : [];
  return [...new Set([...others.map(({ ip }) => ip), options.address])].sort().map((ip) => ({ ip }));
}

type Resource = Parameters<Client['get']>[0];

async function find(
  client: Client,
  resource: Resource,
  key: { readonly namespace: string; readonly name: string },
): Promise<KubeObject | undefined> {
  try {
    return (await client.get(resource, key)) as KubeObject;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

async function write(client: Client, resource: Resource, known: KubeObject | undefined, wanted: object): Promise<void> {
  if (!known) {
    try {
      await client.create(resource as never, wanted as never, MANAGER);
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
    return;
  }
  const next = { ...known, ...wanted, metadata: known.metadata };
  if (!deepEqual(next, known)) await client.update(resource as never, next as never, MANAGER);
}
