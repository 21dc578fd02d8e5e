/** A whole cluster in one process: what `./kts up` runs. */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';

import { TaskGroup } from '@kts/base';

import type { ClusterConfig } from './cluster-config.ts';
import { announceMetrics } from './cluster-metrics.ts';
import { removeClusterState, writeClusterState, type NodeState } from './cluster-state.ts';
import {
  openStore,
  startApiServer,
  startControllers,
  SYSTEM_USERS,
  usesEtcd,
  type ControlPlane,
  type HostDeps,
} from './control-plane.ts';
import { dataDirectory, lockDataDirectory, prepareDataDirectory } from './data-directory.ts';
import type { PreparedNodes } from './node/prepare-nodes.ts';
import type { Progress } from './progress.ts';
import { releaseMemoryWhenQuiet, type ProcessMemory } from './quiet-memory.ts';

export interface ClusterDeps extends HostDeps {
  readonly progress: Progress;
  readonly pid: number;
  /** Where programs are looked for, as in $PATH. */
  readonly path: string;
  /** Absent: memory is left to the JavaScript engine. */
  readonly memory?: ProcessMemory | undefined;
}

export interface Cluster {
  readonly server: string;
  /** The administrator's kubeconfig, as text. */
  readonly kubeconfig: string;
  readonly nodes: readonly NodeState[];
  /** Resolves when the cluster has stopped; rejects if a component has failed. */
  readonly stopped: Promise<void>;
}

/** Starts everything the configuration names and resolves when it is ready. Aborting the signal stops it. */
export async function startCluster(config: ClusterConfig, deps: ClusterDeps, signal: AbortSignal): Promise<Cluster> {
  const directory = dataDirectory(config.dataDirectory);
  await prepareDataDirectory(directory);
  const lock = await lockDataDirectory(directory, deps.pid);
  const group = new TaskGroup(signal);
  const cleanUp = new AsyncDisposableStack();
  cleanUp.defer(() => lock.release());
  cleanUp.defer(() => removeClusterState(directory));
  const stop = async (): Promise<void> => {
    try {
      await group.done();
    } finally {
      await cleanUp.disposeAsync();
    }
  };
  try {
    // What real nodes need is loaded for them only.
    const prepare = config.nodes > 0 ? await import('./node/prepare-nodes.ts') : undefined;
    const real = await prepare?.prepareRealNodes(config, directory, deps, group, cleanUp);
    const store = await openStore(config, directory, deps);
    cleanUp.defer(() => store.close());
    const controlPlane = await deps.progress.step('API server', () =>
      startApiServer(config, directory, real?.network.hostAddress, store, deps, group),
    );
    const kubeconfig = await adminKubeconfig(config, controlPlane, deps);
    await writeFile(directory.kubeconfig, kubeconfig, { mode: 0o600 });
    if (config.components.has('controller-manager') || config.components.has('scheduler')) {
      await deps.progress.step('controllers and scheduler', () => startControllers(config, controlPlane, deps, group));
    }
    const nodes = await startNodes(config, controlPlane, deps, group, real);
    await writeClusterState(directory, {
      name: config.name,
      pid: deps.pid,
      server: controlPlane.server,
      kubeconfig: directory.kubeconfig,
      nodes,
    });
    group.start(() => announceMetrics(config, controlPlane.clientAs(SYSTEM_USERS.admin, 'kts'), deps.log));
    const { memory } = deps;
    if (memory) group.start((signal) => releaseMemoryWhenQuiet(memory, deps.clock, signal));
    return { server: controlPlane.server, kubeconfig, nodes, stopped: stop() };
  } catch (error) {
    group.stop();
    await stop().catch(() => {});
    throw error;
  }
}

/**
 * Takes off the machine what a killed cluster has left running. False if there was nothing. Throws DataDirectoryError
 * if the cluster is running.
 */
export async function tearDownKilledCluster(
  config: Pick<ClusterConfig, 'name' | 'dataDirectory'>,
  deps: Pick<ClusterDeps, 'clock' | 'log' | 'pid'>,
): Promise<boolean> {
  const directory = dataDirectory(config.dataDirectory);
  const lock = existsSync(directory.path) ? await lockDataDirectory(directory, deps.pid) : undefined;
  try {
    const { tearDownNodes } = await import('./node/tear-down-nodes.ts');
    return await tearDownNodes(config.name, directory, deps);
  } finally {
    await lock?.release();
  }
}

async function startNodes(
  config: ClusterConfig,
  controlPlane: ControlPlane,
  deps: ClusterDeps,
  group: TaskGroup,
  real: PreparedNodes | undefined,
): Promise<readonly NodeState[]> {
  const nodes: NodeState[] = [];
  if (real) {
    const { joinRealNodes } = await import('./node/prepare-nodes.ts');
    nodes.push(...(await joinRealNodes(config, controlPlane, deps, group, real)));
  }
  if (config.components.has('kubelet') && config.simulatedNodes > 0) {
    const title = `${config.simulatedNodes} simulated node${config.simulatedNodes === 1 ? '' : 's'}`;
    const { startSimulatedNodes } = await import('./node/simulated-nodes.ts');
    nodes.push(...(await deps.progress.step(title, () => startSimulatedNodes(config, controlPlane, deps, group))));
  }
  // In an etcd that is shared, they may be another program's.
  if (config.components.has('kubelet') && !usesEtcd(config)) {
    const { removeFormerNodes } = await import('./node/former-nodes.ts');
    const client = controlPlane.clientAs(SYSTEM_USERS.admin, 'kts');
    await removeFormerNodes(client, config.name, new Set(nodes.map(({ name }) => name)));
  }
  return nodes;
}

async function adminKubeconfig(config: ClusterConfig, controlPlane: ControlPlane, deps: HostDeps): Promise<string> {
  const { CLIENT_IDENTITIES, formatKubeconfig, issueClient } = await import('@kts/apiserver');
  const { authority } = controlPlane.apiServer.pki;
  return formatKubeconfig({
    server: controlPlane.server,
    authorityCertificate: authority.certificate,
    clusterName: config.name,
    userName: `${config.name}-admin`,
    credentials: issueClient(deps, authority, CLIENT_IDENTITIES.admin),
  });
}
