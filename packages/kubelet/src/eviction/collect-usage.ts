import type { Pod, Volume } from '@kts/api/types/core-v1';
import type { ContainerStats, FilesystemUsage, PodSandboxStats, RuntimeService } from '@kts/host-cri';
import { GrpcError } from '@kts/grpc';
import type { FileSystem } from '../host/file-system.ts';
import type { Machine } from '../host/node-host.ts';
import { CONTAINER_NAME_LABEL, POD_UID_LABEL } from '../runtime/container-labels.ts';
import { podLogDirectory } from '../runtime/sandbox-config.ts';
import type { ContainerUsage, DiskAmount, PodUsage } from './pod-usage.ts';

export interface UsageDeps {
  readonly runtime: RuntimeService;
  readonly machine: Machine;
  readonly files: FileSystem;
  readonly podLogsDir: string;
  /** Where a pod's volume is on the node; `undefined`: it is not mounted. */
  readonly volumePath: (uid: string, volume: string) => string | undefined;
}

/** What pods use now, by uid. A pod of which the runtime knows nothing is not in it. */
export async function collectUsage(
  pods: readonly Pod[],
  deps: UsageDeps,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, PodUsage>> {
  if (pods.length === 0) return new Map();
  const [{ stats }, sandboxes] = await Promise.all([
    deps.runtime.listContainerStats({}, { signal }),
    sandboxStats(deps.runtime, signal),
  ]);
  const containersOf = Map.groupBy(stats, ({ attributes }) => attributes?.labels[POD_UID_LABEL] ?? '');
  const sandboxOf = new Map(sandboxes.map((one) => [one.attributes?.metadata?.uid ?? '', one]));
  const result = new Map<string, PodUsage>();
  for (const pod of pods) {
    const { uid } = pod.metadata;
    const own = containersOf.get(uid);
    if (own) result.set(uid, await podUsage(pod, own, sandboxOf.get(uid), deps));
  }
  return result;
}

async function podUsage(
  pod: Pod,
  stats: readonly ContainerStats[],
  sandbox: PodSandboxStats | undefined,
  deps: UsageDeps,
): Promise<PodUsage> {
  const containers = await Promise.all(stats.map((one) => containerUsage(pod, one, deps)));
  const memory = sandbox?.linux?.memory?.workingSetBytes?.value ?? total(containers.map((one) => one.memoryBytes));
  const processes = sandbox?.linux?.process?.processCount?.value;
  return {
    ...(memory === undefined ? {} : { memoryBytes: memory }),
    ...(processes === undefined ? {} : { processes }),
    containers,
    volumes: await volumeUsage(pod, deps),
  };
}

async function containerUsage(
  pod: Pod,
  { attributes, memory, writableLayer }: ContainerStats,
  { machine, files, podLogsDir }: UsageDeps,
): Promise<ContainerUsage> {
  const name = attributes?.labels[CONTAINER_NAME_LABEL] ?? attributes?.metadata?.name ?? '';
  const logs = `${podLogDirectory(podLogsDir, pod)}/${name}`;
  const memoryBytes = memory?.workingSetBytes?.value;
  return {
    name,
    ...(memoryBytes === undefined ? {} : { memoryBytes }),
    ...(writableLayer ? { writableLayer: layerUsage(writableLayer) } : {}),
    ...((await files.stat(logs)) ? { logs: await machine.usage(logs) } : {}),
  };
}

function layerUsage({ usedBytes, inodesUsed }: FilesystemUsage): DiskAmount {
  return { bytes: usedBytes?.value ?? 0, inodes: inodesUsed?.value ?? 0 };
}

async function volumeUsage(pod: Pod, { machine, volumePath }: UsageDeps): Promise<ReadonlyMap<string, DiskAmount>> {
  const result = new Map<string, DiskAmount>();
  for (const volume of (pod.spec.volumes ?? []).filter(isOnNodeDisk)) {
    const path = volumePath(pod.metadata.uid, volume.name);
    if (path !== undefined) result.set(volume.name, await machine.usage(path));
  }
  return result;
}

function isOnNodeDisk({ emptyDir, configMap }: Volume): boolean {
  return configMap !== undefined || (emptyDir !== undefined && (emptyDir.medium ?? '') === '');
}

/** `undefined` if nothing is known. */
function total(amounts: readonly (number | undefined)[]): number | undefined {
  const known = amounts.filter((amount) => amount !== undefined);
  return known.length === 0 ? undefined : known.reduce((sum, amount) => sum + amount, 0);
}

/** Runtimes need not have these. */
async function sandboxStats(runtime: RuntimeService, signal: AbortSignal): Promise<readonly PodSandboxStats[]> {
  try {
    return (await runtime.listPodSandboxStats({}, { signal })).stats;
  } catch (error) {
    if (error instanceof GrpcError) return [];
    throw error;
  }
}
