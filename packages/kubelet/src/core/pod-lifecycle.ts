import type { Pod, PodStatus, Secret } from '@kts/api/types/core-v1';
import { parseTime } from '@kts/apimachinery';
import type { Clock } from '@kts/base';
import type { ClaimManager } from '../claims/claim-manager.ts';
import type { NodeHost } from '../host/node-host.ts';
import { podReference } from '../pod/containers.ts';
import { sameAmounts, containerAmounts } from '../pod/container-amounts.ts';
import type { PodEvents } from '../pod/pod-events.ts';
import { isContainerRestartable } from '../pod/restart-policy.ts';
import type { PodSyncer, SyncResult } from '../pod-worker/pod-workers.ts';
import { RetryLater } from '../pod-worker/pod-workers.ts';
import type { PodUpdate, RuntimePod } from '../pod-worker/pod-worker-state.ts';
import type { ProbeManager } from '../probes/probe-manager.ts';
import type { ResizeAllocator } from '../resize/resize-allocator.ts';
import { appliedAmounts, isResizeInProgress } from '../resize/granted-resources.ts';
import { podLevelAmounts, type ResizeState } from '../resize/resize-state.ts';
import type { ContainerKiller } from '../runtime/container-killer.ts';
import { podCgroupResources, type ResourceSettings } from '../runtime/linux-resources.ts';
import type { PodActionRunner } from '../runtime/pod-action-runner.ts';
import { computePodActions } from '../runtime/pod-actions.ts';
import { findRecord, type PodRuntimeStatus } from '../runtime/pod-runtime-status.ts';
import type { QosCgroups } from '../runtime/qos-cgroups.ts';
import type { RuntimeReader } from '../runtime/runtime-reader.ts';
import type { UserNamespaces } from '../runtime/user-namespaces.ts';
import type { ObjectReader } from '../sources/object-reader.ts';
import { podStatus, type PodEviction } from '../status/pod-status.ts';
import type { StatusManager } from '../status/status-manager.ts';
import { condition } from '../status/pod-conditions.ts';
import { isTerminalPhase } from '../status/status-update.ts';
import { MountError, type VolumeManager } from '../volumes/volume-manager.ts';
import type { RuntimeInfo } from './runtime-info.ts';
import type { StartFailures } from './start-failures.ts';

export interface PodLifecycleDeps {
  /** Of the kubelet itself. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly host: NodeHost;
  readonly events: PodEvents;
  readonly reader: RuntimeReader;
  readonly killer: ContainerKiller;
  readonly runner: PodActionRunner;
  readonly probes: ProbeManager;
  readonly statuses: StatusManager;
  readonly volumes: VolumeManager;
  /** Absent: the node has no drivers of claims. */
  readonly claims: ClaimManager | undefined;
  readonly objects: ObjectReader;
  readonly userNamespaces: UserNamespaces;
  readonly allocator: ResizeAllocator;
  readonly resizeState: ResizeState;
  readonly failures: StartFailures;
  readonly resources: ResourceSettings;
  readonly qosCgroups: QosCgroups;
  /** Processes of a pod; not positive: no limit. */
  readonly podPidsLimit: number;
  readonly handlerOf: (pod: Pod, signal: AbortSignal) => Promise<string>;
  readonly runtimeInfo: () => RuntimeInfo;
  readonly hostIPs: () => readonly string[];
  readonly cgroupOf: (pod: Pod) => string;
  readonly isTerminationRequested: (uid: string) => boolean;
  readonly reconcileMirror: (pod: Pod, signal: AbortSignal) => Promise<void>;
}

const DIRECTORY_MODE = 0o750;
const NETWORK_RETRY_MS = 1000;

/**
 * What a pod's worker does in each phase of the pod's life.
 *
 * Mirrors: pkg/kubelet/kubelet.go, SyncPod, SyncTerminatingPod, SyncTerminatedPod (v1.36)
 */
export class PodLifecycle implements PodSyncer {
  readonly #deps: PodLifecycleDeps;
  readonly #announced = new Set<string>();

  constructor(deps: PodLifecycleDeps) {
    this.#deps = deps;
  }

  async sync(wanted: Pod, _type: PodUpdate['type'], signal: AbortSignal): Promise<SyncResult> {
    const { statuses, events, probes, failures, runner, allocator } = this.#deps;
    const pod = allocator.allocated(wanted);
    const observed = await this.#observe(pod, signal);
    this.#followResize(pod, observed);
    const status = await this.#generate(pod, observed, false);
    const runtime: PodRuntimeStatus = { ...observed, ips: (status.podIPs ?? []).map(({ ip }) => ip) };
    statuses.set(pod, status);
    if (isTerminalPhase(status.phase)) return { isTerminal: true, next: 'nothing' };

    const { networkProblem } = this.#deps.runtimeInfo();
    if (networkProblem !== '' && !pod.spec.hostNetwork) {
      const message = `network is not ready: ${networkProblem}`;
      events.record(podReference(pod), 'Warning', 'NetworkNotReady', message);
      throw new RetryLater(message, NETWORK_RETRY_MS);
    }
    await this.#ensureCgroup(pod, runtime, status, signal);
    await this.#deps.reconcileMirror(pod, signal);
    await this.#makeDirectories(pod);
    await this.#mountVolumes(pod, signal);
    const pullSecrets = await this.#pullSecrets(pod, signal);
    probes.addPod(pod);
    // Nothing below is given up half-way: what has been begun with the runtime is finished.
    const restarting = status.conditions?.some(
      (one) => one.type === 'AllContainersRestarting' && one.status === 'True',
    );
    const actions = computePodActions({
      pod,
      status: runtime,
      probes,
      resize: this.#resizeObservation(pod),
      restartAllContainers: restarting ?? false,
    });
    const outcome = await runner.run(pod, runtime, actions, pullSecrets, this.#deps.signal);
    failures.update(pod.metadata.uid, outcome.started);
    if (outcome.resizeError !== undefined) allocator.setInProgress(pod, 'Error', outcome.resizeError);
    if (outcome.error) throw outcome.error;
    return { isTerminal: false, next: outcome.next };
  }

  async syncTerminating(
    wanted: Pod,
    gracePeriodSeconds: number | undefined,
    eviction: PodEviction | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const { statuses, killer, probes, events, allocator, claims } = this.#deps;
    const pod = allocator.allocated(wanted);
    const runtime = await this.#observe(pod, signal);
    statuses.set(pod, evicted(pod, await this.#generate(pod, runtime, false), eviction));
    probes.stopLivenessAndStartup(pod);
    try {
      await killer.killPod(pod, runtime, gracePeriodSeconds, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      events.record(podReference(pod), 'Warning', 'FailedKillPod', `error killing pod: ${(error as Error).message}`);
      throw error;
    }
    probes.removePod(pod.metadata.uid);
    const stopped = await this.#observe(pod, signal);
    const running = stopped.containers.filter((record) => record.state === 'running').map((record) => record.id);
    if (running.length > 0) {
      throw new Error(`detected running containers after a successful KillPod, CRI violation: [${running.join(' ')}]`);
    }
    // Before the API server hears of the end: then others may be given the same.
    await claims?.unprepare(pod.metadata.uid, signal);
    statuses.set(pod, evicted(pod, await this.#generate(pod, stopped, true), eviction));
  }

  async syncTerminatingRuntimePod(pod: RuntimePod, signal: AbortSignal): Promise<void> {
    const runtime = await this.#deps.reader.podStatus(pod, signal);
    const { uid, name, namespace } = pod;
    const metadata = { uid, name, namespace, resourceVersion: '', creationTimestamp: '' };
    await this.#deps.killer.killPod({ metadata, spec: { containers: [] } }, runtime, 1, signal);
  }

  async syncTerminated(wanted: Pod, eviction: PodEviction | undefined, signal: AbortSignal): Promise<void> {
    const { statuses, volumes, host, userNamespaces, cgroupOf, allocator } = this.#deps;
    const pod = allocator.allocated(wanted);
    const { uid } = pod.metadata;
    statuses.set(pod, evicted(pod, await this.#generate(pod, await this.#observe(pod, signal), true), eviction));
    await volumes.unmountPod(uid, signal);
    await host.cgroups.remove(cgroupOf(pod));
    userNamespaces.release(uid);
    this.#announced.delete(uid);
    statuses.terminate(pod);
  }

  hasEnded(): boolean {
    return false;
  }

  /** Time is up for a pod with a deadline. */
  isPastDeadline(pod: Pod): boolean {
    const seconds = pod.spec.activeDeadlineSeconds;
    const startTime = this.#deps.statuses.get(pod.metadata.uid)?.startTime ?? pod.status?.startTime;
    return (
      seconds !== undefined &&
      startTime !== undefined &&
      this.#deps.clock.now() - parseTime(startTime) >= seconds * 1000
    );
  }

  /** A pod whose sandbox has stopped keeps the addresses that it had. */
  async #observe(pod: Pod, signal: AbortSignal): Promise<PodRuntimeStatus> {
    const runtime = await this.#deps.reader.podStatus(pod.metadata, signal);
    if (runtime.ips.length > 0 || runtime.sandboxes.some((sandbox) => sandbox.ready)) return runtime;
    const known = this.#deps.statuses.get(pod.metadata.uid)?.podIPs ?? [];
    return { ...runtime, ips: known.map(({ ip }) => ip) };
  }

  /** Says once that a pod's time is up. */
  announceDeadline(pod: Pod): void {
    const { uid } = pod.metadata;
    if (this.#announced.has(uid)) return;
    this.#announced.add(uid);
    this.#deps.events.record(podReference(pod), 'Normal', DEADLINE.reason, DEADLINE.message);
  }

  async #generate(pod: Pod, runtime: PodRuntimeStatus, isTerminal: boolean): Promise<PodStatus> {
    const { statuses, probes, failures, allocator, host, cgroupOf, runtimeInfo, hostIPs } = this.#deps;
    const { uid } = pod.metadata;
    const info = runtimeInfo();
    const handler = await this.#deps.handlerOf(pod, this.#deps.signal).catch(() => '');
    if (isTerminal) allocator.drop(uid);
    return podStatus({
      pod,
      runtime,
      old: statuses.get(uid) ?? pod.status ?? {},
      runtimeName: info.name,
      hostIPs: hostIPs(),
      isTerminal,
      supportsRecursiveReadOnly: info.handlers.get(handler)?.recursiveReadOnlyMounts ?? false,
      startFailure: (name) => failures.get(uid, name),
      appliedMemoryRequest: (name) => this.#deps.resizeState.actuated(uid, name)?.memoryRequest,
      applyProbes: (all) => probes.apply(pod, all),
      eviction: this.isPastDeadline(pod) ? DEADLINE : undefined,
      resizeConditions: allocator.conditions(uid),
      cgroup: await host.cgroups.read(cgroupOf(pod)),
    });
  }

  #resizeObservation(pod: Pod): Parameters<typeof computePodActions>[0]['resize'] {
    const { resizeState } = this.#deps;
    const { uid } = pod.metadata;
    const applied = resizeState.podLevel(uid);
    return {
      resizable: true,
      actuated: (name) => resizeState.actuated(uid, name),
      podLevelChanged: applied !== undefined && !sameAmounts(applied, podLevelAmounts(pod.spec.resources)),
    };
  }

  /** Keeps track of whether everything that was granted has been applied. */
  #followResize(pod: Pod, runtime: PodRuntimeStatus): void {
    const { allocator, resizeState } = this.#deps;
    const { uid } = pod.metadata;
    const resizable = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].filter(
      (container) => findRecord(runtime, container.name)?.state === 'running',
    );
    for (const container of resizable) {
      if (resizeState.actuated(uid, container.name) !== undefined) continue;
      resizeState.setActuated(pod, container, isResizeInProgress(pod) ? appliedAmounts(pod, container) : undefined);
    }
    const inProgress = resizable.some((container) => {
      const applied = resizeState.actuated(uid, container.name);
      return applied && !sameAmounts(applied, containerAmounts(container.resources, pod.spec.resources));
    });
    if (inProgress) allocator.setInProgress(pod, '', '');
    else allocator.complete(pod);
  }

  /** The pod's cgroup holds all of its containers. Containers that run without it must be started anew. */
  async #ensureCgroup(pod: Pod, runtime: PodRuntimeStatus, status: PodStatus, signal: AbortSignal): Promise<void> {
    const { host, cgroupOf, killer, resources, events, resizeState } = this.#deps;
    const { uid } = pod.metadata;
    if (this.#deps.isTerminationRequested(uid)) return;
    const cgroup = cgroupOf(pod);
    if (await host.cgroups.read(cgroup)) return;
    const hasRun = status.containerStatuses?.some((one) => one.state?.running) ?? false;
    if (hasRun) await killer.killPod(pod, runtime, undefined, signal);
    if (hasRun && !pod.spec.containers.some((container) => isContainerRestartable(container, pod.spec))) return;
    try {
      await this.#deps.qosCgroups.update();
      const { podPidsLimit } = this.#deps;
      const pids = podPidsLimit > 0 ? { pidsLimit: podPidsLimit } : {};
      await host.cgroups.write(cgroup, { ...podCgroupResources(pod, resources), ...pids });
      resizeState.setPodLevel(pod);
    } catch (error) {
      const message = `unable to ensure pod container exists: ${(error as Error).message}`;
      events.record(podReference(pod), 'Warning', 'FailedCreatePodContainer', message);
      throw error;
    }
  }

  async #makeDirectories(pod: Pod): Promise<void> {
    const { host, volumes, events } = this.#deps;
    const directory = volumes.podDirectory(pod.metadata.uid);
    try {
      for (const part of ['', '/volumes', '/plugins']) await host.files.makeDirectory(directory + part, DIRECTORY_MODE);
    } catch (error) {
      const message = `error making pod data directories: ${(error as Error).message}`;
      events.record(podReference(pod), 'Warning', 'Failed', message);
      throw error;
    }
  }

  async #mountVolumes(pod: Pod, signal: AbortSignal): Promise<void> {
    try {
      await this.#deps.volumes.mountPod(pod, signal);
    } catch (error) {
      if (error instanceof MountError && error.isFinal) {
        const message = `Unable to attach or mount volumes: ${error.message}`;
        this.#deps.events.record(podReference(pod), 'Warning', 'FailedMount', message);
      }
      throw error;
    }
  }

  async #pullSecrets(pod: Pod, signal: AbortSignal): Promise<readonly Secret[]> {
    const found: Secret[] = [];
    const missing: string[] = [];
    for (const { name = '' } of pod.spec.imagePullSecrets ?? []) {
      if (name === '') continue;
      const secret = await this.#deps.objects.secret(pod.metadata.namespace, name, signal);
      if (secret) found.push(secret);
      else missing.push(name);
    }
    if (missing.length > 0) {
      const message = `Unable to retrieve some image pull secrets (${missing.join(', ')}); attempting to pull the image may not succeed.`;
      this.#deps.events.record(podReference(pod), 'Warning', 'FailedToRetrieveImagePullSecret', message);
    }
    return found;
  }
}

const DEADLINE: PodEviction = {
  reason: 'DeadlineExceeded',
  message: 'Pod was active on the node longer than the specified deadline',
};

export function evicted(pod: Pod, status: PodStatus, eviction: PodEviction | undefined): PodStatus {
  if (!eviction) return status;
  const { reason, message, isDisruption } = eviction;
  const failed: PodStatus = { ...status, phase: 'Failed', reason, message };
  if (!isDisruption) return failed;
  const disruption = { ...condition(pod, 'DisruptionTarget', true), reason: 'TerminationByKubelet', message };
  return {
    ...failed,
    conditions: [...(status.conditions ?? []).filter((one) => one.type !== disruption.type), disruption],
  };
}
