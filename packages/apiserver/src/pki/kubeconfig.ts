import type { KeyPair } from '@kts/client';

/** What a kubeconfig file leads to. */
export interface KubeconfigOptions {
  /** `https://host:port`. */
  readonly server: string;
  /** PEM. */
  readonly authorityCertificate: string;
  readonly clusterName?: string;
  readonly userName: string;
  readonly credentials: KeyPair | { readonly token: string };
  readonly namespace?: string;
}

/** The identities of a cluster's own clients, by the name of their kubeconfig. Source: cmd/kubeadm/app/phases/kubeconfig */
export const CLIENT_IDENTITIES = {
  admin: { commonName: 'kubernetes-admin', organizations: ['system:masters'] },
  'controller-manager': { commonName: 'system:kube-controller-manager', organizations: [] },
  scheduler: { commonName: 'system:kube-scheduler', organizations: [] },
  proxy: { commonName: 'system:kube-proxy', organizations: ['system:node-proxier'] },
} as const;

/** The identity of a node's kubelet. */
export function nodeIdentity(node: string): { readonly commonName: string; readonly organizations: readonly string[] } {
  return { commonName: `system:node:${node}`, organizations: ['system:nodes'] };
}

/** The text of a kubeconfig file: JSON, which is YAML too. Contains a secret. */
export function formatKubeconfig(options: KubeconfigOptions): string {
  const cluster = options.clusterName ?? 'kts';
  const context = `${options.userName}@${cluster}`;
  const { credentials } = options;
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: cluster,
        cluster: { server: options.server, 'certificate-authority-data': base64(options.authorityCertificate) },
      },
    ],
    contexts: [
      {
        name: context,
        context: {
          cluster,
          user: options.userName,
          ...(options.namespace ? { namespace: options.namespace } : {}),
        },
      },
    ],
    'current-context': context,
    users: [
      {
        name: options.userName,
        user:
          'token' in credentials
            ? { token: credentials.token }
            : {
                'client-certificate-data': base64(credentials.certificate),
                'client-key-data': base64(credentials.key),
              },
      },
    ],
  };
  return `${JSON.stringify(config, undefined, 2)}\n`;
}

const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64');
