import { isNotFound, StatusError } from '@kts/apimachinery';
import { pods } from '@kts/api';
import type { ContainerStatus, Pod, PodStatus } from '@kts/api/types/core-v1';
import type { Clock, Logger } from '@kts/base';
import type { Client } from '@kts/client';
import { isMirrorPod } from '../pod/containers.ts';
import { newTerminations, type Termination } from './new-terminations.ts';
import { containersReadyCondition, isKubeletCondition, readyCondition } from './pod-conditions.ts';
import type { PodPhase } from './pod-phase.ts';
import { sameKubeletStatus, statusPatch } from './status-patch.ts';
import { followStatus, isIllegalTransition, isTerminalPhase, mergeStatus, terminatedStatus } from './status-update.ts';

/** How the status manager finds the pods that statuses are about. */
export interface PodLookup {
  byUid(uid: string): Pod | undefined;
  /** The pod in the API that shows a static pod. `null`: not a static pod. `undefined`: it has none yet. */
  mirrorOf(uid: string): Pod | null | undefined;
  couldHaveRunningContainers(uid: string): boolean;
}

interface Entry {
  readonly name: string;
  readonly namespace: string;
  readonly status: PodStatus;
  readonly version: number;
  /** The pod is stopped and cleaned up: it may go from the API. */
  readonly finished: boolean;
}

/** How often everything is compared with what the API has, in case a write was lost. */
const RECONCILE_MS = 10_000;

/**
 * Holds the status of every pod of the node and brings it to the API: the one writer of pods/status here. At the end it
 * also deletes the pod.
 *
 * Mirrors: pkg/kubelet/status/status_manager.go (v1.36)
 */
export class StatusManager {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #lookup: PodLookup;
  readonly #onTerminated: (termination: Termination) => void;
  readonly #entries = new Map<string, Entry>();
  /** What has been written, by the uid of the pod in the API. */
  readonly #written = new Map<string, number>();
  /** A status has changed since the last look at all of them. */
  #changed = false;
  #wake: (() => void) | undefined;

  constructor(options: {
    readonly client: Client;
    readonly clock: Clock;
    readonly log: Logger;
    readonly lookup: PodLookup;
    readonly onTerminated: (termination: Termination) => void;
  }) {
    this.#client = options.client;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#lookup = options.lookup;
    this.#onTerminated = options.onTerminated;
  }

  get(uid: string): PodStatus | undefined {
    return this.#entries.get(uid)?.status;
  }

  set(pod: Pod, status: PodStatus): void {
    const generation = pod.metadata.generation;
    const next = generation ? { ...status, observedGeneration: generation } : status;
    this.#update(pod, next, pod.metadata.deletionTimestamp !== undefined, false);
  }

  /** The pod is stopped and cleaned up for good. */
  terminate(pod: Pod): void {
    const status = this.#entries.get(pod.metadata.uid)?.status ?? pod.status ?? {};
    this.#update(pod, terminatedStatus(pod, status), true, true);
  }

  setContainerReady(uid: string, containerID: string, ready: boolean): void {
    this.#changeContainer(uid, containerID, (status) => (status.ready === ready ? status : { ...status, ready }));
  }

  setContainerStarted(uid: string, containerID: string, started: boolean): void {
    this.#changeContainer(uid, containerID, (status) => (status.started === started ? status : { ...status, started }));
  }

  /** Forgets the pods that are not in `uids`. */
  retain(uids: ReadonlySet<string>): void {
    for (const uid of this.#entries.keys()) if (!uids.has(uid)) this.#entries.delete(uid);
  }

  async run(signal: AbortSignal): Promise<void> {
    const onAbort = (): void => this.#wake?.();
    signal.addEventListener('abort', onAbort, { once: true });
    let reconcileAt = this.#clock.monotonic() + RECONCILE_MS;
    try {
      while (!signal.aborted) {
        const all = this.#clock.monotonic() >= reconcileAt;
        if (all) reconcileAt = this.#clock.monotonic() + RECONCILE_MS;
        this.#changed = false;
        for (const uid of this.#due(all)) await this.#sync(uid, signal);
        // What failed is tried again with the next change, or when everything is reconciled.
        if (!this.#changed && !signal.aborted) await this.#pause(reconcileAt - this.#clock.monotonic());
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  async #pause(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = this.#clock.after(ms, resolve);
    this.#wake = resolve;
    await promise;
    timer.cancel();
    this.#wake = undefined;
  }

  #due(all: boolean): readonly string[] {
    if (all) {
      for (const uid of this.#written.keys()) {
        const known = this.#entries.has(uid) || [...this.#entries.keys()].some((one) => this.#apiUid(one) === uid);
        if (!known) this.#written.delete(uid);
      }
    }
    return [...this.#entries].filter(([uid, entry]) => this.#needsWrite(uid, entry, all)).map(([uid]) => uid);
  }

  #needsWrite(uid: string, entry: Entry, all: boolean): boolean {
    const apiUid = this.#apiUid(uid);
    if (apiUid === undefined) return false;
    if ((this.#written.get(apiUid) ?? 0) < entry.version) return true;
    if (!all) return false;
    const pod = this.#lookup.mirrorOf(uid) ?? this.#lookup.byUid(uid);
    if (!pod) return false;
    return (
      this.#canBeDeleted(pod, entry.finished) || !sameKubeletStatus(pod.status ?? {}, entry.status, isKubeletCondition)
    );
  }

  /** `undefined`: a static pod that is not in the API yet. */
  #apiUid(uid: string): string | undefined {
    const mirror = this.#lookup.mirrorOf(uid);
    return mirror === null ? uid : mirror?.metadata.uid;
  }

  #update(pod: Pod, next: PodStatus, force: boolean, finished: boolean): void {
    const { uid, name, namespace } = pod.metadata;
    const cached = this.#entries.get(uid);
    const old = cached?.status ?? (this.#lookup.mirrorOf(uid) ?? pod).status ?? {};
    if (isIllegalTransition(pod, old, next)) {
      this.#log.error('status update on pod aborted: a terminated container seems to run', {
        pod: `${namespace}/${name}`,
      });
      return;
    }
    for (const termination of newTerminations(old, next)) this.#onTerminated(termination);
    const status = followStatus(pod, old, next, this.#clock.now());
    if (cached && !force && sameKubeletStatus(cached.status, status, () => true)) return;
    this.#entries.set(uid, {
      name,
      namespace,
      status,
      version: (cached?.version ?? 0) + 1,
      finished: finished || (cached?.finished ?? false),
    });
    this.#changed = true;
    this.#wake?.();
  }

  #changeContainer(uid: string, containerID: string, change: (status: ContainerStatus) => ContainerStatus): void {
    const pod = this.#lookup.byUid(uid);
    const entry = this.#entries.get(uid);
    if (!pod || !entry) return;
    let changed = false;
    const changeIn = (statuses: readonly ContainerStatus[]): readonly ContainerStatus[] =>
      statuses.map((one) => {
        if (one.containerID !== containerID) return one;
        const next = change(one);
        changed ||= next !== one;
        return next;
      });
    const { status } = entry;
    const main = changeIn(status.containerStatuses ?? []);
    const init = changeIn(status.initContainerStatuses ?? []);
    if (!changed) return;
    const phase = status.phase as PodPhase | undefined;
    const both = [...init, ...main];
    const conditions = (status.conditions ?? []).map((one) => {
      if (one.type === 'Ready') return readyCondition(pod, status.conditions ?? [], both, phase);
      if (one.type === 'ContainersReady') return containersReadyCondition(pod, both, phase);
      return one;
    });
    this.#update(
      pod,
      {
        ...status,
        conditions,
        containerStatuses: main,
        ...(status.initContainerStatuses ? { initContainerStatuses: init } : {}),
      },
      false,
      false,
    );
  }

  async #sync(uid: string, signal: AbortSignal): Promise<void> {
    const entry = this.#entries.get(uid);
    if (!entry) return;
    const { name, namespace } = entry;
    try {
      const pod = await this.#client.get(pods, { namespace, name }, { signal });
      if (pod.metadata.uid !== this.#apiUid(uid)) {
        this.#entries.delete(uid);
        return;
      }
      const merged = mergeStatus(pod, entry.status, this.#lookup.couldHaveRunningContainers(uid));
      const body = statusPatch(pod.metadata.uid, pod.status ?? {}, merged);
      const stored = body
        ? await this.#client.patchStatus(pods, { namespace, name }, { type: 'strategic', body }, { signal })
        : pod;
      this.#written.set(pod.metadata.uid, entry.version);
      if (this.#canBeDeleted(stored, entry.finished)) await this.#delete(uid, stored, signal);
    } catch (error) {
      if (signal.aborted) return;
      const isRefused = StatusError.is(error) && error.reason === 'Forbidden';
      if (isNotFound(error) || (isRefused && this.#hasGone(uid))) {
        this.#written.set(this.#apiUid(uid) ?? uid, entry.version);
        return;
      }
      const message = StatusError.is(error) ? error.message : String(error);
      this.#log.warn('failed to update the status of a pod', { pod: `${namespace}/${name}`, error: message });
    }
  }

  /** Nodes may not ask for pods that are not theirs, nor for those that are gone. */
  #hasGone(uid: string): boolean {
    return this.#lookup.mirrorOf(uid) === null && this.#lookup.byUid(uid) === undefined;
  }

  #canBeDeleted(pod: Pod, finished: boolean): boolean {
    return (
      finished &&
      pod.metadata.deletionTimestamp !== undefined &&
      !isMirrorPod(pod) &&
      isTerminalPhase(pod.status?.phase)
    );
  }

  async #delete(uid: string, pod: Pod, signal: AbortSignal): Promise<void> {
    const { namespace, name } = pod.metadata;
    const options = { gracePeriodSeconds: 0, preconditions: { uid: pod.metadata.uid }, signal };
    await this.#client.delete(pods, { namespace, name }, options);
    this.#entries.delete(uid);
  }
}
