/** What a pod uses, as far as evictions look at it. What is absent is not known. */
export interface PodUsage {
  readonly memoryBytes?: number;
  readonly processes?: number;
  readonly containers: readonly ContainerUsage[];
  /** Local volumes only, by name. */
  readonly volumes: ReadonlyMap<string, DiskAmount>;
}

export interface ContainerUsage {
  readonly name: string;
  readonly memoryBytes?: number;
  readonly writableLayer?: DiskAmount;
  readonly logs?: DiskAmount;
}

export interface DiskAmount {
  readonly bytes: number;
  readonly inodes: number;
}

export type DiskPart = 'writable layers' | 'logs' | 'volumes';

/** What some parts of the pod use together. */
export function diskUsage(usage: PodUsage, parts: ReadonlySet<DiskPart>): DiskAmount {
  const amounts = [
    ...usage.containers.flatMap(({ writableLayer, logs }) => [
      ...(writableLayer && parts.has('writable layers') ? [writableLayer] : []),
      ...(logs && parts.has('logs') ? [logs] : []),
    ]),
    ...(parts.has('volumes') ? usage.volumes.values() : []),
  ];
  return {
    bytes: amounts.reduce((sum, { bytes }) => sum + bytes, 0),
    inodes: amounts.reduce((sum, { inodes }) => sum + inodes, 0),
  };
}
