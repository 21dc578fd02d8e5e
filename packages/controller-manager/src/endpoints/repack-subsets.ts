/**
 * Endpoints in their canonical form: each combination of ports once per set of addresses, everything in order.
 *
 * Mirrors: pkg/api/v1/endpoints/util.go, RepackSubsets (v1.36)
 * Differs: subsets are in the order of their ports, not of a hash over the uids of their pods.
 */
import type { EndpointAddress, EndpointPort, EndpointSubset } from '@kts/api/types/core-v1';

import { sortEndpointPorts } from './port-order.ts';

interface Reachable {
  readonly address: EndpointAddress;
  ready: boolean;
}

interface PortAddresses {
  /** Undefined: addresses without any port. */
  readonly port: EndpointPort | undefined;
  /** By address and uid: an address that is not ready once is not ready. */
  readonly addresses: Map<string, Reachable>;
}

export function repackSubsets(subsets: readonly EndpointSubset[]): readonly EndpointSubset[] {
  const byPort = new Map<string, PortAddresses>();
  for (const { addresses = [], notReadyAddresses = [], ports = [] } of subsets) {
    for (const port of ports.length > 0 ? ports : [undefined]) {
      const group = byPort.getOrInsertComputed(portText(port), () => ({ port, addresses: new Map() }));
      for (const address of addresses) addAddress(group.addresses, address, true);
      for (const address of notReadyAddresses) addAddress(group.addresses, address, false);
    }
  }
  const sameAddresses = Map.groupBy(byPort.values(), ({ addresses }) =>
    JSON.stringify([...addresses].map(([key, { ready }]) => [key, ready]).toSorted(compareFirst)),
  );
  return [...sameAddresses.values()]
    .map(subsetOf)
    .toSorted((a, b) => compare(JSON.stringify(a.ports ?? []), JSON.stringify(b.ports ?? [])));
}

function addAddress(addresses: Map<string, Reachable>, address: EndpointAddress, ready: boolean): void {
  const key = `${address.ip} ${address.targetRef?.uid ?? ''}`;
  const known = addresses.get(key);
  if (known) known.ready &&= ready;
  else addresses.set(key, { address, ready });
}

function subsetOf(groups: readonly PortAddresses[]): EndpointSubset {
  const all = [...(groups[0]?.addresses.values() ?? [])].toSorted((a, b) => compareAddresses(a.address, b.address));
  const addresses = all.filter(({ ready }) => ready).map(({ address }) => address);
  const notReadyAddresses = all.filter(({ ready }) => !ready).map(({ address }) => address);
  const ports = sortEndpointPorts(groups.flatMap(({ port }) => port ?? []));
  return {
    ...(addresses.length > 0 ? { addresses } : {}),
    ...(notReadyAddresses.length > 0 ? { notReadyAddresses } : {}),
    ...(ports.length > 0 ? { ports } : {}),
  };
}

function compareAddresses(a: EndpointAddress, b: EndpointAddress): number {
  return compare(a.ip, b.ip) || compare(a.targetRef?.uid ?? '', b.targetRef?.uid ?? '');
}

function portText(port: EndpointPort | undefined): string {
  return port ? JSON.stringify([port.name ?? '', port.port, port.protocol ?? 'TCP', port.appProtocol ?? null]) : '';
}

function compareFirst(a: readonly unknown[], b: readonly unknown[]): number {
  return compare(String(a[0]), String(b[0]));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
