/** Gathers what `summarize` needs from the runtime and the machine. */
import type { Pod } from '@kts/api/types/core-v1';
import { GrpcError } from '@kts/grpc';
import { type PodSandboxStats } from '@kts/host-cri';
import { isFileError, type FileSystem } from '../../host/file-system.ts';
import type { ServerContext } from '../server-context.ts';
import { podDisk, type PodDisk, type PodDiskDeps } from './pod-disk.ts';
import { summarize, type NodeUsage, type Summary } from './summary.ts';

const FILE_BYTES_MAX = 64 * 1024;

/** What has to be there to look at a node. */
export type StatsContext = Pick<ServerContext, 'nodeName' | 'api' | 'runtime' | 'host' | 'clock' | 'rootDirectory'>;

/** `withDisks`: also what pods have on disks, which takes time. */
export async function collectSummary(context: StatsContext, signal: AbortSignal, withDisks = false): Promise<Summary> {
  const { nodeName, api, runtime } = context;
  const [node, { stats: containers }, sandboxes] = await Promise.all([
    nodeUsage(context),
    runtime.listContainerStats({}, { signal }),
    sandboxStats(context, signal),
  ]);
  const pods = api.pods();
  const disks = withDisks ? { disks: await podDisks(pods, context, signal) } : {};
  return summarize({ nodeName, node, pods, containers, sandboxes, ...disks });
}

async function podDisks(
  pods: readonly Pod[],
  context: StatsContext,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, PodDisk>> {
  const result = new Map<string, PodDisk>();
  for (const pod of pods) {
    signal.throwIfAborted();
    result.set(pod.metadata.uid, await podDisk(pod, diskDeps(context)));
  }
  return result;
}

/** What measures pods' disks. */
export function diskDeps({ host, api }: StatsContext): PodDiskDeps {
  const { machine, files } = host;
  return { machine, files, podLogsDir: api.podLogsDir, volumePath: (uid, volume) => api.volumePath(uid, volume) };
}

/** Runtimes need not have these; containerd 1.6 refuses all of them as long as one sandbox has ended. */
async function sandboxStats({ runtime }: StatsContext, signal: AbortSignal): Promise<readonly PodSandboxStats[]> {
  try {
    return (await runtime.listPodSandboxStats({}, { signal })).stats;
  } catch (error) {
    if (error instanceof GrpcError) return [];
    throw error;
  }
}

async function nodeUsage({ host, clock, rootDirectory }: StatsContext): Promise<NodeUsage> {
  const { machine, files } = host;
  const [info, availableMemoryBytes, disk, processes, statistics, cpuNanoSeconds] = await Promise.all([
    machine.info(),
    machine.availableMemoryBytes(),
    machine.disk(rootDirectory),
    machine.processes(),
    kernelStatistics(files),
    machine.cpuNanoSeconds?.(),
  ]);
  return {
    nowMs: clock.now(),
    memoryBytes: info.memoryBytes,
    availableMemoryBytes,
    disk,
    processes,
    ...parseKernelStatistics(statistics),
    ...(cpuNanoSeconds === undefined ? {} : { cpuNanoSeconds }),
  };
}

async function kernelStatistics(files: FileSystem): Promise<string> {
  try {
    return new TextDecoder().decode(await files.readFile('/proc/stat', FILE_BYTES_MAX));
  } catch (error) {
    if (isFileError(error, 'ENOENT')) return '';
    throw error;
  }
}

/** One tick of the times in `/proc/stat`: USER_HZ is 100 on every architecture with Kubernetes. */
const TICK_NANO_SECONDS = 1e7;

/** Times of `/proc/stat`: the processors' work without idling and waiting, and when the machine was started. */
export function parseKernelStatistics(text: string): Pick<NodeUsage, 'cpuNanoSeconds' | 'bootMs'> {
  const cpu = /^cpu +(.*)$/m.exec(text)?.[1]?.split(' ').map(Number);
  const boot = /^btime (\d+)$/m.exec(text)?.[1];
  // user, nice, system, idle, iowait, irq, softirq, steal; guests' time is in the first two already.
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = cpu ?? [];
  return {
    ...(cpu ? { cpuNanoSeconds: (user + nice + system + irq + softirq + steal) * TICK_NANO_SECONDS } : {}),
    ...(boot === undefined ? {} : { bootMs: Number(boot) * 1000 }),
  };
}
