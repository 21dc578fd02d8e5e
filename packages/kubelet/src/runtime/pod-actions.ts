import type { Pod } from '@kts/api/types/core-v1';
import { allContainers, type AnyContainer } from '../pod/containers.ts';
import { restartsAllContainers, restartsOnFailure } from '../pod/restart-policy.ts';
import {
  killUnknown,
  type ActionDraft,
  type ActionObservation,
  type ContainerResize,
  type ContainerToKill,
  type KillReason,
  type ProbeObservation,
} from './action-draft.ts';
import { containerHash } from './container-hash.ts';
import { shouldContainerBeStarted } from './container-start.ts';
import { planInitContainers } from './init-container-actions.ts';
import { planContainerResize } from './resize-actions.ts';
import { findRecord, type ContainerRecord, type PodRuntimeStatus } from './pod-runtime-status.ts';
import { sandboxChange } from './sandbox-change.ts';

export interface ContainerToReset {
  readonly id: string;
  readonly name: string;
  /** It still runs. */
  readonly kill: boolean;
}

/** What brings the runtime closer to the pod's spec. Every list is in order. */
export interface PodActions {
  /** Stop everything of the pod, the sandbox included. */
  readonly killPod: boolean;
  readonly createSandbox: boolean;
  readonly sandboxId: string;
  readonly attempt: number;
  readonly ephemeralContainersToStart: readonly AnyContainer[];
  readonly initContainersToStart: readonly AnyContainer[];
  readonly containersToStart: readonly AnyContainer[];
  readonly containersToKill: readonly ContainerToKill[];
  readonly containersToReset: readonly ContainerToReset[];
  readonly cpuResizes: readonly ContainerResize[];
  readonly memoryResizes: readonly ContainerResize[];
  /** The pod's own cgroup must be brought up to date, because a resize restarts a container. */
  readonly updatePodResources: boolean;
  readonly updatePodLevelResources: boolean;
}

const NOTHING: Omit<PodActions, 'sandboxId' | 'attempt'> = {
  killPod: false,
  createSandbox: false,
  ephemeralContainersToStart: [],
  initContainersToStart: [],
  containersToStart: [],
  containersToKill: [],
  containersToReset: [],
  cpuResizes: [],
  memoryResizes: [],
  updatePodResources: false,
  updatePodLevelResources: false,
};

/**
 * Decides what to do with a pod that is to run.
 *
 * Mirrors: pkg/kubelet/kuberuntime/kuberuntime_manager.go, computePodActions (v1.36)
 */
export function computePodActions(observed: ActionObservation): PodActions {
  const { pod, status } = observed;
  const { changed, attempt, sandboxId } = sandboxChange(pod, status);
  const base: PodActions = { ...NOTHING, attempt, sandboxId };
  if (observed.restartAllContainers) {
    return { ...base, killPod: changed, createSandbox: changed, containersToReset: containersToReset(pod, status) };
  }
  if (changed) return { ...base, ...planNewSandbox(pod, status, attempt) };

  const draft: ActionDraft = {
    killPod: false,
    initContainersToStart: [],
    containersToStart: [],
    containersToKill: [],
    cpuResizes: [],
    memoryResizes: [],
    updatePodResources: false,
  };
  const ephemeralContainersToStart = (pod.spec.ephemeralContainers ?? []).filter(
    (container) => findRecord(status, container.name) === undefined,
  );
  const initialized = planInitContainers(observed, draft);
  if (!draft.killPod && initialized) {
    const kept = planContainers(observed, draft);
    if (kept === 0 && draft.containersToStart.length === 0) {
      draft.killPod = true;
      draft.initContainersToStart = [];
    }
    return {
      ...base,
      ...draft,
      ephemeralContainersToStart,
      updatePodLevelResources: observed.resize.podLevelChanged,
    };
  }
  return { ...base, ...draft, ephemeralContainersToStart };
}

function planNewSandbox(pod: Pod, status: PodRuntimeStatus, attempt: number): Partial<PodActions> {
  const keepDead = { killPod: true, createSandbox: false };
  if (!restartsOnFailure(pod) && attempt !== 0 && status.containers.length > 0) return keepDead;
  const containersToStart = pod.spec.containers.filter((container) => {
    const policy = container.restartPolicy ?? pod.spec.restartPolicy;
    return !(policy === 'OnFailure' && hasSucceeded(status, container));
  });
  if (containersToStart.length === 0 && hasAnyContainerCreated(pod, status)) return keepDead;
  const firstInit = pod.spec.initContainers?.[0];
  return {
    killPod: true,
    createSandbox: true,
    ...(firstInit ? { initContainersToStart: [firstInit] } : { containersToStart }),
  };
}

/** Plans the regular containers and returns how many are left as they are. */
function planContainers(observed: ActionObservation, draft: ActionDraft): number {
  const { pod, status } = observed;
  let kept = 0;
  for (const container of pod.spec.containers) {
    const record = findRecord(status, container.name);
    if (record?.state !== 'running') {
      if (!shouldContainerBeStarted(pod, status, container)) continue;
      draft.containersToStart.push(container);
      if (record?.state === 'unknown') draft.containersToKill.push(killUnknown(record, 'Container'));
      continue;
    }
    const failure = failureOf(container, record, observed.probes, pod);
    if (failure) {
      draft.containersToKill.push({
        id: record.id,
        name: record.name,
        message: failure.restart ? `${failure.message}, will be restarted` : failure.message,
        reason: failure.reason,
      });
      if (failure.restart) draft.containersToStart.push(container);
    } else if (planContainerResize(observed.resize, pod, container, record, draft)) kept++;
    else draft.containersToStart.push(container);
  }
  return kept;
}

interface Failure {
  readonly message: string;
  readonly reason: KillReason;
  readonly restart: boolean;
}

function failureOf(
  container: AnyContainer,
  record: ContainerRecord,
  probes: ProbeObservation,
  pod: Pod,
): Failure | undefined {
  const restart = container.restartPolicy === undefined ? restartsOnFailure(pod) : container.restartPolicy !== 'Never';
  if (record.hash !== containerHash(container)) {
    return { message: `Container ${container.name} definition changed`, reason: '', restart: true };
  }
  if (probes.liveness(record.id) === 'failure') {
    return { message: `Container ${container.name} failed liveness probe`, reason: 'LivenessProbe', restart };
  }
  if (probes.startup(record.id) === 'failure') {
    return { message: `Container ${container.name} failed startup probe`, reason: 'StartupProbe', restart };
  }
  return undefined;
}

/** A regular container exists in any known state: initialization has been over once. */
export function hasAnyContainerCreated(pod: Pod, status: PodRuntimeStatus): boolean {
  return pod.spec.containers.some((container) => {
    const record = findRecord(status, container.name);
    return record !== undefined && record.state !== 'unknown';
  });
}

function hasSucceeded(status: PodRuntimeStatus, container: AnyContainer): boolean {
  const record = findRecord(status, container.name);
  return record?.state === 'exited' && record.exitCode === 0;
}

/** The containers whose exit asked for the restart go last, so that the reason stays visible until the end. */
function containersToReset(pod: Pod, status: PodRuntimeStatus): readonly ContainerToReset[] {
  const of = (containers: readonly AnyContainer[], wantSource: boolean): ContainerToReset[] =>
    containers.flatMap((container) =>
      status.containers
        .filter((record) => record.name === container.name)
        .filter((record) => isResetSource(container, record) === wantSource)
        .map((record) => ({ id: record.id, name: record.name, kill: record.state !== 'exited' })),
    );
  const init = pod.spec.initContainers ?? [];
  return [...of(pod.spec.containers, false), ...of(init, false), ...of(pod.spec.containers, true), ...of(init, true)];
}

function isResetSource(container: AnyContainer, record: ContainerRecord): boolean {
  return record.state === 'exited' && restartsAllContainers(container, record.exitCode);
}

/** All containers of the pod are gone after a restart of all of them. */
export function allContainersRemoved(pod: Pod, status: PodRuntimeStatus): boolean {
  return allContainers(pod).every((container) => findRecord(status, container.name) === undefined);
}
