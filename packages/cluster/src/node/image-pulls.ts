/** How the containerd of nodes reaches image registries: see registry-proxy.ts. */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { aborted } from '@kts/base';
import { ownNetwork } from '@kts/host-linux';

import type { ClusterConfig } from '../cluster-config.ts';
import type { DataDirectory } from '../data-directory.ts';
import type { ClusterNetwork } from './network-plan.ts';
import type { RealNodesContext } from './real-nodes.ts';
import { createRegistryProxy, registryProxyEnvironment } from './registry-proxy.ts';

const PORT = 10_054;
/** The registry of the built-in images, which is none. */
const LOCAL_REGISTRY = 'kts.local';
const PASSWORD_BYTES = 18;

export interface ImagePulls {
  readonly password: string;
  /** The environment that containerd is to be started with. */
  readonly environment: Readonly<Record<string, string>>;
}

/** The same for every run: a containerd may outlive the kts that has started it. */
export async function planImagePulls(
  config: Pick<ClusterConfig, 'clusterCidr' | 'serviceClusterIpRange'>,
  directory: Pick<DataDirectory, 'path'>,
  network: ClusterNetwork,
): Promise<ImagePulls> {
  const password = await keptPassword(join(directory.path, 'registry-proxy.password'));
  const direct = [config.clusterCidr, config.serviceClusterIpRange, ...network.nodes.map(({ address }) => address)];
  const environment = registryProxyEnvironment({ password }, `${network.hostAddress}:${PORT}`, direct);
  return { password, environment };
}

/** Begins to serve pulls, until the group stops. */
export async function serveImagePulls(context: RealNodesContext, { password }: ImagePulls): Promise<void> {
  const { config, network, deps, group } = context;
  const server = createRegistryProxy(
    {
      password,
      clusterRanges: [config.clusterCidr, config.serviceClusterIpRange],
      localRegistries: [LOCAL_REGISTRY],
    },
    { network: ownNetwork, log: deps.log },
  );
  await ownNetwork.listen(server, PORT, network.hostAddress);
  group.start(async (signal) => {
    await aborted(signal);
    server.close();
    server.closeAllConnections();
  });
}

async function keptPassword(file: string): Promise<string> {
  const kept = await readFile(file, 'utf8').catch(() => '');
  if (kept !== '') return kept;
  const password = randomBytes(PASSWORD_BYTES).toString('base64url');
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, password, { mode: 0o600 });
  return password;
}
