import type { Pod } from '@kts/api/types/core-v1';
import { GrpcError } from '@kts/grpc';
import { type LinuxContainerResources, type RuntimeService } from '@kts/host-cri';
import type { CgroupResources, Cgroups } from '../host/node-host.ts';
import type { ContainerAmounts } from '../pod/container-amounts.ts';
import type { AnyContainer } from '../pod/containers.ts';
import { formatBytes, formatMilli, milliValue, wholeValue } from '../pod/resource-list.ts';
import type { ContainerResize } from '../runtime/action-draft.ts';
import {
  containerLinuxResources,
  cpuQuota,
  cpuShares,
  overheadLinuxResources,
  podCgroupResources,
  sharesToMilli,
  type ResourceSettings,
} from '../runtime/linux-resources.ts';
import type { PodActions } from '../runtime/pod-actions.ts';
import type { ResizeState } from './resize-state.ts';

/**
 * Changes the resources of running containers: the pod's cgroup grows first and shrinks last, so that it never holds
 * less than its containers.
 *
 * Mirrors: pkg/kubelet/kuberuntime/kuberuntime_manager.go, doPodResizeAction (v1.36)
 */
export class PodResizer {
  readonly #runtime: RuntimeService;
  readonly #cgroups: Cgroups;
  readonly #state: ResizeState;
  readonly #settings: ResourceSettings;
  readonly #cgroupOf: (pod: Pod) => string;

  constructor(options: {
    readonly runtime: RuntimeService;
    readonly cgroups: Cgroups;
    readonly state: ResizeState;
    readonly settings: ResourceSettings;
    readonly cgroupOf: (pod: Pod) => string;
  }) {
    this.#runtime = options.runtime;
    this.#cgroups = options.cgroups;
    this.#state = options.state;
    this.#settings = options.settings;
    this.#cgroupOf = options.cgroupOf;
  }

  /** Resolves with what went wrong. */
  async resize(pod: Pod, actions: PodActions, sandboxId: string, signal: AbortSignal): Promise<string | undefined> {
    const cgroup = this.#cgroupOf(pod);
    const current = (await this.#cgroups.read(cgroup)) ?? {};
    const wanted = {
      ...pick(current, 'memoryLimit', 'cpuQuota', 'cpuPeriod'),
      ...podCgroupResources(pod, this.#settings),
    };
    const work: Work = { pod, sandboxId, cgroup, known: current, amounts: new Map() };
    const all = actions.updatePodResources || actions.updatePodLevelResources;
    try {
      await this.#checkUsage(work, actions.memoryResizes, signal);
      if (all || actions.memoryResizes.length > 0) {
        await this.#inOrder(
          work,
          [{ memoryLimit: wanted.memoryLimit ?? -1 }],
          () => this.#containers(work, actions.memoryResizes, 'memory', signal),
          signal,
        );
      }
      if (all || actions.cpuResizes.length > 0) {
        const limit = { cpuQuota: wanted.cpuQuota ?? -1, cpuPeriod: wanted.cpuPeriod ?? this.#settings.cpuPeriodUs };
        await this.#inOrder(
          work,
          [limit, { cpuShares: wanted.cpuShares ?? cpuShares(0) }],
          () => this.#containers(work, actions.cpuResizes, 'cpu', signal),
          signal,
        );
      }
      if (actions.updatePodLevelResources) this.#state.setPodLevel(pod);
      return undefined;
    } catch (error) {
      if (signal.aborted) throw error;
      return Error.isError(error) ? error.message : String(error);
    }
  }

  /** A container is not given less memory than it uses: it would be killed. */
  async #checkUsage(work: Work, resizes: readonly ContainerResize[], signal: AbortSignal): Promise<void> {
    const smaller = resizes.filter(({ current, desired }) => {
      return desired.memoryLimit > 0 && (current.memoryLimit === 0 || desired.memoryLimit < current.memoryLimit);
    });
    if (smaller.length === 0) return;
    const { stats } = await this.#runtime.podSandboxStats({ podSandboxId: work.sandboxId }, { signal });
    const problems = smaller.flatMap(({ id, container, desired }) => {
      const name = JSON.stringify(container.name);
      const used = stats?.linux?.containers.find((one) => one.attributes?.id === id)?.memory?.usageBytes?.value;
      if (used === undefined) return [`missing container ${name} memory usage`];
      if (used < desired.memoryLimit) return [];
      return [
        `attempting to set container ${name} memory limit (${desired.memoryLimit}) below current usage (${used})`,
      ];
    });
    if (problems.length === 0) return;
    const text = problems.length === 1 ? problems[0] : `[${problems.join(', ')}]`;
    throw new Error(`cannot decrease memory limits: ${text}`);
  }

  /** Grows the pod's cgroup, changes the containers, then shrinks what is to shrink. */
  async #inOrder(
    work: Work,
    changes: readonly CgroupResources[],
    containers: () => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    const growing = changes.filter((change) => compare(change, work.known) > 0);
    const shrinking = changes.filter((change) => compare(change, work.known) < 0).toReversed();
    for (const change of growing) await this.#changePod(work, change, signal);
    await containers();
    for (const change of shrinking) await this.#changePod(work, change, signal);
  }

  async #changePod(work: Work, change: CgroupResources, signal: AbortSignal): Promise<void> {
    const unlimited = { cpuQuota: -1, cpuPeriod: this.#settings.cpuPeriodUs };
    const merged = { ...unlimited, ...podCgroupResources(work.pod, this.#settings), ...work.known, ...change };
    await this.#tellRuntime(work, merged, signal);
    await this.#cgroups.write(work.cgroup, change);
    work.known = merged;
  }

  /** The runtime may not know the call; it is only informed. */
  async #tellRuntime(work: Work, resources: CgroupResources, signal: AbortSignal): Promise<void> {
    try {
      await this.#runtime.updatePodSandboxResources(
        {
          podSandboxId: work.sandboxId,
          overhead: overheadLinuxResources(work.pod, this.#settings),
          resources: withoutOverhead(resources, work.pod),
        },
        { signal },
      );
    } catch (error) {
      if (GrpcError.is(error, 'Unimplemented')) return;
      if (GrpcError.is(error, 'Unknown') && error.description.includes('not implemented')) return;
      throw new Error(
        `updatePodSandboxResources failed for sanboxID ${JSON.stringify(work.sandboxId)}: ${(error as Error).message}`,
        { cause: error },
      );
    }
  }

  async #containers(
    work: Work,
    resizes: readonly ContainerResize[],
    resource: 'cpu' | 'memory',
    signal: AbortSignal,
  ): Promise<void> {
    for (const { container, id, current, desired } of resizes) {
      const before = work.amounts.get(container.name) ?? current;
      const amounts: ContainerAmounts =
        resource === 'cpu'
          ? { ...before, cpuLimit: desired.cpuLimit, cpuRequest: desired.cpuRequest }
          : { ...before, memoryLimit: desired.memoryLimit, memoryRequest: desired.memoryRequest };
      const linux = containerLinuxResources(work.pod, withAmounts(container, amounts), this.#settings);
      await this.#runtime.updateContainerResources({ containerId: id, linux }, { signal });
      work.amounts.set(container.name, amounts);
      this.#state.setActuated(work.pod, container, amounts);
    }
  }
}

interface Work {
  readonly pod: Pod;
  readonly sandboxId: string;
  readonly cgroup: string;
  known: CgroupResources;
  readonly amounts: Map<string, ContainerAmounts>;
}

/** Positive: the change asks for more than there is. -1 is no limit, more than any. */
function compare(change: CgroupResources, known: CgroupResources): number {
  const key = (['memoryLimit', 'cpuQuota', 'cpuShares'] as const).find((name) => change[name] !== undefined)!;
  const size = (value: number | undefined): number => (value === undefined || value === -1 ? Infinity : value);
  const [next, before] = [size(change[key]), size(known[key])];
  return next === before ? 0 : next > before ? 1 : -1;
}

function withAmounts(container: AnyContainer, amounts: ContainerAmounts): AnyContainer {
  return {
    ...container,
    resources: {
      limits: { cpu: formatMilli(amounts.cpuLimit), memory: formatBytes(amounts.memoryLimit) },
      requests: { cpu: formatMilli(amounts.cpuRequest), memory: formatBytes(amounts.memoryRequest) },
    },
  };
}

function withoutOverhead(resources: CgroupResources, pod: Pod): LinuxContainerResources {
  const { cpuPeriod, cpuQuota: quota, cpuShares: shares, memoryLimit } = resources;
  const cpu = milliValue(pod.spec.overhead, 'cpu');
  const memory = wholeValue(pod.spec.overhead, 'memory');
  return {
    ...(cpuPeriod === undefined ? {} : { cpuPeriod }),
    ...(quota === undefined ? {} : { cpuQuota: quota - (cpu && cpuPeriod ? cpuQuota(cpu, cpuPeriod) : 0) }),
    ...(shares === undefined ? {} : { cpuShares: cpu ? cpuShares(sharesToMilli(shares) - cpu) : shares }),
    ...(memoryLimit === undefined ? {} : { memoryLimitInBytes: memoryLimit - memory }),
  };
}

function pick<T extends object, K extends keyof T>(object: T, ...keys: readonly K[]): Partial<Pick<T, K>> {
  return Object.fromEntries(
    keys.filter((key) => object[key] !== undefined).map((key) => [key, object[key]]),
  ) as Partial<Pick<T, K>>;
}
