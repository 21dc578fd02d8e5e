/** Everything that `./kts up` can be told. */
export interface ClusterConfig {
  readonly name: string;
  readonly dataDirectory: string;
  /** Of the API server; 0: any free one. */
  readonly port: number;
  /** Real nodes, if `runtime` is containerd. */
  readonly nodes: number;
  readonly simulatedNodes: number;
  readonly runtime: 'containerd' | 'simulated';
  readonly store: 'sqlite' | 'memory';
  readonly components: ReadonlySet<ClusterComponent>;
  readonly serviceClusterIpRange: string;
  readonly clusterCidr: string;
  /** Whether missing Debian packages may be installed. */
  readonly install: boolean;
  /** Flags for single components, as they would be given to `./kts COMPONENT`. */
  readonly componentArguments: Readonly<Record<ComponentName, readonly string[]>>;
}

export const COMPONENTS = [
  'apiserver',
  'controller-manager',
  'scheduler',
  'kubelet',
  'proxy',
  'dns',
  'metrics',
] as const;
export type ClusterComponent = (typeof COMPONENTS)[number];
/** Those that flags may be given to. */
export type ComponentName = Exclude<ClusterComponent, 'metrics'>;

/** The configuration cannot be used; the message is for the user. */
export class ClusterConfigError extends Error {
  override readonly name = 'ClusterConfigError';
}

/** Reads `apiserver,scheduler`. */
export function parseComponents(text: string): ReadonlySet<ClusterComponent> {
  const names = text.split(',').filter(Boolean);
  for (const name of names) {
    if (!(COMPONENTS as readonly string[]).includes(name)) {
      throw new ClusterConfigError(
        `unknown component ${JSON.stringify(name)}; components are ${COMPONENTS.join(', ')}`,
      );
    }
  }
  return new Set(names as ClusterComponent[]);
}

/** Names become parts of interface, namespace and file names. */
export function checkClusterName(name: string): void {
  if (!/^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/.test(name)) {
    throw new ClusterConfigError(
      `the name of a cluster has 1 to 32 lower-case letters, digits and dashes, not ${JSON.stringify(name)}`,
    );
  }
}
