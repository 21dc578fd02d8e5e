import { existsSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

import type { Clock, Logger } from '@kts/base';
import {
  accessFromKubeconfig,
  Client,
  createHttpTransport,
  formatKubeconfigFile,
  loadKubeconfig,
  waitForServer,
} from '@kts/client';

import { isValidAt } from './certificate-rotation.ts';
import type { CertificateStore } from './certificate-store.ts';
import { requestCertificate } from './request-certificate.ts';

export interface BootstrapFiles {
  /** Where the node's own kubeconfig is, or shall be. */
  readonly kubeconfig: string;
  /** How to reach the API server the first time. */
  readonly bootstrapKubeconfig: string;
  readonly store: CertificateStore;
}

const FILE_MODE = 0o600;

/** There is nothing to authenticate with: no kubeconfig, or one whose certificate is over. */
export function needsBootstrap(
  { kubeconfig, store }: Omit<BootstrapFiles, 'bootstrapKubeconfig'>,
  now: number,
): boolean {
  if (!existsSync(kubeconfig)) return true;
  const users = loadKubeconfig([kubeconfig]).users.map(({ user }) => user['client-certificate']);
  if (!users.includes(store.currentPath)) return false;
  const current = store.current();
  return !current || !isValidAt(current.certificate, now);
}

/**
 * Asks for a certificate as who the bootstrap kubeconfig says, and writes a kubeconfig that uses it.
 *
 * Mirrors: pkg/kubelet/certificate/bootstrap/bootstrap.go (v1.36)
 */
export async function bootstrap(
  files: BootstrapFiles,
  nodeName: string,
  deps: { readonly clock: Clock; readonly log: Logger },
  signal: AbortSignal,
): Promise<void> {
  const transport = createHttpTransport({ ...accessFromKubeconfig(files.bootstrapKubeconfig), userAgent: 'kubelet' });
  try {
    if (!(await waitForServer(transport, deps, signal))) return;
    const pair = await requestCertificate(new Client(transport), { purpose: 'client', nodeName }, deps, signal);
    files.store.save(pair, deps.clock.now());
    writeFileSync(files.kubeconfig, nodeKubeconfig(files), { mode: FILE_MODE });
  } finally {
    await transport.close();
  }
}

/** The same server as in the bootstrap kubeconfig, and the stored certificate for a user. */
function nodeKubeconfig({ bootstrapKubeconfig, store }: BootstrapFiles): string {
  const { clusters, contexts, currentContext } = loadKubeconfig([bootstrapKubeconfig]);
  const context = contexts.find(({ name }) => name === currentContext)?.context;
  const cluster = clusters.find(({ name }) => name === context?.cluster)?.cluster;
  if (!cluster) throw new Error(`${bootstrapKubeconfig} has no cluster in its current context`);
  const authority = cluster['certificate-authority'];
  const files = { 'client-certificate': store.currentPath, 'client-key': store.currentPath };
  return formatKubeconfigFile({
    clusters: [
      {
        name: 'default-cluster',
        cluster: {
          ...cluster,
          ...(authority ? { 'certificate-authority': resolve(dirname(bootstrapKubeconfig), authority) } : {}),
        },
      },
    ],
    users: [{ name: 'default-auth', user: files }],
    contexts: [{ name: 'default-context', context: { cluster: 'default-cluster', user: 'default-auth' } }],
    currentContext: 'default-context',
    rest: {},
  });
}
