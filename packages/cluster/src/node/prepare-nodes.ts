/** The order in which real nodes come up: programs, network, runtimes; then, once the API server answers, the nodes. */
import { forEachLimit, type TaskGroup } from '@kts/base';

import type { ClusterConfig } from '../cluster-config.ts';
import type { NodeState } from '../cluster-state.ts';
import type { ControlPlane, HostDeps } from '../control-plane.ts';
import type { DataDirectory } from '../data-directory.ts';
import { ensureHostPrograms, type HostPrograms } from '../host-packages.ts';
import type { Progress } from '../progress.ts';
import { planClusterNetwork, type ClusterNetwork } from './network-plan.ts';
import { setUpNetwork } from './network.ts';
import { startDns } from './cluster-dns.ts';
import { planImagePulls, serveImagePulls, type ImagePulls } from './image-pulls.ts';
import { serveNodes, startNodeRuntime, startRealNode, type RealNode, type RealNodesContext } from './real-nodes.ts';
import { followServiceRanges } from './service-ranges.ts';
import { claimNetworkSlot } from './network-slot.ts';
import { claimRunDirectory } from './run-directory.ts';
import { tearDownNodes } from './tear-down-nodes.ts';

type Deps = HostDeps & { readonly progress: Progress; readonly path: string };

/** Nodes whose runtimes start while the API server does. */
export interface PreparedNodes {
  readonly network: ClusterNetwork;
  readonly programs: HostPrograms;
  readonly directory: DataDirectory;
  readonly runtimes: Promise<readonly RealNode[]>;
  readonly pulls: ImagePulls;
}

const RUNTIMES_AT_A_TIME = 3;

export async function prepareRealNodes(
  config: ClusterConfig,
  directory: DataDirectory,
  deps: Deps,
  group: TaskGroup,
  cleanUp: AsyncDisposableStack,
): Promise<PreparedNodes> {
  const programs = await ensureHostPrograms({
    install: config.install,
    path: deps.path,
    onInstall: (packages) => deps.progress.note(`installing Debian packages: ${packages.join(', ')}`),
  });
  await claimRunDirectory(config.name, directory);
  cleanUp.defer(async () => {
    await tearDownNodes(config.name, directory, deps);
  });
  const network = planClusterNetwork({
    clusterName: config.name,
    slot: await claimNetworkSlot(config.name),
    clusterCidr: config.clusterCidr,
    serviceCidr: config.serviceClusterIpRange,
    nodes: config.nodes,
  });
  await deps.progress.step('network of the nodes', () =>
    setUpNetwork(network, { clusterCidr: config.clusterCidr, serviceCidr: config.serviceClusterIpRange }),
  );
  const pulls = await planImagePulls(config, directory, network);
  const start = { config, directory, programs, deps };
  const runtimes = startRuntimes(start, network, { PATH: deps.path, ...pulls.environment }, group.signal);
  // Awaited by joinRealNodes too; a failure before that is not unhandled, and nothing is torn down under its hands.
  const settled = runtimes.then(
    () => {},
    () => {},
  );
  cleanUp.defer(() => settled);
  return { network, programs, directory, runtimes, pulls };
}

async function startRuntimes(
  context: Pick<RealNodesContext, 'config' | 'directory' | 'programs' | 'deps'>,
  network: ClusterNetwork,
  environment: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<readonly RealNode[]> {
  const nodes: RealNode[] = [];
  await forEachLimit(network.nodes, RUNTIMES_AT_A_TIME, async (node) => {
    signal.throwIfAborted();
    nodes.push(await startNodeRuntime(context, node, environment, signal));
  });
  return nodes.toSorted((a, b) => a.network.index - b.network.index);
}

export async function joinRealNodes(
  config: ClusterConfig,
  controlPlane: ControlPlane,
  deps: Deps,
  group: TaskGroup,
  prepared: PreparedNodes,
): Promise<readonly NodeState[]> {
  const runtimes = await deps.progress.step(
    config.nodes === 1 ? 'containerd' : `containerd on ${config.nodes} nodes`,
    () => prepared.runtimes,
  );
  const context = { config, controlPlane, deps, group, ...prepared };
  await Promise.all([serveNodes(context), serveImagePulls(context, prepared.pulls)]);
  const title = config.nodes === 1 ? 'node' : `${config.nodes} nodes`;
  return deps.progress.step(title, async () => {
    const nodes = new Map<string, NodeState>();
    await Promise.all([
      forEachLimit(runtimes, RUNTIMES_AT_A_TIME, async (runtime) => {
        nodes.set(runtime.name, await startRealNode(context, runtime));
      }),
      config.components.has('dns') ? startDns(context) : undefined,
    ]);
    if (config.components.has('proxy')) followServiceRanges(context);
    return runtimes.map((runtime) => nodes.get(runtime.name)!);
  });
}
