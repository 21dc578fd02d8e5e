import { deepEqual, keyText } from '@kts/apimachinery';
import type { Pod } from '@kts/api/types/core-v1';
import { formatMicroTime, type Clock, type Logger, type TaskGroup } from '@kts/base';
import type { KubeletConfig } from '../config.ts';
import { rejectionOf, type Rejection } from '../admission/pod-admission.ts';
import { CONFIG_SEEN_ANNOTATION, CONFIG_SOURCE_ANNOTATION, isMirrorPod, podReference } from '../pod/containers.ts';
import { qosClass } from '../pod/qos-class.ts';
import type { DeviceManager } from '../devices/device-manager.ts';
import { isResizePending } from '../resize/granted-resources.ts';
import { isTerminalPhase } from '../status/status-update.ts';
import type { KubeletParts } from './kubelet-parts.ts';

/**
 * Takes in the pods of the API and of the manifest directory: admits new ones, passes changes on, ends those that are
 * gone.
 *
 * Mirrors: pkg/kubelet/kubelet.go, HandlePodAdditions and its siblings, pkg/kubelet/config/config.go (v1.36)
 */
export class PodIntake {
  readonly #config: KubeletConfig;
  readonly #parts: KubeletParts;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #appArmorEnabled: boolean;
  readonly #group: TaskGroup;

  constructor(options: {
    readonly config: KubeletConfig;
    readonly parts: KubeletParts;
    readonly clock: Clock;
    readonly log: Logger;
    readonly appArmorEnabled: boolean;
    /** What takes time goes on here. */
    readonly group: TaskGroup;
  }) {
    this.#config = options.config;
    this.#parts = options.parts;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#appArmorEnabled = options.appArmorEnabled;
    this.#group = options.group;
  }

  /** A pod of the API, new or changed. */
  put(fromApi: Pod): void {
    const known = this.#parts.pods.get(fromApi.metadata.uid);
    const pod = isMirrorPod(fromApi) ? fromApi : this.#annotated(fromApi, known);
    this.#parts.pods.set(pod);
    if (isMirrorPod(pod)) {
      const shown = this.#parts.pods.staticOf(pod);
      if (shown) this.#parts.workers.update({ type: 'update', pod: shown });
      return;
    }
    if (!known) this.#add(pod);
    else this.#change(pod, known);
  }

  remove(pod: Pod): void {
    this.#parts.pods.remove(pod);
    if (isMirrorPod(pod)) {
      const shown = this.#parts.pods.staticOf(pod);
      if (shown) this.#parts.workers.update({ type: 'update', pod: shown });
      return;
    }
    this.#parts.workers.update({ type: 'kill', pod });
    this.reviewResizes();
  }

  /** The pods of the manifest directory, all of them. */
  setStaticPods(pods: readonly Pod[], previous: readonly Pod[]): void {
    for (const pod of pods) {
      if (this.#parts.pods.get(pod.metadata.uid)) continue;
      this.#parts.pods.set(pod);
      this.#add(pod);
    }
    const wanted = new Set(pods.map((pod) => pod.metadata.uid));
    for (const pod of previous) if (!wanted.has(pod.metadata.uid)) this.remove(pod);
  }

  /** Looks again at resizes that had to wait. */
  reviewResizes(): void {
    for (const pod of this.#parts.pods.all()) {
      if (this.#parts.allocator.isPending(pod.metadata.uid)) this.#reviewResize(pod);
    }
  }

  /** Where the pod comes from and since when, as sandboxes are told. */
  #annotated(pod: Pod, known: Pod | undefined): Pod {
    const seen = known?.metadata.annotations?.[CONFIG_SEEN_ANNOTATION] ?? formatMicroTime(this.#clock.now());
    const annotations = {
      ...pod.metadata.annotations,
      [CONFIG_SOURCE_ANNOTATION]: 'api',
      [CONFIG_SEEN_ANNOTATION]: seen,
    };
    return { ...pod, metadata: { ...pod.metadata, annotations } };
  }

  #add(pod: Pod): void {
    const { workers, allocator } = this.#parts;
    if (!workers.isTerminationRequested(pod.metadata.uid) && !isTerminalPhase(pod.status?.phase)) {
      const { devices } = this.#parts;
      if (devices?.concerns(pod) && !hasStarted(pod)) {
        this.#group.start((signal) => this.#addWithDevices(pod, devices, signal));
        return;
      }
      if (isResizePending(pod)) allocator.restore(pod);
      const rejection = this.#rejection(pod);
      if (rejection) return this.#reject(pod, rejection);
      // A resize that waited is looked at again when all pods of the node are known.
      if (!isResizePending(pod)) allocator.admit(pod);
    }
    workers.update({ type: 'create', pod });
  }

  /** The pod starts when its devices are ready, or is refused if it cannot have them. */
  async #addWithDevices(pod: Pod, devices: DeviceManager, signal: AbortSignal): Promise<void> {
    const { shared, pods, allocator, workers } = this.#parts;
    const { uid } = pod.metadata;
    shared.admitting.add(uid);
    try {
      await devices.allocate(pod, signal);
    } catch (error) {
      if (signal.aborted) return;
      const message = `Allocate failed due to ${(error as Error).message}, which is unexpected`;
      this.#reject(pod, { reason: 'UnexpectedAdmissionError', message });
      return;
    } finally {
      shared.admitting.delete(uid);
    }
    const latest = pods.get(uid);
    if (!latest) return;
    const rejection = this.#rejection(latest);
    if (rejection) return this.#reject(latest, rejection);
    allocator.admit(latest);
    workers.update({ type: 'create', pod: latest });
  }

  #change(pod: Pod, known: Pod): void {
    const { workers, shared } = this.#parts;
    if (shared.admitting.has(pod.metadata.uid)) return;
    if (deepEqual(relevant(pod), relevant(known))) {
      if (hasGateChange(pod, known)) workers.update({ type: 'sync', pod });
      return;
    }
    if (!deepEqual(pod.spec, known.spec)) this.#reviewResize(pod);
    workers.update({ type: 'update', pod });
  }

  #reviewResize(pod: Pod): void {
    const others = this.#parts.activePods().filter((other) => other.metadata.uid !== pod.metadata.uid);
    if (this.#parts.allocator.review(pod, others, this.#parts.allocatable())) this.#parts.syncPod(pod.metadata.uid);
  }

  #rejection(pod: Pod): Rejection | undefined {
    const node = this.#parts.node();
    if (!node) return { reason: 'InvalidNodeInfo', message: 'Kubelet cannot get node info.' };
    const others = this.#parts
      .activePods()
      .filter((other) => other.metadata.uid !== pod.metadata.uid)
      .map((other) => this.#parts.allocator.allocated(other));
    return rejectionOf({
      pod: this.#parts.allocator.allocated(pod),
      node,
      others,
      allowedUnsafeSysctls: this.#config.allowedUnsafeSysctls,
      appArmorEnabled: this.#appArmorEnabled,
      pressures: this.#parts.shared.pressures,
    });
  }

  #reject(pod: Pod, { reason, message }: Rejection): void {
    this.#log.info('pod rejected', { pod: keyText(pod.metadata), reason });
    this.#parts.events.record(podReference(pod), 'Warning', reason, message);
    this.#parts.statuses.set(pod, {
      phase: 'Failed',
      reason,
      message: `Pod was rejected: ${message}`,
      qosClass: qosClass(pod),
    });
  }
}

/** Its containers have run before: what they need was given to them then. */
function hasStarted({ status }: Pod): boolean {
  const all = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  return all.some(({ state }) => state?.running !== undefined);
}

/** The part of a pod whose change is of interest to its worker. */
function relevant(pod: Pod): unknown {
  const { labels, annotations, deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata;
  return [pod.spec, labels ?? {}, annotations ?? {}, deletionTimestamp, deletionGracePeriodSeconds];
}

/** A condition that the pod's readiness waits for has changed. */
function hasGateChange(pod: Pod, known: Pod): boolean {
  const stateOf = (one: Pod, type: string): string | undefined =>
    one.status?.conditions?.find((condition) => condition.type === type)?.status;
  return (pod.spec.readinessGates ?? []).some(
    ({ conditionType }) => stateOf(pod, conditionType) !== stateOf(known, conditionType),
  );
}
