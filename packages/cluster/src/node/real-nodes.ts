/** Real nodes: each a network namespace with its own containerd, kubelet and proxy. */
import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';

import type { TaskGroup } from '@kts/base';
import { networkNamespace, ownNetwork } from '@kts/host-linux';

import type { ClusterConfig } from '../cluster-config.ts';
import type { NodeState } from '../cluster-state.ts';
import {
  kubeletCertificate,
  nodeUser,
  startComponent,
  SYSTEM_USERS,
  type ControlPlane,
  type HostDeps,
} from '../control-plane.ts';
import type { DataDirectory } from '../data-directory.ts';
import type { HostPrograms } from '../host-packages.ts';
import { PAUSE_IMAGE } from '../images/built-in-images.ts';
import { loadBuiltInImages } from '../images/load-images.ts';
import type { Progress } from '../progress.ts';
import { CLUSTER_DOMAIN, dnsServiceAddress } from './cluster-dns.ts';
import { startContainerd, type Containerd } from './containerd.ts';
import type { ClusterNetwork, NodeNetwork } from './network-plan.ts';
import { runDirectory } from './run-directory.ts';
import { nodeControlGroup } from './tear-down-nodes.ts';

export interface RealNodesContext {
  readonly config: ClusterConfig;
  readonly directory: DataDirectory;
  readonly network: ClusterNetwork;
  readonly programs: HostPrograms;
  readonly controlPlane: ControlPlane;
  readonly deps: HostDeps & { readonly progress: Progress };
  readonly group: TaskGroup;
}

export interface RealNode {
  readonly name: string;
  readonly network: NodeNetwork;
  readonly containerd: Containerd;
}

export function nodeName(config: ClusterConfig, index: number): string {
  return `${config.name}-${index + 1}`;
}

/** Starts one node's containerd with the built-in images. Needs no API server, so it runs while that starts. */
export async function startNodeRuntime(
  context: Pick<RealNodesContext, 'config' | 'directory' | 'programs' | 'deps'>,
  network: NodeNetwork,
  environment: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<RealNode> {
  const { config, directory, programs, deps } = context;
  const name = nodeName(config, network.index);
  const containerd = await startContainerd(
    {
      directory: directory.nodeDirectory(name),
      runDirectory: join(runDirectory(config.name), name),
      networkNamespace: network.namespacePath,
      hostName: name,
      address: network.address,
      podCidr: network.podCidr,
      sandboxImage: PAUSE_IMAGE,
      cniBinDirectory: programs.cniBinDirectory,
      registryDirectory: directory.registries,
      environment,
    },
    deps.clock,
    signal,
  );
  await loadBuiltInImages(directory.nodeDirectory(name), containerd.socket, programs.busybox);
  return { name, network, containerd };
}

/** Makes the API server answer on the nodes' network too, at the same port, and reach pods through the first node. */
export async function serveNodes(context: RealNodesContext): Promise<void> {
  const { config, controlPlane, network, group } = context;
  const [first] = network.nodes;
  if (first) controlPlane.dialer.routeThrough(first.namespacePath, [config.clusterCidr, config.serviceClusterIpRange]);
  const server = createServer((socket) => controlPlane.apiServer.accept(socket));
  await ownNetwork.listen(server, controlPlane.port, network.hostAddress);
  group.start(async (signal) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    signal.addEventListener('abort', () => server.close(() => resolve()), { once: true });
    await promise;
  });
}

/** Joins a node whose runtime runs to the cluster. Resolves when it is Ready. */
export async function startRealNode(context: RealNodesContext, node: RealNode): Promise<NodeState> {
  const { config, directory, controlPlane, deps, group } = context;
  const { connectCri } = await import('@kts/host-cri');
  const {
    configurationObject,
    containerdImages,
    createKubelet,
    createKubeletServer,
    kubeletSettings,
    linuxHost,
    linuxLogFiles,
    parseKubeletFlags,
    unixPluginHost,
  } = await import('@kts/kubelet');
  const inside = networkNamespace(node.network.namespacePath);
  const log = deps.log.with({ node: node.name });
  const cri = connectCri(node.containerd.socket);
  const rootDirectory = join(directory.nodeDirectory(node.name), 'kubelet');
  const podLogsDir = join(directory.nodeDirectory(node.name), 'pod-logs');
  await Promise.all([rootDirectory, podLogsDir].map((path) => mkdir(path, { recursive: true })));

  if (config.components.has('kubelet')) {
    const imageMounter = containerdImages(node.containerd.socket);
    const host = { ...(await linuxHost(inside, deps.clock)), imageMounter };
    const { config: kubeletConfig } = kubeletSettings(parseKubeletFlags(config.componentArguments.kubelet), {
      nodeName: node.name,
      nodeAddresses: [node.network.address],
      rootDirectory,
      podLogsDir,
      podCIDR: node.network.podCidr,
      clusterDomain: CLUSTER_DOMAIN,
      clusterDNS: [dnsServiceAddress(config)],
      cgroupRoot: nodeControlGroup(node.name),
      serializeImagePulls: false,
      // How full the machine's own disk is says nothing about the cluster.
      evictionHard: { 'memory.available': '100Mi' },
      imageGCHighThresholdPercent: 100,
    });
    const kubelet = createKubelet(kubeletConfig, {
      ...deps,
      log,
      client: controlPlane.clientAs(nodeUser(node.name), 'kubelet'),
      runtime: cri.runtime,
      images: cri.images,
      host,
      plugins: unixPluginHost,
    });
    const server = createKubeletServer(
      {
        nodeName: node.name,
        port: kubeletConfig.port,
        tls: await kubeletCertificate(controlPlane, deps, node.name, [node.network.address]),
        rootDirectory,
        systemLogs: kubeletConfig.enableSystemLogHandler,
        configuration: configurationObject(kubeletConfig),
      },
      {
        ...deps,
        log,
        api: kubelet.api,
        client: controlPlane.clientAs(nodeUser(node.name), 'kubelet'),
        runtime: cri.runtime,
        host,
        logFiles: linuxLogFiles,
        network: inside,
      },
    );
    await Promise.all([startComponent(kubelet, group), startComponent(server, group)]);
  }
  if (config.components.has('proxy')) await startProxy(context, node);
  return {
    name: node.name,
    kind: 'containerd',
    address: node.network.address,
    containerdSocket: node.containerd.socket,
  };
}

async function startProxy({ config, controlPlane, deps, group }: RealNodesContext, node: RealNode): Promise<void> {
  const {
    applyConntrackSettings,
    createNftablesBackend,
    createProxy,
    listenAddress,
    parseProxyFlags,
    planConntrackSettings,
    readConfiguration,
  } = await import('@kts/proxy');
  const { configuration: given } = readConfiguration(parseProxyFlags(config.componentArguments.proxy));
  const configuration = {
    ...given,
    hostnameOverride: node.name,
    clusterCIDR: given.clusterCIDR || config.clusterCidr,
    // How many connections are tracked is the machine's to say, not a node's.
    conntrack: { ...given.conntrack, maxPerCore: 0 },
  };
  const { masqueradeBit, masqueradeAll } = configuration.nftables;
  const log = deps.log.with({ node: node.name });
  const inside = { networkNamespace: node.network.namespacePath, log };
  const backend = createNftablesBackend({ family: 'IPv4', masqueradeBit, masqueradeAll }, inside);
  const proxy = createProxy(
    {
      nodeName: node.name,
      traffic: configuration,
      configuration,
      healthz: listenAddress(configuration.healthzBindAddress),
      metrics: listenAddress(configuration.metricsBindAddress),
    },
    {
      ...deps,
      log,
      client: controlPlane.clientAs(SYSTEM_USERS.proxy, 'kube-proxy'),
      network: networkNamespace(node.network.namespacePath),
      backends: new Map([['IPv4', backend]]),
    },
  );
  await Promise.all([
    applyConntrackSettings(planConntrackSettings(configuration.conntrack, 1), inside),
    startComponent(proxy, group),
  ]);
}
