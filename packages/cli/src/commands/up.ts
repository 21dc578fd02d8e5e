import type { CommandDefinition } from '../command-line.ts';

const STATE = {
  name: { name: 'name', kind: 'string', placeholder: 'NAME', help: 'name of the cluster', defaultText: 'kts' },
  dataDir: { name: 'data-dir', kind: 'string', placeholder: 'DIR', help: 'where the cluster keeps its state' },
} as const;

/** The flags by which every command finds its cluster. */
export const CLUSTER_FLAGS = [STATE.name, STATE.dataDir] as const;

const componentArgument = (component: string) =>
  ({
    name: `${component}-arg`,
    kind: 'list',
    placeholder: 'FLAG=VALUE',
    help: `passes a flag to ${component} (repeatable)`,
  }) as const;

export const up: CommandDefinition = {
  name: 'up',
  summary: 'Starts a cluster and stays in the foreground; Ctrl-C stops it.',
  flags: [
    ...CLUSTER_FLAGS,
    { name: 'detach', kind: 'boolean', help: 'returns when the cluster is ready, and leaves it running' },
    { name: 'port', kind: 'number', placeholder: 'N', help: 'port of the API server; 0 for any', defaultText: '6443' },
    {
      name: 'kubeconfig',
      kind: 'string',
      placeholder: 'FILE',
      help: 'writes the kubeconfig there instead of merging it into your own',
    },
    {
      name: 'nodes',
      kind: 'number',
      placeholder: 'N',
      help: 'real nodes, each in a network namespace',
      defaultText: '1',
    },
    { name: 'simulated-nodes', kind: 'number', placeholder: 'N', help: 'nodes that only pretend', defaultText: '0' },
    {
      name: 'runtime',
      kind: 'string',
      choices: ['auto', 'containerd', 'simulated'],
      placeholder: 'NAME',
      help: 'what runs containers',
      defaultText: 'auto: containerd for root on Linux',
    },
    {
      name: 'store',
      kind: 'string',
      choices: ['sqlite', 'memory'],
      placeholder: 'NAME',
      help: 'where objects are kept',
      defaultText: 'sqlite',
    },
    {
      name: 'components',
      kind: 'string',
      placeholder: 'LIST',
      help: 'what to run, comma separated',
      defaultText: 'all',
    },
    {
      name: 'service-cluster-ip-range',
      kind: 'string',
      placeholder: 'CIDR',
      help: 'addresses of Services',
      defaultText: '10.96.0.0/16',
    },
    {
      name: 'cluster-cidr',
      kind: 'string',
      placeholder: 'CIDR',
      help: 'addresses of pods',
      defaultText: '10.244.0.0/16',
    },
    { name: 'no-install', kind: 'boolean', help: 'never installs missing packages' },
    componentArgument('kube-apiserver'),
    componentArgument('kube-controller-manager'),
    componentArgument('kube-scheduler'),
    componentArgument('kubelet'),
    componentArgument('kube-proxy'),
    { name: 'verbosity', kind: 'number', placeholder: 'N', help: 'how much is logged', defaultText: '0' },
  ],
  run: async (invocation) => (await import('./run-up.ts')).runUp(invocation),
};
