/**
 * Where a proxied request goes: the kubelet of a node, a pod, or one of the pods behind a Service.
 *
 * Mirrors: ResourceLocation in pkg/registry/core/{node,pod}/strategy.go and pkg/registry/core/service/storage/storage.go (v1.36)
 */
import { isIPv4, isIPv6 } from 'node:net';

import { badRequest, failure, notFound, type StatusError } from '@kts/apimachinery';
import { endpoints, pods } from '@kts/api';
import type { EndpointAddress, EndpointPort, Pod, Service } from '@kts/api/types/core-v1';

import { liveObjects } from '../admission/live-objects.ts';
import { getEntry } from '../registry/get.ts';
import type { RequestScope } from '../registry/request-scope.ts';
import type { BackendTarget } from './backend.ts';
import { kubeletOf } from './kubelet-target.ts';

/** `https:web:8443` as the name of an object in a path. */
export interface NamedPort {
  readonly scheme: 'http' | 'https';
  readonly name: string;
  readonly port: string;
}

/** Finds the target of a request whose scope has the object's own name. Throws what the client gets if there is none. */
export type LocateTarget = (scope: RequestScope, named: NamedPort) => Promise<BackendTarget>;

/** Throws BadRequest. `what`: pod, service or node. */
export function parseNamedPort(text: string, what: string): NamedPort {
  const parts = text.split(':');
  const [scheme = '', name = '', port = ''] = parts.length === 3 ? parts : ['', ...parts];
  if (parts.length > 3 || name === '' || !['', 'http', 'https'].includes(scheme)) {
    throw badRequest(`invalid ${what} request ${JSON.stringify(text)}`);
  }
  return { scheme: scheme === 'https' ? 'https' : 'http', name, port };
}

export const nodeTarget: LocateTarget = async (scope, { scheme, name, port }) => {
  await getEntry(scope);
  const kubelet = await kubeletOf(scope, name);
  if (port === '' || Number(port) === kubelet.port) return kubelet;
  return { scheme, host: kubelet.host, port: portNumber(port), identity: 'anonymous' };
};

export const podTarget: LocateTarget = async (scope, { scheme, port }) => {
  const pod = (await getEntry(scope)).object() as Pod;
  const host = pod.status?.podIP ?? '';
  if (!isGlobalUnicast(host)) throw badRequest('address not allowed');
  const declared = pod.spec.containers.flatMap((container) => container.ports ?? [])[0]?.containerPort;
  const byScheme = scheme === 'https' ? 443 : 80;
  return { scheme, host, port: port === '' ? (declared ?? byScheme) : portNumber(port), identity: 'anonymous' };
};

export const serviceTarget: LocateTarget = async (scope, { scheme, name, port }) => {
  const portName = await servicePortName(scope, port);
  const live = liveObjects(scope.registry.storages, scope.registry.feed);
  const found = await live.get(endpoints, scope.namespace, name);
  if (!found) throw notFound(endpoints, name);
  const targets = (found.subsets ?? []).flatMap(({ addresses, ports }) => {
    const number = ports?.find((one: EndpointPort) => (one.name ?? '') === portName)?.port;
    return number === undefined ? [] : (addresses ?? []).map((address) => ({ address, port: number }));
  });
  const first = targets.length === 0 ? 0 : scope.registry.random.integer(targets.length);
  for (const { address, port: number } of [...targets.slice(first), ...targets.slice(0, first)]) {
    const pod = await podOf(address);
    if (pod?.status?.podIPs?.some(({ ip }) => ip === address.ip)) {
      return { scheme, host: address.ip, port: number, identity: 'anonymous' };
    }
  }
  const shown = found.subsets?.length ? scope.request.info.name : name;
  throw unavailable(`no endpoints available for service ${JSON.stringify(shown)}`);

  /** Only pods of the Service's own namespace are reached this way: other addresses could lead anywhere. */
  async function podOf({ targetRef }: EndpointAddress): Promise<Pod | undefined> {
    if (targetRef?.namespace !== scope.namespace || !targetRef.name) return undefined;
    return live.get(pods, scope.namespace, targetRef.name);
  }
};

/** The name of the port that is asked for; a number is one of the Service's own. */
async function servicePortName(scope: RequestScope, port: string): Promise<string> {
  if (!/^[+-]?\d+$/.test(port)) return port;
  const service = (await getEntry(scope)).object() as Service;
  const found = service.spec?.ports?.find((one) => one.port === Number(port));
  if (found) return found.name ?? '';
  throw unavailable(`no service port ${Number(port)} found for service ${JSON.stringify(scope.name)}`);
}

function portNumber(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw unavailable(`error trying to reach service: dial tcp: address ${text}: invalid port`);
}

/** An address of somebody else: neither this machine, nor its link, nor many at once. */
export function isGlobalUnicast(address: string): boolean {
  if (isIPv4(address)) {
    const [first = 0, second = 0] = address.split('.').map(Number);
    const isMulticast = first >= 224 && first < 240;
    const isLinkLocal = first === 169 && second === 254;
    return address !== '0.0.0.0' && address !== '255.255.255.255' && first !== 127 && !isMulticast && !isLinkLocal;
  }
  return isIPv6(address) && !/^(::1?$|ff|fe[89ab])/i.test(address);
}

function unavailable(message: string): StatusError {
  return failure('ServiceUnavailable', message);
}
