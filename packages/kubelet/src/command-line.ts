import { parseArgs } from 'node:util';

import type { KubeletConfig } from './config.ts';

export const USAGE = `Runs the pods that are bound to this node.

Usage: kubelet --kubeconfig FILE [flags]

  --kubeconfig FILE                   how to reach the API server
  --container-runtime-endpoint SOCKET the runtime's CRI socket (default unix:///run/containerd/containerd.sock)
  --hostname-override NAME            the node's name (default: this machine's)
  --node-ip ADDRESS                   the node's address (default: that of its first interface)
  --root-dir DIR                      where pods' volumes are (default /var/lib/kubelet)
  --pod-manifest-path DIR             static pods
  --cluster-dns ADDRESS               name servers of pods, comma separated
  --cluster-domain NAME               search domain of pods (default cluster.local)
  --cgroup-root PATH                  parent of all pods' cgroups (default /)
  --max-pods N                        (default 110)
  --node-labels KEY=VALUE,...         labels to register the node with
  -v, --v LEVEL                       how much to log (default 0)
`;

/** The flags of kubelet that this one has. */
export interface KubeletFlags {
  readonly help: boolean;
  readonly verbosity: number;
  readonly kubeconfig?: string;
  /** Path of the runtime's socket. */
  readonly runtimeSocket: string;
  /** What was said of the configuration; the rest has its defaults. */
  readonly config: Partial<KubeletConfig>;
}

/** Throws for unknown flags and values that make no sense. */
export function parseKubeletFlags(args: readonly string[]): KubeletFlags {
  const { values } = parseArgs({
    args: [...args],
    options: {
      kubeconfig: { type: 'string' },
      'container-runtime-endpoint': { type: 'string', default: 'unix:///run/containerd/containerd.sock' },
      'hostname-override': { type: 'string' },
      'node-ip': { type: 'string' },
      'root-dir': { type: 'string' },
      'pod-manifest-path': { type: 'string' },
      'cluster-dns': { type: 'string' },
      'cluster-domain': { type: 'string' },
      'cgroup-root': { type: 'string' },
      'max-pods': { type: 'string' },
      'node-labels': { type: 'string' },
      v: { type: 'string', short: 'v', default: '0' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const given = <K extends keyof KubeletConfig>(key: K, value: KubeletConfig[K] | undefined): Partial<KubeletConfig> =>
    value === undefined ? {} : { [key]: value };
  const nodeIP = values['node-ip'];
  const maxPods = values['max-pods'];
  const labels = values['node-labels'];
  return {
    help: values.help,
    verbosity: wholeNumber('v', values.v),
    ...(values.kubeconfig === undefined ? {} : { kubeconfig: values.kubeconfig }),
    runtimeSocket: values['container-runtime-endpoint'].replace(/^unix:\/\//, ''),
    config: {
      ...given('nodeName', values['hostname-override']),
      ...given('nodeAddresses', nodeIP === undefined ? undefined : [nodeIP]),
      ...given('rootDirectory', values['root-dir']),
      ...given('staticPodPath', values['pod-manifest-path']),
      ...given('clusterDNS', values['cluster-dns']?.split(',').filter(Boolean)),
      ...given('clusterDomain', values['cluster-domain']),
      ...given('cgroupRoot', values['cgroup-root']),
      ...given('maxPods', maxPods === undefined ? undefined : wholeNumber('max-pods', maxPods)),
      ...given('nodeLabels', labels === undefined ? undefined : labelsOf(labels)),
    },
  };
}

function wholeNumber(flag: string, text: string): number {
  if (!/^\d+$/.test(text)) throw new Error(`--${flag} is a whole number, not ${JSON.stringify(text)}`);
  return Number(text);
}

function labelsOf(text: string): Readonly<Record<string, string>> {
  const pairs = text.split(',').filter(Boolean);
  return Object.fromEntries(
    pairs.map((pair) => {
      const equals = pair.indexOf('=');
      if (equals < 0) throw new Error(`--node-labels has ${JSON.stringify(pair)}, which is not KEY=VALUE`);
      return [pair.slice(0, equals), pair.slice(equals + 1)];
    }),
  );
}
