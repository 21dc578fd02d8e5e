import { badRequest } from '@kts/apimachinery';
import { nodes } from '@kts/api';
import type { Node } from '@kts/api/types/core-v1';

import { liveObjects } from '../admission/live-objects.ts';
import type { RequestScope } from '../registry/request-scope.ts';
import type { BackendTarget } from './backend.ts';

const KUBELET_PORT = 10_250;
/** Which of a node's addresses are tried, in this order. Differs: the address comes before names, which may not resolve. */
const ADDRESS_TYPES = ['InternalIP', 'Hostname', 'InternalDNS', 'ExternalDNS', 'ExternalIP'];

/** Where the kubelet of a node listens. Throws what the client gets if it cannot be known. */
export async function kubeletOf(scope: RequestScope, nodeName: string): Promise<BackendTarget> {
  const live = liveObjects(scope.registry.storages, scope.registry.feed);
  const node = await live.get(nodes, '', nodeName);
  if (!node) throw badRequest(`nodes ${JSON.stringify(nodeName)} not found`);
  const host = addressOf(node);
  if (!host) throw badRequest(`no preferred addresses found; known addresses: []`);
  const port = node.status?.daemonEndpoints?.kubeletEndpoint?.Port || KUBELET_PORT;
  return { scheme: 'https', host, port, identity: 'kubelet' };
}

function addressOf(node: Node): string | undefined {
  const addresses = node.status?.addresses ?? [];
  for (const type of ADDRESS_TYPES) {
    const found = addresses.find((address) => address.type === type);
    if (found) return found.address;
  }
  return undefined;
}
