import type { Pod } from '@kts/api/types/core-v1';
import type { HugepageLimit, LinuxContainerResources } from '@kts/host-cri';
import type { CgroupResources } from '../host/node-host.ts';
import { isNodeCriticalPod, isRestartableInitContainer, type AnyContainer } from '../pod/containers.ts';
import { containerRequests, hasPodLevelResources, phaseLimits, podLimits, podRequests } from '../pod/pod-resources.ts';
import { qosClass } from '../pod/qos-class.ts';
import { milliValue, wholeValue, type ResourceList } from '../pod/resource-list.ts';

/**
 * CPU and memory of pods and containers in the kernel's units.
 *
 * Mirrors: pkg/kubelet/kuberuntime/kuberuntime_container_linux.go, pkg/kubelet/cm/helpers_linux.go,
 * pkg/kubelet/qos/policy.go (v1.36)
 * Differs: no memory QoS, which is off by default; containers never swap.
 */
const SHARES_MIN = 2;
const SHARES_MAX = 262_144;
const SHARES_PER_CPU = 1024;
const QUOTA_US_MIN = 1000;

/** What of the node the amounts depend on. */
export interface ResourceSettings {
  readonly memoryBytes: number;
  /** Page sizes of the node as cgroups name them, such as `2MB`. */
  readonly hugepageSizes: readonly string[];
  readonly enforceCpuQuota: boolean;
  readonly cpuPeriodUs: number;
  readonly cgroupVersion: 1 | 2;
  /** The kernel accounts for swap, so containers must be told not to use it. */
  readonly swapController: boolean;
  readonly singleProcessOomKill: boolean;
}

export function cpuShares(milli: number): number {
  return Math.min(SHARES_MAX, Math.max(SHARES_MIN, Math.floor((milli * SHARES_PER_CPU) / 1000)));
}

export function sharesToMilli(shares: number): number {
  return shares < SHARES_MIN ? 0 : Math.ceil((shares * 1000) / SHARES_PER_CPU);
}

export function cpuQuota(milli: number, periodUs: number): number {
  return milli === 0 ? 0 : Math.max(QUOTA_US_MIN, Math.floor((milli * periodUs) / 1000));
}

export function quotaToMilli(quota: number, periodUs: number): number {
  return quota === -1 ? 0 : Math.floor((quota * 1000) / periodUs);
}

export function containerLinuxResources(
  pod: Pod,
  container: AnyContainer,
  settings: ResourceSettings,
): LinuxContainerResources {
  const { requests, limits } = container.resources ?? {};
  const inherited = hasPodLevelResources(pod) ? pod.spec.resources?.limits : undefined;
  const cpuLimit = milliValue(limits, 'cpu') || milliValue(inherited, 'cpu');
  const memoryLimit = wholeValue(limits, 'memory') || wholeValue(inherited, 'memory');
  const cpuRequest = requests?.['cpu'] === undefined ? undefined : milliValue(requests, 'cpu');
  const resources = linuxResources(cpuRequest, cpuLimit, memoryLimit, settings);
  return {
    ...resources,
    ...noSwap(resources, settings),
    oomScoreAdj: oomScoreAdjust(pod, container, settings.memoryBytes),
    hugepageLimits: hugepageLimits(pod, limits, settings.hugepageSizes),
  };
}

function noSwap(resources: LinuxContainerResources, settings: ResourceSettings): LinuxContainerResources {
  if (!settings.swapController) return {};
  if (settings.cgroupVersion === 2) return { unified: { ...resources.unified, 'memory.swap.max': '0' } };
  const limit = resources.memoryLimitInBytes;
  return limit === undefined ? {} : { memorySwapLimitInBytes: limit };
}

/** Of all containers together, without the overhead, which runtimes are told apart. */
export function sandboxLinuxResources(pod: Pod, settings: ResourceSettings): LinuxContainerResources {
  const requests = podRequests(pod, { excludeOverhead: true });
  const limits = podLimits(pod, { excludeOverhead: true });
  const cpuRequest = requests['cpu'] === undefined ? undefined : milliValue(requests, 'cpu');
  return linuxResources(cpuRequest, milliValue(limits, 'cpu'), wholeValue(limits, 'memory'), settings);
}

export function overheadLinuxResources(pod: Pod, settings: ResourceSettings): LinuxContainerResources {
  const overhead = pod.spec.overhead;
  if (!overhead) return {};
  const cpu = milliValue(overhead, 'cpu');
  return linuxResources(cpu, cpu, wholeValue(overhead, 'memory'), settings);
}

function linuxResources(
  cpuRequest: number | undefined,
  cpuLimit: number,
  memoryLimit: number,
  settings: ResourceSettings,
): LinuxContainerResources {
  const oomGroup = settings.cgroupVersion === 2 && !settings.singleProcessOomKill;
  return {
    cpuShares: cpuShares(cpuRequest ?? cpuLimit),
    ...(memoryLimit === 0 ? {} : { memoryLimitInBytes: memoryLimit }),
    ...(settings.enforceCpuQuota
      ? { cpuPeriod: settings.cpuPeriodUs, cpuQuota: cpuQuota(cpuLimit, settings.cpuPeriodUs) }
      : {}),
    ...(oomGroup ? { unified: { 'memory.oom.group': '1' } } : {}),
  };
}

/** Limits of the pod's own cgroup. What is absent stays unlimited. */
export function podCgroupResources(pod: Pod, settings: ResourceSettings): CgroupResources {
  const requests = podRequests(pod);
  const limits = podLimits(pod);
  const shares = cpuShares(milliValue(requests, 'cpu'));
  const quota = settings.enforceCpuQuota ? cpuQuota(milliValue(limits, 'cpu'), settings.cpuPeriodUs) : -1;
  const cpu = { cpuQuota: quota, cpuPeriod: settings.cpuPeriodUs };
  const memory = { memoryLimit: wholeValue(limits, 'memory') };
  switch (qosClass(pod)) {
    case 'Guaranteed':
      return { cpuShares: shares, ...cpu, ...memory };
    case 'Burstable': {
      const phases = phaseLimits(pod);
      const own = hasPodLevelResources(pod) ? pod.spec.resources?.limits : undefined;
      const cpuLimited = milliValue(own, 'cpu') !== 0 || phases.every((phase) => milliValue(phase, 'cpu') !== 0);
      const memoryLimited =
        wholeValue(own, 'memory') !== 0 || phases.every((phase) => wholeValue(phase, 'memory') !== 0);
      return { cpuShares: shares, ...(cpuLimited ? cpu : {}), ...(memoryLimited ? memory : {}) };
    }
    case 'BestEffort':
      return { cpuShares: SHARES_MIN };
  }
}

const OOM_GUARANTEED = -997;
const OOM_BEST_EFFORT = 1000;

/** The more of the node's memory a container asks for, the later the kernel kills it. */
export function oomScoreAdjust(pod: Pod, container: AnyContainer, nodeMemoryBytes: number): number {
  if (isNodeCriticalPod(pod)) return OOM_GUARANTEED;
  const quality = qosClass(pod);
  if (quality === 'Guaranteed') return OOM_GUARANTEED;
  if (quality === 'BestEffort') return OOM_BEST_EFFORT;
  const share = remainingPodMemory(pod);
  const score = (memory: number): number => 1000 - Math.floor((1000 * (memory + share)) / nodeMemoryBytes);
  let adjust = score(wholeValue(container.resources?.requests, 'memory'));
  if (isSidecar(pod, container)) {
    const smallest = Math.min(...pod.spec.containers.map((one) => wholeValue(one.resources?.requests, 'memory')));
    adjust = Math.min(adjust, score(smallest));
  }
  if (adjust < 1000 + OOM_GUARANTEED) return 1000 + OOM_GUARANTEED;
  return adjust === OOM_BEST_EFFORT ? adjust - 1 : adjust;
}

/** What the pod requests beyond its containers, divided among them. */
function remainingPodMemory(pod: Pod): number {
  const own = wholeValue(pod.spec.resources?.requests, 'memory');
  if (own === 0) return 0;
  const count = pod.spec.containers.length + (pod.spec.initContainers?.length ?? 0);
  return Math.trunc((own - wholeValue(containerRequests(pod), 'memory')) / count);
}

function isSidecar(pod: Pod, container: AnyContainer): boolean {
  return (
    isRestartableInitContainer(container) && (pod.spec.initContainers ?? []).some((one) => one.name === container.name)
  );
}

function hugepageLimits(
  pod: Pod,
  limits: ResourceList | undefined,
  sizes: readonly string[],
): readonly HugepageLimit[] {
  const required = new Map<string, number>();
  const lists = [hasPodLevelResources(pod) ? pod.spec.resources?.limits : undefined, limits];
  for (const list of lists) {
    for (const name of Object.keys(list ?? {})) {
      if (!name.startsWith('hugepages-')) continue;
      required.set(
        hugepageSizeName(wholeValue({ size: name.slice('hugepages-'.length) }, 'size')),
        wholeValue(list, name),
      );
    }
  }
  return sizes.map((pageSize) => ({ pageSize, limit: required.get(pageSize) ?? 0 }));
}

/** How cgroups name a page size: 2097152 is `2MB`. */
export function hugepageSizeName(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB', 'PB'];
  let amount = bytes;
  let unit = 0;
  while (amount >= 1024 && unit < units.length - 1) {
    amount /= 1024;
    unit++;
  }
  return `${amount}${units[unit]}`;
}
