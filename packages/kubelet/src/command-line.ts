import { parseFlags } from '@kts/base';

import type { KubeletConfig } from './config.ts';
import type { ProgramSettings } from './configuration/configuration-fields.ts';

export const USAGE = `Runs the pods that are bound to this node.

Usage: kubelet --kubeconfig FILE [flags]

  --kubeconfig FILE                   how to reach the API server
  --bootstrap-kubeconfig FILE         how to reach it the first time: asks for a certificate and writes --kubeconfig
  --rotate-certificates               asks for another certificate before it is over
  --rotate-server-certificates        asks the API server for the certificate of the kubelet's own server
  --config FILE                       settings: a KubeletConfiguration; flags count more
  --config-dir DIR                    more of them, *.conf, laid over FILE in the order of their names
  --container-runtime-endpoint SOCKET the runtime's CRI socket (default unix:///run/containerd/containerd.sock)
  --hostname-override NAME            the node's name (default: this machine's)
  --node-ip ADDRESS                   the node's address (default: that of its first interface)
  --root-dir DIR                      where pods' volumes are (default /var/lib/kubelet)
  --pod-manifest-path DIR             static pods
  --cluster-dns ADDRESS               name servers of pods, comma separated
  --cluster-domain NAME               search domain of pods (default cluster.local)
  --cgroup-root PATH                  parent of all pods' cgroups (default /)
  --max-pods N                        (default 110)
  --pod-cidr CIDR                     addresses of this node's pods
  --register-node                     (default true; --register-node=false: somebody else makes the Node)
  --address ADDRESS                   where the kubelet's own server listens (default 0.0.0.0)
  --port N                            its port (default 10250)
  --tls-cert-file FILE                its certificate (default: one that is made and kept in --cert-dir)
  --tls-private-key-file FILE         the key to it
  --cert-dir DIR                      (default ROOT-DIR/pki)
  --client-ca-file FILE               who signs the certificates of its clients; they may always use tokens
  --node-labels KEY=VALUE,...         labels to register the node with
  -v, --v LEVEL                       how much to log (default 0)
`;

/** The flags of kubelet that this one has. */
export interface KubeletFlags {
  readonly help: boolean;
  readonly verbosity: number;
  readonly kubeconfig?: string;
  readonly bootstrapKubeconfig?: string;
  readonly configFile?: string;
  readonly configDirectory?: string;
  readonly program: ProgramSettings;
  /** Where the kubelet keeps a certificate of its own making. */
  readonly certificateDirectory?: string;
  /** What was said of the configuration; the rest has its defaults. */
  readonly config: Partial<KubeletConfig>;
}

/** Throws for unknown flags and values that make no sense. */
export function parseKubeletFlags(args: readonly string[]): KubeletFlags {
  const values = parseFlags(args, {
    kubeconfig: { type: 'string' },
    'bootstrap-kubeconfig': { type: 'string' },
    'rotate-certificates': { type: 'switch' },
    'rotate-server-certificates': { type: 'switch' },
    config: { type: 'string' },
    'config-dir': { type: 'string' },
    'container-runtime-endpoint': { type: 'string' },
    'hostname-override': { type: 'string' },
    'node-ip': { type: 'list' },
    'root-dir': { type: 'string' },
    'pod-manifest-path': { type: 'string' },
    'cluster-dns': { type: 'list' },
    'cluster-domain': { type: 'string' },
    'cgroup-root': { type: 'string' },
    'max-pods': { type: 'number' },
    'pod-cidr': { type: 'string' },
    'node-labels': { type: 'list' },
    'register-node': { type: 'switch' },
    address: { type: 'string' },
    port: { type: 'number' },
    'tls-cert-file': { type: 'string' },
    'tls-private-key-file': { type: 'string' },
    'cert-dir': { type: 'string' },
    'client-ca-file': { type: 'string' },
    v: { type: 'number', short: 'v' },
    help: { type: 'switch', short: 'h' },
  });
  const given = <K extends keyof KubeletConfig>(key: K, value: KubeletConfig[K] | undefined): Partial<KubeletConfig> =>
    value === undefined ? {} : { [key]: value };
  const labels = values['node-labels'];
  const optional = <K extends string>(key: K, value: string | undefined): { readonly [Name in K]?: string } =>
    value === undefined ? {} : ({ [key]: value } as Record<K, string>);
  return {
    help: values.help ?? false,
    verbosity: values.v ?? 0,
    ...optional('kubeconfig', values.kubeconfig),
    ...optional('bootstrapKubeconfig', values['bootstrap-kubeconfig']),
    ...optional('configFile', values.config),
    ...optional('configDirectory', values['config-dir']),
    program: {
      ...optional('containerRuntimeEndpoint', values['container-runtime-endpoint']),
      ...optional('tlsCertFile', values['tls-cert-file']),
      ...optional('tlsPrivateKeyFile', values['tls-private-key-file']),
      ...optional('clientCAFile', values['client-ca-file']),
      ...(values['rotate-certificates'] === undefined ? {} : { rotateCertificates: values['rotate-certificates'] }),
      ...(values['rotate-server-certificates'] === undefined
        ? {}
        : { serverTLSBootstrap: values['rotate-server-certificates'] }),
    },
    ...optional('certificateDirectory', values['cert-dir']),
    config: {
      ...given('nodeName', values['hostname-override']?.trim().toLowerCase()),
      ...given('nodeAddresses', values['node-ip']),
      ...given('rootDirectory', values['root-dir']),
      ...given('staticPodPath', values['pod-manifest-path']),
      ...given('clusterDNS', values['cluster-dns']),
      ...given('clusterDomain', values['cluster-domain']),
      ...given('cgroupRoot', values['cgroup-root']),
      ...given('maxPods', values['max-pods']),
      ...given('podCIDR', values['pod-cidr']),
      ...given('nodeLabels', labels === undefined ? undefined : labelsOf(labels)),
      ...given('registerNode', values['register-node']),
      ...given('address', values.address),
      ...given('port', values.port),
    },
  };
}

function labelsOf(pairs: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const equals = pair.indexOf('=');
      if (equals < 0) throw new Error(`--node-labels has ${JSON.stringify(pair)}, which is not KEY=VALUE`);
      return [pair.slice(0, equals), pair.slice(equals + 1)];
    }),
  );
}
