import { forEachLimit, type TaskGroup } from '@kts/base';
import { ownNetwork } from '@kts/host-linux';
import type { KubeletApi, NetworkProber } from '@kts/kubelet';

import type { ClusterConfig } from '../cluster-config.ts';
import type { NodeState } from '../cluster-state.ts';
import { kubeletCertificate, nodeUser, startComponent, type ControlPlane, type HostDeps } from '../control-plane.ts';
import { CLUSTER_DOMAIN, dnsServiceAddress } from './cluster-dns.ts';
import { subnet } from './network-plan.ts';

const POD_CIDR_BITS = 24;
const STARTS_AT_A_TIME = 10;
/** What a simulated node has to give. */
const MACHINE = { cpus: 32, memoryBytes: 256 * 1024 ** 3 };

/** Pods that only pretend to run are as healthy as they say. */
const HEALTHY: NetworkProber = {
  http: () => Promise.resolve({ statusCode: 200, body: '' }),
  tcp: () => Promise.resolve(),
  grpc: () => Promise.resolve('SERVING'),
};

/** Nodes whose containers only pretend: real kubelets on a simulated runtime and a machine in memory. */
export async function startSimulatedNodes(
  config: ClusterConfig,
  controlPlane: ControlPlane,
  deps: HostDeps,
  group: TaskGroup,
): Promise<readonly NodeState[]> {
  const { AddressPool, createSimulatedRuntime } = await import('@kts/host-cri');
  const { createFakeHost, createKubelet, createKubeletServer, kubeletSettings, parseKubeletFlags, simulatedLogFiles } =
    await import('@kts/kubelet');
  const flags = parseKubeletFlags(config.componentArguments.kubelet);
  // One certificate for all: they are one process on the loopback interface.
  const tls = await kubeletCertificate(controlPlane, deps, 'simulated', ['127.0.0.1']);
  const names = Array.from({ length: config.simulatedNodes }, (_, index) => `sim-${index + 1}`);
  await forEachLimit(names.entries(), STARTS_AT_A_TIME, async ([index, nodeName]) => {
    const podCIDR = subnet(config.clusterCidr, POD_CIDR_BITS, config.nodes + index);
    const address = addressOf(index);
    const { runtime, images, used } = createSimulatedRuntime({
      ...deps,
      addresses: new AddressPool(podCIDR),
      signal: group.signal,
      annotations: () => annotationsOf(kubelet.api),
    });
    const host = createFakeHost({ machine: MACHINE, network: HEALTHY, used });
    const log = deps.log.with({ node: nodeName });
    const client = controlPlane.clientAs(nodeUser(nodeName), 'kubelet');
    const { config: kubeletConfig } = kubeletSettings(flags, {
      nodeName,
      podCIDR,
      nodeAddresses: [address],
      clusterDomain: CLUSTER_DOMAIN,
      clusterDNS: [dnsServiceAddress(config)],
      nodeLabels: { 'kts.dev/simulated': 'true' },
    });
    const kubelet = createKubelet(kubeletConfig, { ...deps, log, client, runtime, images, host });
    const server = createKubeletServer(
      { nodeName, address: '127.0.0.1', port: 0, tls },
      {
        ...deps,
        log,
        client,
        api: kubelet.api,
        runtime,
        host,
        logFiles: simulatedLogFiles(deps.clock),
        network: ownNetwork,
      },
    );
    await Promise.all([startComponent(kubelet, group), startComponent(server, group)]);
    controlPlane.dialer.addSimulatedNode(address, server.port);
  });
  return names.map((name) => ({ name, kind: 'simulated' }));
}

/** So that what a pod uses can be changed while it runs. */
function annotationsOf(api: KubeletApi): ReadonlyMap<string, Readonly<Record<string, string>>> {
  return new Map(api.pods().map(({ metadata }) => [metadata.uid, metadata.annotations ?? {}]));
}

/** Addresses for documentation (RFC 5737, RFC 2544): nothing answers there. */
function addressOf(index: number): string {
  return `198.18.${Math.floor(index / 250)}.${1 + (index % 250)}`;
}
