/**
 * What pods have on the node's disks: measured only when somebody asks for it, because it takes time.
 *
 * Mirrors: pkg/kubelet/server/stats/volume_stat_calculator.go, pkg/kubelet/stats/cri_stats_provider.go (v1.36)
 * Differs: nothing is measured ahead of questions.
 */
import type { Pod, Volume } from '@kts/api/types/core-v1';
import type { DiskUsage, Machine } from '../../host/node-host.ts';
import type { FileSystem } from '../../host/file-system.ts';
import { podLogDirectory } from '../../runtime/sandbox-config.ts';

interface Amount {
  readonly bytes: number;
  readonly inodes: number;
}

export interface VolumeDisk {
  readonly name: string;
  /** The claim behind the volume. */
  readonly claim?: { readonly name: string; readonly namespace: string };
  /** It goes with the pod and counts as the pod's own storage. */
  readonly isEphemeral: boolean;
  readonly used: Amount;
  /** The file system that it is on. */
  readonly disk: DiskUsage;
}

export interface PodDisk {
  /** By container. */
  readonly logs: ReadonlyMap<string, Amount>;
  readonly volumes: readonly VolumeDisk[];
}

export interface PodDiskDeps {
  readonly machine: Machine;
  readonly files: FileSystem;
  readonly podLogsDir: string;
  /** Where a volume of a pod is mounted; `undefined`: it is not. */
  readonly volumePath: (uid: string, volume: string) => string | undefined;
}

export async function podDisk(pod: Pod, deps: PodDiskDeps): Promise<PodDisk> {
  return { logs: await logUsage(pod, deps), volumes: await volumesOf(pod, deps, () => true) };
}

/** Volumes of claims only: their file systems know what is used, so it takes no time. */
export function claimDisk(pod: Pod, deps: PodDiskDeps): Promise<readonly VolumeDisk[]> {
  return volumesOf(pod, deps, (volume) => claimOf(pod, volume) !== undefined);
}

async function logUsage(pod: Pod, { machine, files, podLogsDir }: PodDiskDeps): Promise<ReadonlyMap<string, Amount>> {
  const directory = podLogDirectory(podLogsDir, pod);
  if ((await files.stat(directory))?.type !== 'directory') return new Map();
  const result = new Map<string, Amount>();
  for (const name of await files.readDirectory(directory))
    result.set(name, await machine.usage(`${directory}/${name}`));
  return result;
}

async function volumesOf(
  pod: Pod,
  { machine, volumePath }: PodDiskDeps,
  isWanted: (volume: Volume) => boolean,
): Promise<readonly VolumeDisk[]> {
  const result: VolumeDisk[] = [];
  for (const volume of (pod.spec.volumes ?? []).filter(isWanted)) {
    const path = volumePath(pod.metadata.uid, volume.name);
    // What is the node's own, or only in the runtime's hands, is not measured.
    if (!path || volume.hostPath) continue;
    const claim = claimOf(pod, volume);
    const disk = await machine.disk(path);
    const used = claim ? { bytes: usedBytes(disk), inodes: disk.inodes - disk.inodesFree } : await machine.usage(path);
    const isEphemeral = (volume.emptyDir !== undefined && !volume.emptyDir.medium) || volume.configMap !== undefined;
    result.push({ name: volume.name, ...(claim ? { claim } : {}), isEphemeral, used, disk });
  }
  return result;
}

export function usedBytes({ usedBytes: used, capacityBytes, availableBytes }: DiskUsage): number {
  return used ?? capacityBytes - availableBytes;
}

function claimOf(pod: Pod, { name, persistentVolumeClaim, ephemeral }: Volume): VolumeDisk['claim'] {
  const { name: podName, namespace } = pod.metadata;
  if (persistentVolumeClaim) return { name: persistentVolumeClaim.claimName, namespace };
  return ephemeral ? { name: `${podName}-${name}`, namespace } : undefined;
}
