/**
 * What the node, its pods and their containers use.
 *
 * Mirrors: pkg/kubelet/server/stats/summary.go, pkg/kubelet/stats/cri_stats_provider.go (v1.36)
 * Differs: everything about containers comes from the runtime; what volumes and logs use is not shown.
 */
import type { Pod } from '@kts/api/types/core-v1';
import { formatTime } from '@kts/base';
import type { ContainerStats as RuntimeStats, PodSandboxStats, UInt64Value } from '@kts/host-cri';
import type { DiskUsage } from '../../host/node-host.ts';
import { CONTAINER_NAME_LABEL, POD_UID_LABEL } from '../../runtime/container-labels.ts';

export interface CpuStats {
  readonly time: string;
  readonly usageNanoCores?: number;
  readonly usageCoreNanoSeconds?: number;
}

export interface MemoryStats {
  readonly time: string;
  readonly availableBytes?: number;
  readonly usageBytes?: number;
  readonly workingSetBytes?: number;
  readonly rssBytes?: number;
  readonly pageFaults?: number;
  readonly majorPageFaults?: number;
}

export interface FsStats {
  readonly time: string;
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
}

export interface PodStats {
  readonly podRef: { readonly name: string; readonly namespace: string; readonly uid: string };
  readonly startTime: string | null;
  readonly containers: readonly ContainerStats[];
  readonly cpu?: CpuStats;
  readonly memory?: MemoryStats;
  readonly network?: InterfaceStats & { readonly time: string; readonly interfaces: readonly InterfaceStats[] };
  readonly process_stats?: { readonly process_count: number };
}

/** `stats.k8s.io/v1alpha1`, the answer of `/stats/summary`. */
export interface Summary {
  readonly node: {
    readonly nodeName: string;
    readonly startTime: string | null;
    readonly cpu?: CpuStats;
    readonly memory?: MemoryStats;
    readonly fs?: FsStats;
    readonly runtime?: { readonly imageFs: FsStats; readonly containerFs: FsStats };
    readonly rlimit?: { readonly time: string; readonly maxpid: number; readonly curproc: number };
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
}

export function summarize({ nodeName, node, pods, containers, sandboxes }: SummaryInput): Summary {
  const byPod = Map.groupBy(containers, ({ attributes }) => attributes?.labels[POD_UID_LABEL] ?? '');
  const sandboxOf = new Map(sandboxes.map((sandbox) => [sandbox.attributes?.metadata?.uid ?? '', sandbox]));
  const running = pods.filter(({ metadata }) => byPod.has(metadata.uid));
  return {
    node: nodeStats(nodeName, node),
    pods: running.map((pod) => podStats(pod, byPod.get(pod.metadata.uid)!, sandboxOf.get(pod.metadata.uid))),
  };
}

function nodeStats(nodeName: string, node: NodeUsage): Summary['node'] {
  const time = formatTime(node.nowMs);
  const used = node.memoryBytes - node.availableMemoryBytes;
  const { capacityBytes, availableBytes, inodes, inodesFree } = node.disk;
  const fs = {
    time,
    availableBytes,
    capacityBytes,
    usedBytes: capacityBytes - availableBytes,
    inodesFree,
    inodes,
    inodesUsed: inodes - inodesFree,
  };
  return {
    nodeName,
    startTime: node.bootMs === undefined ? null : formatTime(node.bootMs),
    ...(node.cpuNanoSeconds === undefined ? {} : { cpu: { time, usageCoreNanoSeconds: node.cpuNanoSeconds } }),
    memory: { time, availableBytes: node.availableMemoryBytes, usageBytes: used, workingSetBytes: used },
    fs,
    runtime: { imageFs: fs, containerFs: fs },
    rlimit: { time, maxpid: node.processes.max, curproc: node.processes.running },
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
            time: timeOf(writableLayer.timestamp),
            ...numbers({ usedBytes: writableLayer.usedBytes, inodesUsed: writableLayer.inodesUsed }),
          },
        }
      : {}),
  };
}

function cpuStats({ timestamp, usageNanoCores, usageCoreNanoSeconds }: NonNullable<RuntimeStats['cpu']>): CpuStats {
  return { time: timeOf(timestamp), ...numbers({ usageNanoCores, usageCoreNanoSeconds }) };
}

function memoryStats(memory: NonNullable<RuntimeStats['memory']>): MemoryStats {
  const { timestamp, availableBytes, usageBytes, workingSetBytes, rssBytes, pageFaults, majorPageFaults } = memory;
  return {
    time: timeOf(timestamp),
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
  return { time: timeOf(network.timestamp), ...stats[0]!, interfaces: stats };
}

function sumCpu(containers: readonly ContainerStats[]): CpuStats | undefined {
  const all = containers.map(({ cpu }) => cpu).filter((cpu) => cpu !== undefined);
  if (all.length === 0) return undefined;
  return {
    time: all[0]!.time,
    usageNanoCores: sum(all, ({ usageNanoCores }) => usageNanoCores),
    usageCoreNanoSeconds: sum(all, ({ usageCoreNanoSeconds }) => usageCoreNanoSeconds),
  };
}

function sumMemory(containers: readonly ContainerStats[]): MemoryStats | undefined {
  const all = containers.map(({ memory }) => memory).filter((memory) => memory !== undefined);
  if (all.length === 0) return undefined;
  return {
    time: all[0]!.time,
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

function timeOf(nanoSeconds: number): string {
  return formatTime(Math.floor(nanoSeconds / 1e6));
}
