import { resolve } from 'node:path';

import { checkClusterName, COMPONENTS, parseComponents, type ClusterConfig, type ComponentName } from '@kts/cluster';

import type { FlagValues } from './command-line.ts';
import { defaultDataDirectory } from './user-files.ts';

/** Which cluster a command is about. */
export function clusterLocation(flags: FlagValues): { readonly name: string; readonly dataDirectory: string } {
  const name = flags.string('name') ?? 'kts';
  checkClusterName(name);
  return { name, dataDirectory: resolve(flags.string('data-dir') ?? defaultDataDirectory(name)) };
}

/** `host` says whether this process could run real nodes. */
export function clusterConfig(flags: FlagValues, host: { readonly canRunContainers: boolean }): ClusterConfig {
  const asked = flags.string('runtime') ?? 'auto';
  const runtime = asked === 'containerd' || (asked === 'auto' && host.canRunContainers) ? 'containerd' : 'simulated';
  const components = flags.string('components');
  const running = components === undefined ? new Set(COMPONENTS) : parseComponents(components);
  const nodes = flags.number('nodes');
  const simulatedNodes = flags.number('simulated-nodes');
  return {
    ...clusterLocation(flags),
    port: flags.number('port') ?? 6443,
    // Without kubelets there is nothing that would use a node.
    nodes: runtime === 'containerd' && running.has('kubelet') ? (nodes ?? 1) : 0,
    simulatedNodes: simulatedNodes ?? (runtime === 'simulated' ? (nodes ?? 1) : 0),
    runtime,
    store: (flags.string('store') ?? 'sqlite') as ClusterConfig['store'],
    components: running,
    serviceClusterIpRange: flags.string('service-cluster-ip-range') ?? '10.96.0.0/16',
    clusterCidr: flags.string('cluster-cidr') ?? '10.244.0.0/16',
    install: !flags.boolean('no-install'),
    componentArguments: componentArguments(flags),
  };
}

/** `--kubelet-arg v=2` is the kubelet's `--v=2`. */
function componentArguments(flags: FlagValues): Readonly<Record<ComponentName, readonly string[]>> {
  const of = (flag: string): readonly string[] => flags.list(flag).map((text) => `--${text}`);
  return {
    apiserver: of('kube-apiserver-arg'),
    'controller-manager': of('kube-controller-manager-arg'),
    scheduler: of('kube-scheduler-arg'),
    kubelet: of('kubelet-arg'),
    proxy: of('kube-proxy-arg'),
    dns: [],
  };
}
