/**
 * What the node, its pods and their containers use.
 *
 * Mirrors: pkg/kubelet/server/stats/summary.go, pkg/kubelet/stats/cri_stats_provider.go (v1.36)
 * Differs: everything about containers comes from the runtime.
 */
import type { Pod } from '@kts/api/types/core-v1';
import { formatTime } from '@kts/base';
import type { ContainerStats as RuntimeStats, PodSandboxStats, UInt64Value } from '@kts/host-cri';
import type { DiskUsage } from '../../host/node-host.ts';
import { usedBytes, type PodDisk } from './pod-disk.ts';
import { CONTAINER_NAME_LABEL, POD_UID_LABEL } from '../../runtime/container-labels.ts';

export interface CpuStats {
  readonly timeMs: number;
  readonly usageNanoCores?: number;
  readonly usageCoreNanoSeconds?: number;
}

export interface MemoryStats {
  readonly timeMs: number;
  readonly availableBytes?: number;
  readonly usageBytes?: number;
  readonly workingSetBytes?: number;
  readonly rssBytes?: number;
  readonly pageFaults?: number;
  readonly majorPageFaults?: number;
}

export interface FsStats {
  readonly timeMs: number;
  readonly availableBytes?: number;
  readonly capacityBytes?: number;
  readonly usedBytes?: number;
  readonly inodesFree?: number;
  readonly inodes?: number;
  readonly inodesUsed?: number;
}

export interface InterfaceStats {
  readonly name: string;
  readonly rxBytes?: number;
  readonly rxErrors?: number;
  readonly txBytes?: number;
  readonly txErrors?: number;
}

export interface ContainerStats {
  readonly name: string;
  readonly startTime: string;
  readonly cpu?: CpuStats;
  readonly memory?: MemoryStats;
  readonly rootfs?: FsStats;
  readonly logs?: FsStats;
}

export interface VolumeStats extends FsStats {
  readonly name: string;
  readonly pvcRef?: { readonly name: string; readonly namespace: string };
}

export interface PodStats {
  readonly podRef: { readonly name: string; readonly namespace: string; readonly uid: string };
  readonly startTime: string | null;
  readonly containers: readonly ContainerStats[];
  readonly cpu?: CpuStats;
  readonly memory?: MemoryStats;
  readonly network?: InterfaceStats & { readonly timeMs: number; readonly interfaces: readonly InterfaceStats[] };
  readonly volume?: readonly VolumeStats[];
  readonly 'ephemeral-storage'?: FsStats;
  readonly process_stats?: { readonly process_count: number };
}

/** `stats.k8s.io/v1alpha1`, but with milliseconds since the epoch: `timeMs` where that has `time` in whole seconds. */
export interface Summary {
  readonly node: {
    readonly nodeName: string;
    readonly startTime: string | null;
    readonly cpu?: CpuStats;
    readonly memory?: MemoryStats;
    readonly fs?: FsStats;
    readonly runtime?: { readonly imageFs: FsStats; readonly containerFs: FsStats };
    readonly rlimit?: { readonly timeMs: number; readonly maxpid: number; readonly curproc: number };
  };
  readonly pods: readonly PodStats[];
}

/** What the node was seen to use at `nowMs`. */
export interface NodeUsage {
  readonly nowMs: number;
  readonly bootMs?: number;
  /** Since the start of the machine. */
  readonly cpuNanoSeconds?: number;
  readonly memoryBytes: number;
  readonly availableMemoryBytes: number;
  readonly disk: DiskUsage;
  readonly processes: { readonly max: number; readonly running: number };
}

export interface SummaryInput {
  readonly nodeName: string;
  readonly node: NodeUsage;
  readonly pods: readonly Pod[];
  readonly containers: readonly RuntimeStats[];
  /** Empty if the runtime knows nothing of pods as a whole; then their containers' figures are added up. */
  readonly sandboxes: readonly PodSandboxStats[];
  /** By uid; absent: what is on disks was not asked for. */
  readonly disks?: ReadonlyMap<string, PodDisk>;
}

/** The JSON value that clients get of a summary, or of a part of one. */
export function summaryJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(summaryJson);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]) =>
    key === 'timeMs' ? ['time', formatTime(inner as number)] : [key, summaryJson(inner)],
  );
  return Object.fromEntries(entries) as object;
}

export function summarize({ nodeName, node, pods, containers, sandboxes, disks }: SummaryInput): Summary {
  // Runtimes count containers that have ended, too, but without what they use.
  const running = containers.filter(({ cpu }) => cpu?.usageCoreNanoSeconds !== undefined);
  const byPod = Map.groupBy(running, ({ attributes }) => attributes?.labels[POD_UID_LABEL] ?? '');
  const sandboxOf = new Map(sandboxes.map((sandbox) => [sandbox.attributes?.metadata?.uid ?? '', sandbox]));
  const used = pods.filter(({ metadata }) => byPod.has(metadata.uid));
  return {
    node: nodeStats(nodeName, node),
    pods: used.map((pod) => {
      const { uid } = pod.metadata;
      const stats = podStats(pod, byPod.get(uid)!, sandboxOf.get(uid));
      const disk = disks?.get(uid);
      return disk ? withDisk(stats, disk, node) : stats;
    }),
  };
}

function nodeStats(nodeName: string, node: NodeUsage): Summary['node'] {
  const timeMs = node.nowMs;
  const used = node.memoryBytes - node.availableMemoryBytes;
  const { capacityBytes, availableBytes, inodes, inodesFree } = node.disk;
  const fs = {
    timeMs,
    availableBytes,
    capacityBytes,
    usedBytes: usedBytes(node.disk),
    inodesFree,
    inodes,
    inodesUsed: inodes - inodesFree,
  };
  return {
    nodeName,
    startTime: node.bootMs === undefined ? null : formatTime(node.bootMs),
    ...(node.cpuNanoSeconds === undefined ? {} : { cpu: { timeMs, usageCoreNanoSeconds: node.cpuNanoSeconds } }),
    memory: { timeMs, availableBytes: node.availableMemoryBytes, usageBytes: used, workingSetBytes: used },
    fs,
    runtime: { imageFs: fs, containerFs: fs },
    rlimit: { timeMs, maxpid: node.processes.max, curproc: node.processes.running },
  };
}

function podStats(pod: Pod, stats: readonly RuntimeStats[], sandbox: PodSandboxStats | undefined): PodStats {
  const { name, namespace, uid } = pod.metadata;
  const containers = stats.map((one) => containerStats(pod, one));
  const { cpu = sumCpu(containers), memory = sumMemory(containers) } = {
    ...(sandbox?.linux?.cpu ? { cpu: cpuStats(sandbox.linux.cpu) } : {}),
    ...(sandbox?.linux?.memory ? { memory: memoryStats(sandbox.linux.memory) } : {}),
  };
  const network = networkStats(sandbox);
  const processes = sandbox?.linux?.process?.processCount;
  return {
    podRef: { name, namespace, uid },
    startTime: pod.status?.startTime ?? null,
    containers,
    ...(cpu ? { cpu } : {}),
    ...(memory ? { memory } : {}),
    ...(network ? { network } : {}),
    ...(processes ? { process_stats: { process_count: processes.value } } : {}),
  };
}

/** The same with what the pod has on disks. */
function withDisk(stats: PodStats, { logs, volumes }: PodDisk, node: NodeUsage): PodStats {
  const { nowMs: timeMs } = node;
  const containers = stats.containers.map((container) => {
    const own = logs.get(container.name);
    return own ? { ...container, logs: fsStats(timeMs, own, node.disk) } : container;
  });
  const parts = [...logs.values(), ...volumes.filter(({ isEphemeral }) => isEphemeral).map(({ used }) => used)];
  const layers = sum(containers, ({ rootfs }) => rootfs?.usedBytes);
  const layerInodes = sum(containers, ({ rootfs }) => rootfs?.inodesUsed);
  const own = {
    bytes: layers + sum(parts, ({ bytes }) => bytes),
    inodes: layerInodes + sum(parts, ({ inodes }) => inodes),
  };
  return {
    ...stats,
    containers,
    volume: volumes.map(({ name, claim, used, disk }) => ({
      ...fsStats(timeMs, used, disk),
      name,
      ...(claim ? { pvcRef: claim } : {}),
    })),
    'ephemeral-storage': fsStats(timeMs, own, node.disk),
  };
}

function fsStats(timeMs: number, used: { readonly bytes: number; readonly inodes: number }, disk: DiskUsage): FsStats {
  return {
    timeMs,
    availableBytes: disk.availableBytes,
    capacityBytes: disk.capacityBytes,
    usedBytes: used.bytes,
    inodesFree: disk.inodesFree,
    inodes: disk.inodes,
    inodesUsed: used.inodes,
  };
}

function containerStats({ status }: Pod, { attributes, cpu, memory, writableLayer }: RuntimeStats): ContainerStats {
  const name = attributes?.labels[CONTAINER_NAME_LABEL] ?? attributes?.metadata?.name ?? '';
  const all = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])];
  const startTime = all.find((one) => one.name === name)?.state?.running?.startedAt ?? status?.startTime ?? '';
  return {
    name,
    startTime,
    ...(cpu ? { cpu: cpuStats(cpu) } : {}),
    ...(memory ? { memory: memoryStats(memory) } : {}),
    ...(writableLayer
      ? {
          rootfs: {
            timeMs: timeOf(writableLayer.timestamp),
            ...numbers({ usedBytes: writableLayer.usedBytes, inodesUsed: writableLayer.inodesUsed }),
          },
        }
      : {}),
  };
}

function cpuStats({ timestamp, usageNanoCores, usageCoreNanoSeconds }: NonNullable<RuntimeStats['cpu']>): CpuStats {
  return { timeMs: timeOf(timestamp), ...numbers({ usageNanoCores, usageCoreNanoSeconds }) };
}

function memoryStats(memory: NonNullable<RuntimeStats['memory']>): MemoryStats {
  const { timestamp, availableBytes, usageBytes, workingSetBytes, rssBytes, pageFaults, majorPageFaults } = memory;
  return {
    timeMs: timeOf(timestamp),
    // Without a limit nothing is said about what is left of it.
    ...numbers({ availableBytes: availableBytes?.value ? availableBytes : undefined }),
    ...numbers({ usageBytes, workingSetBytes, rssBytes, pageFaults, majorPageFaults }),
  };
}

function networkStats(sandbox: PodSandboxStats | undefined): PodStats['network'] {
  const network = sandbox?.linux?.network;
  if (!network?.defaultInterface) return undefined;
  const stats = [network.defaultInterface, ...network.interfaces].map(({ name, ...counters }) => ({
    name,
    ...numbers(counters),
  }));
  return { timeMs: timeOf(network.timestamp), ...stats[0]!, interfaces: stats };
}

function sumCpu(containers: readonly ContainerStats[]): CpuStats | undefined {
  const all = containers.map(({ cpu }) => cpu).filter((cpu) => cpu !== undefined);
  if (all.length === 0) return undefined;
  return {
    timeMs: all[0]!.timeMs,
    usageNanoCores: sum(all, ({ usageNanoCores }) => usageNanoCores),
    usageCoreNanoSeconds: sum(all, ({ usageCoreNanoSeconds }) => usageCoreNanoSeconds),
  };
}

function sumMemory(containers: readonly ContainerStats[]): MemoryStats | undefined {
  const all = containers.map(({ memory }) => memory).filter((memory) => memory !== undefined);
  if (all.length === 0) return undefined;
  return {
    timeMs: all[0]!.timeMs,
    usageBytes: sum(all, ({ usageBytes }) => usageBytes),
    workingSetBytes: sum(all, ({ workingSetBytes }) => workingSetBytes),
    rssBytes: sum(all, ({ rssBytes }) => rssBytes),
    pageFaults: sum(all, ({ pageFaults }) => pageFaults),
    majorPageFaults: sum(all, ({ majorPageFaults }) => majorPageFaults),
  };
}

function sum<T>(items: readonly T[], amount: (item: T) => number | undefined): number {
  return items.reduce((total, item) => total + (amount(item) ?? 0), 0);
}

function numbers<K extends string>(
  values: Readonly<Partial<Record<K, UInt64Value | undefined>>>,
): Partial<Record<K, number>> {
  const entries = Object.entries<UInt64Value | undefined>(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries.map(([name, value]) => [name, value!.value])) as Partial<Record<K, number>>;
}

function timeOf(nanoSeconds: number): number {
  // Rounded: nanoseconds since 1970 have more digits than a number can hold.
  return Math.round(nanoSeconds / 1e6);
}
