import type { Pod } from '@kts/api/types/core-v1';
import { keyText } from '@kts/apimachinery';
import type { Clock, Logger } from '@kts/base';
import type { ImageService } from '@kts/host-cri';
import type { Machine } from '../host/node-host.ts';
import { isCriticalPod } from '../pod/containers.ts';
import type { PodEviction } from '../status/pod-status.ts';
import { collectUsage, type UsageDeps } from './collect-usage.ts';
import { evictionMessage } from './eviction-message.ts';
import { limitsLocalStorage, localStorageExcess } from './local-storage.ts';
import { NO_PRESSURE, observePressure, thresholdsMet, type Observations, type PressureState } from './pressure.ts';
import { rankPods } from './rank-pods.ts';
import { SIGNALS, type PressureCondition, type Signal, type Threshold } from './thresholds.ts';

export interface EvictionDeps extends UsageDeps {
  readonly thresholds: readonly Threshold[];
  /** How long a condition stays after its cause has gone. */
  readonly transitionMs: number;
  /** The longest grace period of a pod that a soft threshold evicts. */
  readonly maxPodGraceSeconds: number;
  readonly enforceLocalStorage: boolean;
  /** A path of the node's file system. */
  readonly rootDirectory: string;
  readonly machine: Machine;
  readonly images: ImageService;
  readonly clock: Clock;
  readonly log: Logger;
  /** The pods that may run something. */
  readonly activePods: () => readonly Pod[];
  readonly evict: (pod: Pod, eviction: PodEviction, gracePeriodSeconds: number, signal: string) => void;
  /** Nothing of the pod runs any more. */
  readonly isGone: (pod: Pod) => boolean;
  /** Says that the node tries to get something back. */
  readonly announce: (message: string) => void;
  /** Removes containers that have ended and images that nothing uses. */
  readonly reclaimDisk: (signal: AbortSignal) => Promise<void>;
  /** Told after every look at the node, in alphabetical order. */
  readonly onConditions: (conditions: readonly PressureCondition[]) => void;
}

const HARD_GRACE_SECONDS = 1;
const CHECK_MS = 10_000;
const CLEANUP_POLL_MS = 1000;
const CLEANUP_MS_MAX = 30_000;
export const EVICTED = 'Evicted';

/**
 * Takes back from pods what the node runs short of, one pod at a time.
 *
 * Mirrors: pkg/kubelet/eviction/eviction_manager.go (v1.36)
 * Differs: the node is looked at every ten seconds, without the kernel's notifications about memory; events have no
 * annotations.
 */
export class EvictionManager {
  readonly #deps: EvictionDeps;
  #state: PressureState = NO_PRESSURE;

  constructor(deps: EvictionDeps) {
    this.#deps = deps;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#deps;
    while (!signal.aborted) {
      let evicted: readonly Pod[] = [];
      try {
        evicted = await this.check(signal);
      } catch (error) {
        if (!signal.aborted) log.error('failed to look for pressure on the node', { error });
      }
      if (evicted.length > 0) await this.#untilGone(evicted, signal);
      else await clock.sleep(CHECK_MS, signal).catch(() => {});
    }
  }

  /** Looks at the node once and returns the pods that have to go. */
  async check(signal: AbortSignal): Promise<readonly Pod[]> {
    const { thresholds, transitionMs, clock, onConditions, announce } = this.#deps;
    const { observations, dedicatedImageFs } = await this.#observe(signal);
    const options = { now: clock.monotonic(), transitionMs };
    const { state, conditions, due } = observePressure(this.#state, thresholds, observations, options);
    this.#state = state;
    onConditions(conditions);

    const overLimit = await this.#enforceLimits(dedicatedImageFs, signal);
    if (overLimit.length > 0) return overLimit;
    const [threshold] = due;
    if (!threshold) return [];
    announce(`Attempting to reclaim ${SIGNALS[threshold.signal].resource}`);
    if (await this.#reclaimNodeResources(threshold.signal, dedicatedImageFs, signal)) return [];
    return this.#evictOne(threshold, { due, observations, dedicatedImageFs }, signal);
  }

  async #observe(
    signal: AbortSignal,
  ): Promise<{ readonly observations: Observations; readonly dedicatedImageFs: boolean }> {
    const { machine, images, rootDirectory } = this.#deps;
    const imageFs = await images.imageFsInfo({}, { signal }).catch(() => ({ imageFilesystems: [] }));
    const [info, availableMemory, processes, node, image] = await Promise.all([
      machine.info(),
      machine.availableMemoryBytes(),
      machine.processes(),
      machine.disk(rootDirectory),
      machine.disk(imageFs.imageFilesystems[0]?.fsId?.mountpoint ?? rootDirectory),
    ]);
    const observations: Observations = new Map([
      ['memory.available', { available: availableMemory, capacity: info.memoryBytes }],
      ['nodefs.available', { available: node.availableBytes, capacity: node.capacityBytes }],
      ['nodefs.inodesFree', { available: node.inodesFree, capacity: node.inodes }],
      ['imagefs.available', { available: image.availableBytes, capacity: image.capacityBytes }],
      ['imagefs.inodesFree', { available: image.inodesFree, capacity: image.inodes }],
      ['pid.available', { available: processes.max - processes.running, capacity: processes.max }],
    ] as const);
    return { observations, dedicatedImageFs: image.device !== node.device };
  }

  /** Pods that write more to the node's disk than they may. */
  async #enforceLimits(dedicatedImageFs: boolean, signal: AbortSignal): Promise<readonly Pod[]> {
    const { activePods, enforceLocalStorage } = this.#deps;
    if (!enforceLocalStorage) return [];
    const limited = activePods().filter(limitsLocalStorage);
    const usages = await collectUsage(limited, this.#deps, signal);
    return limited.filter((pod) => {
      const usage = usages.get(pod.metadata.uid);
      const message = usage && localStorageExcess(pod, usage, dedicatedImageFs);
      return (
        message !== undefined &&
        this.#evict(pod, { reason: EVICTED, message }, HARD_GRACE_SECONDS, 'ephemeralpodfs.limit')
      );
    });
  }

  /** Returns whether the node has enough of everything again without a pod having to go. */
  async #reclaimNodeResources(lacking: Signal, dedicatedImageFs: boolean, signal: AbortSignal): Promise<boolean> {
    const { reclaimDisk, thresholds, log } = this.#deps;
    const helps = dedicatedImageFs ? lacking.startsWith('imagefs') : SIGNALS[lacking].condition === 'DiskPressure';
    if (!helps) return false;
    try {
      await reclaimDisk(signal);
    } catch (error) {
      if (signal.aborted) throw error;
      log.warn('failed to reclaim space from the disk', { error });
    }
    return thresholdsMet(thresholds, (await this.#observe(signal)).observations, true).length === 0;
  }

  async #evictOne(
    threshold: Threshold,
    look: {
      readonly due: readonly Threshold[];
      readonly observations: Observations;
      readonly dedicatedImageFs: boolean;
    },
    signal: AbortSignal,
  ): Promise<readonly Pod[]> {
    const { activePods, maxPodGraceSeconds, log } = this.#deps;
    const pods = activePods();
    const usages = await collectUsage(pods, this.#deps, signal);
    const { resource } = SIGNALS[threshold.signal];
    for (const pod of rankPods(pods, usages, threshold.signal, look.dedicatedImageFs)) {
      const own = pod.spec.terminationGracePeriodSeconds ?? maxPodGraceSeconds;
      const grace = threshold.graceMs === 0 ? HARD_GRACE_SECONDS : Math.min(maxPodGraceSeconds, own);
      const message = evictionMessage(resource, pod, usages.get(pod.metadata.uid), look.due, look.observations);
      if (this.#evict(pod, { reason: EVICTED, message, isDisruption: true }, grace, threshold.signal)) return [pod];
    }
    log.info('no pod of the node can be evicted', { resource });
    return [];
  }

  /** Returns whether the pod goes. */
  #evict(pod: Pod, eviction: PodEviction, gracePeriodSeconds: number, cause: string): boolean {
    const { evict, log } = this.#deps;
    if (isCriticalPod(pod)) {
      log.warn('a critical pod cannot be evicted', { pod: keyText(pod.metadata) });
      return false;
    }
    log.info('evicting a pod', { pod: keyText(pod.metadata), message: eviction.message });
    evict(pod, eviction, gracePeriodSeconds, cause);
    return true;
  }

  async #untilGone(pods: readonly Pod[], signal: AbortSignal): Promise<void> {
    const { clock, isGone } = this.#deps;
    const end = clock.monotonic() + CLEANUP_MS_MAX;
    while (!signal.aborted && clock.monotonic() < end && !pods.every(isGone)) {
      await clock.sleep(CLEANUP_POLL_MS, signal).catch(() => {});
    }
  }
}
