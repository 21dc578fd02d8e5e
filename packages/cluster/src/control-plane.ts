import { networkInterfaces } from 'node:os';

import type { Clock, Component, Logger, Random, TaskGroup } from '@kts/base';
import { Client } from '@kts/client';
import type { ApiServer, UserInfo } from '@kts/apiserver';
import type { Store } from '@kts/store';

import type { ClusterConfig } from './cluster-config.ts';
import { metricsServers } from './cluster-metrics.ts';
import type { DataDirectory } from './data-directory.ts';
import { NodeDialer } from './node/node-dialer.ts';

export interface HostDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

export interface ControlPlane {
  readonly apiServer: ApiServer;
  /** `https://127.0.0.1:port`. */
  readonly server: string;
  readonly port: number;
  /** Nodes tell it how they are reached. */
  readonly dialer: NodeDialer;
  /** A client that acts as one of the cluster's own components. */
  clientAs(user: UserInfo, userAgent: string): Client;
}

/** The message is for the user. */
class PortTakenError extends Error {
  override readonly name = 'PortTakenError';

  constructor(port: number, cause: Error) {
    super(`port ${port} is taken; choose another with --port, or any free one with --port 0`, { cause });
  }
}

export const SYSTEM_USERS = {
  /** One identity for all controllers, so it has what the roles of all of them together would give. */
  controllerManager: { name: 'system:kube-controller-manager', groups: ['system:masters', 'system:authenticated'] },
  scheduler: { name: 'system:kube-scheduler', groups: ['system:authenticated'] },
  proxy: { name: 'system:kube-proxy', groups: ['system:node-proxier', 'system:authenticated'] },
  /** For what `kts` itself puts into a cluster. */
  admin: { name: 'kubernetes-admin', groups: ['system:masters', 'system:authenticated'] },
} as const satisfies Record<string, UserInfo>;

export function nodeUser(nodeName: string): UserInfo {
  return { name: `system:node:${nodeName}`, groups: ['system:nodes', 'system:authenticated'] };
}

/** Whether objects are kept in an etcd, which other clusters' programs may use too. */
export function usesEtcd({ componentArguments }: Pick<ClusterConfig, 'componentArguments'>): boolean {
  return componentArguments.apiserver.some((argument) => argument.startsWith('--etcd-servers'));
}

export async function openStore(config: ClusterConfig, directory: DataDirectory, deps: HostDeps): Promise<Store> {
  const { clock } = deps;
  if (usesEtcd(config)) {
    const { openEtcdStore, parseApiServerFlags } = await import('@kts/apiserver');
    const store = await openEtcdStore(parseApiServerFlags(config.componentArguments.apiserver), deps);
    if (store) return store;
  }
  const { createMemoryStore, createSqliteStore } = await import('@kts/store');
  return config.store === 'memory'
    ? createMemoryStore({ clock })
    : createSqliteStore({ path: directory.database, clock });
}

/** Starts the API server; resolves when it answers. */
export async function startApiServer(
  config: ClusterConfig,
  directory: DataDirectory,
  /** The machine's address on the nodes' network, if there are real nodes. */
  nodeFacingAddress: string | undefined,
  store: Store,
  deps: HostDeps,
  group: TaskGroup,
): Promise<ControlPlane> {
  const { configFromFlags, createApiServer, diskFiles, parseApiServerFlags } = await import('@kts/apiserver');
  const flags = parseApiServerFlags([
    '--bind-address=127.0.0.1',
    `--secure-port=${config.port}`,
    `--service-cluster-ip-range=${config.serviceClusterIpRange}`,
    `--advertise-address=${nodeFacingAddress ?? machineAddress()}`,
    // Kubelets may write what is theirs and nothing else, as in clusters of kubeadm.
    ...(config.components.has('kubelet') ? ['--enable-admission-plugins=NodeRestriction'] : []),
    ...config.componentArguments.apiserver,
  ]);
  const files = diskFiles(directory.pki);
  const dialer = new NodeDialer();
  const clientAs: ControlPlane['clientAs'] = (user, userAgent) =>
    new Client(apiServer.inProcessTransport(user, userAgent));
  const inProcessServers = metricsServers(config, clientAs, deps, group);
  const apiServer = createApiServer(configFromFlags(flags), {
    ...deps,
    store,
    files,
    dial: dialer.dial,
    inProcessServers,
  });
  try {
    await startComponent(apiServer, group);
  } catch (error) {
    throw isTaken(error) ? new PortTakenError(config.port, error) : error;
  }
  const { port } = apiServer.address!;
  return {
    apiServer,
    dialer,
    port,
    server: `https://127.0.0.1:${port}`,
    clientAs,
  };
}

function isTaken(error: unknown): error is Error {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
}

/** Starts what decides for the whole cluster. Resolves when it works. */
export async function startControllers(
  config: ClusterConfig,
  controlPlane: ControlPlane,
  deps: HostDeps,
  group: TaskGroup,
): Promise<void> {
  const starting: Promise<void>[] = [];
  if (config.components.has('controller-manager')) {
    const { createControllerManager, parseCommandLine } = await import('@kts/controller-manager');
    const { authority, serviceAccount } = controlPlane.apiServer.pki;
    const settings = {
      ...parseCommandLine(config.componentArguments['controller-manager']).config,
      rootCA: authority.certificate,
      serviceAccountKey: serviceAccount.privateKey,
      clusterSigning: { certificate: authority.certificate, key: authority.key },
    };
    const client = controlPlane.clientAs(SYSTEM_USERS.controllerManager, 'kube-controller-manager');
    starting.push(startComponent(createControllerManager(settings, { ...deps, client }), group));
  }
  if (config.components.has('scheduler')) {
    const { createScheduler, parseSchedulerFlags, readConfiguration } = await import('@kts/scheduler');
    const configuration = readConfiguration(parseSchedulerFlags(config.componentArguments.scheduler));
    const client = controlPlane.clientAs(SYSTEM_USERS.scheduler, 'kube-scheduler');
    starting.push(startComponent(createScheduler(configuration, { ...deps, client }), group));
  }
  await Promise.all(starting);
}

/** Runs a component in the group and waits until it is ready; rejects if it fails before. */
export async function startComponent(component: Component, group: TaskGroup): Promise<void> {
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => {});
  group.start(async (signal) => {
    try {
      await component.run(signal);
    } catch (error) {
      failed.reject(error as Error);
      throw error;
    }
    const stopped = new Error(`${component.name} has stopped`);
    // Whoever still waits for it to be ready must not wait for ever.
    failed.reject(stopped);
    if (!signal.aborted) throw stopped;
  });
  await Promise.race([component.ready, failed.promise]);
}

/** What a kubelet's server shows, and whom it believes. */
export async function kubeletCertificate(
  controlPlane: ControlPlane,
  deps: HostDeps,
  nodeName: string,
  addresses: readonly string[],
): Promise<{ readonly cert: string; readonly key: string; readonly clientCA: string }> {
  const { issueServer } = await import('@kts/apiserver');
  const { authority } = controlPlane.apiServer.pki;
  const { certificate, key } = issueServer(deps, authority, {
    commonName: `system:node:${nodeName}`,
    organizations: ['system:nodes'],
    alternativeNames: [nodeName, ...addresses],
  });
  return { cert: certificate, key, clientCA: authority.certificate };
}

/**
 * The machine's own address, which Endpoints of the `kubernetes` Service show; they may not show a loopback address.
 * Without any network it is the unspecified address, which is not published.
 */
function machineAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return addresses.find((each) => !each.internal && each.family === 'IPv4')?.address ?? '0.0.0.0';
}
