import type { Container, Pod, PodCondition, ResourceRequirements } from '@kts/api/types/core-v1';
import { formatTime, type Clock } from '@kts/base';
import type { Rejection } from '../admission/pod-admission.ts';
import { containerAmounts, sameAmounts } from '../pod/container-amounts.ts';
import { podReference } from '../pod/containers.ts';
import { podRequests } from '../pod/pod-resources.ts';
import type { PodEvents } from '../pod/pod-events.ts';
import { grantedResources } from './granted-resources.ts';
import { sameLists, wholeValue, milliValue, type ResourceList } from '../pod/resource-list.ts';

interface Allocation {
  readonly containers: ReadonlyMap<string, ResourceRequirements>;
  readonly podLevel: ResourceRequirements | undefined;
}

interface Conditions {
  readonly pending?: PodCondition;
  readonly inProgress?: PodCondition;
}

/**
 * Decides which resources of a pod's spec the node grants: a resize that does not fit waits, and the pod goes on with
 * what it had.
 *
 * Mirrors: pkg/kubelet/allocation/allocation_manager.go (v1.36)
 * Differs: kept in memory; a restarted kubelet takes it from the pods' statuses.
 */
export class ResizeAllocator {
  readonly #clock: Clock;
  readonly #events: PodEvents;
  readonly #allocations = new Map<string, Allocation>();
  readonly #conditions = new Map<string, Conditions>();

  constructor(clock: Clock, events: PodEvents) {
    this.#clock = clock;
    this.#events = events;
  }

  /** Grants a new pod what it asks for. */
  admit(pod: Pod): void {
    this.#allocations.set(pod.metadata.uid, allocationOf(pod));
  }

  /** Goes on with what a pod had been granted when its resize had to wait. */
  restore(pod: Pod): void {
    this.#allocations.set(
      pod.metadata.uid,
      allocationOf(pod, (container) => grantedResources(pod, container)),
    );
    const pending = pod.status?.conditions?.find(({ type }) => type === 'PodResizePending');
    this.#set(pod.metadata.uid, { pending });
  }

  /** The pod with the resources that are granted. */
  allocated(pod: Pod): Pod {
    const allocation = this.#allocations.get(pod.metadata.uid);
    if (!allocation || isSame(allocation, pod)) return pod;
    const apply = (containers: readonly Container[]): readonly Container[] =>
      containers.map((container) => ({ ...container, resources: allocation.containers.get(container.name) ?? {} }));
    const { resources: _, ...spec } = pod.spec;
    return {
      ...pod,
      spec: {
        ...spec,
        containers: apply(pod.spec.containers),
        ...(pod.spec.initContainers ? { initContainers: apply(pod.spec.initContainers) } : {}),
        ...(allocation.podLevel ? { resources: allocation.podLevel } : {}),
      },
    };
  }

  /** Looks at a changed pod; `others` are the pods that share the node. Returns whether anything changed. */
  review(pod: Pod, others: readonly Pod[], allocatable: ResourceList): boolean {
    const { uid } = pod.metadata;
    const allocation = this.#allocations.get(uid);
    if (!allocation || isSame(allocation, pod)) return this.#set(uid, { pending: undefined });
    const refusal = this.#refusal(pod, others, allocatable);
    if (refusal) return this.#refuse(pod, refusal);
    this.admit(pod);
    this.#set(uid, { pending: undefined, inProgress: undefined });
    this.setInProgress(pod, '', '');
    this.#events.record(
      podReference(pod),
      'Normal',
      'ResizeStarted',
      resizeMessage(pod, generationOf(pod), 'Pod resize started'),
    );
    return true;
  }

  /** The pod waits for resources. */
  isPending(uid: string): boolean {
    return this.#conditions.get(uid)?.pending !== undefined;
  }

  conditions(uid: string): readonly PodCondition[] {
    const { pending, inProgress } = this.#conditions.get(uid) ?? {};
    return [...(pending ? [pending] : []), ...(inProgress ? [inProgress] : [])];
  }

  /** Notes that the resize is being carried out, or why it fails. Empty texts keep what was said before. */
  setInProgress(pod: Pod, reason: string, message: string): void {
    const { uid } = pod.metadata;
    const before = this.#conditions.get(uid)?.inProgress;
    const kept = reason === '' && message === '' && before ? before : { reason, message };
    const generation = before?.observedGeneration ?? generationOf(pod);
    const next = this.#condition('PodResizeInProgress', before, kept.reason ?? '', kept.message ?? '', generation);
    const changed = before?.reason !== next.reason || before?.message !== next.message;
    this.#set(uid, { inProgress: next });
    if (changed && reason !== '') {
      const text = resizeMessage(pod, generation, 'Pod resize error', message);
      this.#events.record(podReference(pod), 'Warning', 'ResizeError', text);
    }
  }

  /** Everything that was granted has been applied. */
  complete(pod: Pod): void {
    const { uid } = pod.metadata;
    const before = this.#conditions.get(uid)?.inProgress;
    if (!before) return;
    this.#set(uid, { inProgress: undefined });
    const text = resizeMessage(pod, before.observedGeneration ?? 0, 'Pod resize completed');
    this.#events.record(podReference(pod), 'Normal', 'ResizeCompleted', text);
  }

  /** A pod that has ended is not resized any more. */
  drop(uid: string): void {
    this.#conditions.delete(uid);
  }

  retain(uids: ReadonlySet<string>): void {
    for (const map of [this.#allocations, this.#conditions]) {
      for (const uid of map.keys()) if (!uids.has(uid)) map.delete(uid);
    }
  }

  #refusal(pod: Pod, others: readonly Pod[], allocatable: ResourceList): Rejection | undefined {
    const requests = podRequests(pod);
    for (const name of ['cpu', 'memory']) {
      const amount = name === 'cpu' ? milliValue : wholeValue;
      const requested = amount(requests, name);
      const capacity = amount(allocatable, name);
      if (requested > capacity) {
        const message = `Node didn't have enough capacity: ${name}, requested: ${requested}, capacity: ${capacity}`;
        return { reason: 'Infeasible', message };
      }
    }
    for (const name of ['cpu', 'memory']) {
      const amount = name === 'cpu' ? milliValue : wholeValue;
      const requested = amount(requests, name);
      const capacity = amount(allocatable, name);
      const used = others.reduce((sum, other) => sum + amount(podRequests(this.allocated(other)), name), 0);
      if (requested > capacity - used) {
        const amounts = `requested: ${requested}, used: ${used}, capacity: ${capacity}`;
        return { reason: 'Deferred', message: `Node didn't have enough resource: ${name}, ${amounts}` };
      }
    }
    return undefined;
  }

  #refuse(pod: Pod, { reason, message }: Rejection): boolean {
    const before = this.#conditions.get(pod.metadata.uid)?.pending;
    const generation = generationOf(pod);
    this.#set(pod.metadata.uid, {
      pending: this.#condition('PodResizePending', before, reason, message, generation),
    });
    if (before?.reason === reason && before.observedGeneration === generation) return false;
    const text = resizeMessage(pod, generation, `Pod resize ${reason}`, message);
    this.#events.record(podReference(pod), 'Warning', `Resize${reason}`, text);
    return true;
  }

  #condition(
    type: string,
    before: PodCondition | undefined,
    reason: string,
    message: string,
    generation: number,
  ): PodCondition {
    const now = formatTime(this.#clock.now());
    const same = before !== undefined && (before.reason ?? '') === reason;
    return {
      type,
      status: 'True',
      lastProbeTime: now,
      lastTransitionTime: same ? (before.lastTransitionTime ?? now) : now,
      ...(generation ? { observedGeneration: generation } : {}),
      ...(reason ? { reason } : {}),
      ...(message ? { message } : {}),
    };
  }

  /** Returns whether something was there before that is not there now, or the other way round. */
  #set(uid: string, change: { readonly [K in keyof Conditions]?: PodCondition | undefined }): boolean {
    const before = this.#conditions.get(uid) ?? {};
    const merged = { ...before, ...change };
    const { pending, inProgress } = merged;
    this.#conditions.set(uid, { ...(pending ? { pending } : {}), ...(inProgress ? { inProgress } : {}) });
    return before.pending !== pending || before.inProgress !== inProgress;
  }
}

function generationOf(pod: Pod): number {
  return pod.metadata.generation ?? 0;
}

function allocationOf(
  pod: Pod,
  resourcesOf: (container: Container) => ResourceRequirements = ({ resources = {} }) => resources,
): Allocation {
  const containers = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
  return {
    containers: new Map(containers.map((container) => [container.name, resourcesOf(container)])),
    podLevel: pod.spec.resources,
  };
}

/** CPU and memory are granted as the spec has them; nothing else can be resized. */
function isSame(allocation: Allocation, pod: Pod): boolean {
  const containers = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
  return (
    containers.every((container) =>
      sameAmounts(
        containerAmounts(container.resources, undefined),
        containerAmounts(allocation.containers.get(container.name), undefined),
      ),
    ) &&
    sameLists(pod.spec.resources?.requests, allocation.podLevel?.requests) &&
    sameLists(pod.spec.resources?.limits, allocation.podLevel?.limits)
  );
}

function resizeMessage(pod: Pod, generation: number, prefix: string, error?: string): string {
  const summary = (containers: readonly Container[]): readonly object[] =>
    containers.map(({ name, resources }) => ({ name, resources: resources ?? {} }));
  const init = pod.spec.initContainers ?? [];
  return `${prefix}: ${JSON.stringify({
    ...(init.length > 0 ? { initContainers: summary(init) } : {}),
    containers: summary(pod.spec.containers),
    generation,
    ...(error ? { error } : {}),
  })}`;
}
