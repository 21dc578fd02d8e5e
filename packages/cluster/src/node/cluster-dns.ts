/** The cluster's names: the DNS server of real nodes, and the address where every pod is told to ask. */
import { readFile } from 'node:fs/promises';

import { endpointSlices, services } from '@kts/api';
import { isNotFound } from '@kts/apimachinery';
import type { Client } from '@kts/client';
import { ownNetwork } from '@kts/host-linux';

import type { ClusterConfig } from '../cluster-config.ts';
import { startComponent, SYSTEM_USERS } from '../control-plane.ts';
import type { RealNodesContext } from './real-nodes.ts';

export const CLUSTER_DOMAIN = 'cluster.local';
const DNS_PORT = 10_053;
/** Where upstream's clusters have their DNS Service: the tenth address of the range. */
const DNS_ADDRESS_OFFSET = 10;

/** The cluster's DNS server, and the Service by which pods reach it. */
export async function startDns(context: RealNodesContext): Promise<void> {
  const { config, controlPlane, network, deps, group } = context;
  const { createDns, nameServersOf } = await import('@kts/dns');
  const client = controlPlane.clientAs(SYSTEM_USERS.admin, 'kts');
  const resolvConf = await readFile('/etc/resolv.conf', 'utf8').catch(() => '');
  const dns = createDns(
    { zone: CLUSTER_DOMAIN, address: network.hostAddress, port: DNS_PORT, forwardTo: nameServersOf(resolvConf) },
    { ...deps, client, network: ownNetwork },
  );
  await startComponent(dns, group);
  await publishDns(client, dnsServiceAddress(config), network.hostAddress, dns.port);
}

async function publishDns(client: Client, serviceAddress: string, address: string, port: number): Promise<void> {
  const key = { namespace: 'kube-system', name: 'kube-dns' };
  const labels = { 'k8s-app': 'kube-dns', 'kubernetes.io/name': 'CoreDNS' };
  const ports = [
    { name: 'dns', protocol: 'UDP', port: 53, targetPort: port },
    { name: 'dns-tcp', protocol: 'TCP', port: 53, targetPort: port },
  ] as const;
  if (!(await unlessMissing(client.get(services, key)))) {
    await client.create(services, {
      metadata: { ...key, labels },
      spec: { clusterIP: serviceAddress, clusterIPs: [serviceAddress], ports },
    });
  }
  const slice = {
    metadata: { ...key, labels: { ...labels, 'kubernetes.io/service-name': key.name } },
    addressType: 'IPv4' as const,
    ports: ports.map(({ name, protocol }) => ({ name, protocol, port })),
    endpoints: [{ addresses: [address], conditions: { ready: true } }],
  };
  const found = await unlessMissing(client.get(endpointSlices, key));
  await (found
    ? client.update(endpointSlices, { ...found, endpoints: slice.endpoints, ports: slice.ports })
    : client.create(endpointSlices, slice));
}

async function unlessMissing<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** The address of the DNS Service: `10.96.0.10` in the default range. */
export function dnsServiceAddress(config: Pick<ClusterConfig, 'serviceClusterIpRange'>): string {
  const [base = ''] = config.serviceClusterIpRange.split('/');
  const parts = base.split('.').map(Number);
  return [...parts.slice(0, 3), parts[3]! + DNS_ADDRESS_OFFSET].join('.');
}
