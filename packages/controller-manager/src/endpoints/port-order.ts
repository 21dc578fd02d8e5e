/**
 * Ports of endpoints are ordered by a hash of what a Go library prints of them: arbitrary, but always the same, so that
 * equal sets of ports compare equal.
 *
 * Mirrors: pkg/api/v1/endpoints/util.go, staging/src/k8s.io/endpointslice/util/controller_utils.go (v1.36)
 */
import type { EndpointPort } from '@kts/api/types/core-v1';
import type { EndpointPort as SlicePort } from '@kts/api/types/discovery-v1';

export function sortEndpointPorts(ports: readonly EndpointPort[]): readonly EndpointPort[] {
  return sortByHash(
    ports,
    ({ name = '', port, protocol = '', appProtocol }) =>
      `(v1.EndpointPort){Name:(string)${name} Port:(int32)${port} Protocol:(v1.Protocol)${protocol} ` +
      `AppProtocol:${pointer('string', appProtocol)}}`,
  );
}

export function sortSlicePorts(ports: readonly SlicePort[]): readonly SlicePort[] {
  return sortByHash(
    ports,
    ({ name, protocol, port, appProtocol }) =>
      `(v1.EndpointPort){Name:${pointer('string', name)} Protocol:${pointer('v1.Protocol', protocol)} ` +
      `Port:${pointer('int32', port)} AppProtocol:${pointer('string', appProtocol)}}`,
  );
}

function pointer(type: string, value: string | number | undefined): string {
  return `(*${type})${value ?? '<nil>'}`;
}

function sortByHash<T>(items: readonly T[], print: (item: T) => string): readonly T[] {
  if (items.length < 2) return items;
  return items
    .map((item) => ({ item, hash: fnv1a128(print(item)) }))
    .toSorted((a, b) => (a.hash < b.hash ? -1 : Number(a.hash > b.hash)))
    .map(({ item }) => item);
}

const OFFSET = 0x6c62272e07bb014262b821756295c58dn;
const PRIME = 0x0000000001000000000000000000013bn;
const MASK = 2n ** 128n - 1n;

function fnv1a128(text: string): bigint {
  let hash = OFFSET;
  for (const byte of new TextEncoder().encode(text)) hash = ((hash ^ BigInt(byte)) * PRIME) & MASK;
  return hash;
}
