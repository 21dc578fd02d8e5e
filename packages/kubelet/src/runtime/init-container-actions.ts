import { isRestartableInitContainer, type AnyContainer } from '../pod/containers.ts';
import { restartsOnFailure } from '../pod/restart-policy.ts';
import { killUnknown, type ActionDraft, type ActionObservation, type KillReason } from './action-draft.ts';
import { containerHash } from './container-hash.ts';
import { shouldContainerBeStarted } from './container-start.ts';
import { findRecord, type ContainerRecord } from './pod-runtime-status.ts';
import { planContainerResize } from './resize-actions.ts';

/** Goes backward through the init containers: the last one that exists decides what comes next. */
interface InitWalk {
  readonly observed: ActionObservation;
  readonly draft: ActionDraft;
  readonly containers: readonly AnyContainer[];
  /** The init phase is over. */
  initialized: boolean;
  /** A later container (or the pod itself) shows that the container at hand has had its turn. */
  passed: boolean;
}

/**
 * Plans the init containers and returns whether the regular containers may start.
 *
 * Mirrors: pkg/kubelet/kuberuntime/kuberuntime_container.go, computeInitContainerActions (v1.36)
 */
export function planInitContainers(observed: ActionObservation, draft: ActionDraft): boolean {
  const containers = observed.pod.spec.initContainers ?? [];
  if (containers.length === 0) return true;
  const initialized = observed.pod.spec.containers.some((container) => {
    const state = findRecord(observed.status, container.name)?.state;
    return state === 'created' || state === 'running';
  });
  const walk: InitWalk = { observed, draft, containers, initialized, passed: initialized };
  for (let index = containers.length - 1; index >= 0; index--) {
    const container = containers[index]!;
    const record = findRecord(observed.status, container.name);
    if (!record) {
      if (walk.passed && isRestartableInitContainer(container)) draft.initContainersToStart.push(container);
      continue;
    }
    if (walk.passed && !isRestartableInitContainer(container)) continue;
    planOne(walk, index, record);
    if (draft.killPod) {
      draft.initContainersToStart = [];
      return false;
    }
    walk.passed = true;
  }
  if (!walk.passed) draft.initContainersToStart.push(containers[0]!);
  draft.initContainersToStart.reverse();
  return walk.initialized;
}

function planOne(walk: InitWalk, index: number, record: ContainerRecord): void {
  const { draft, observed } = walk;
  const container = walk.containers[index]!;
  const sidecar = isRestartableInitContainer(container);
  switch (record.state) {
    case 'created':
      draft.initContainersToStart.push(container);
      return;
    case 'running':
      if (sidecar) planRunningSidecar(walk, index, record);
      else planContainerResize(observed.resize, observed.pod, container, record, draft);
      return;
    case 'exited':
      if (sidecar) draft.initContainersToStart.push(container);
      else planExited(walk, index, record);
      return;
    case 'unknown':
      planUnknown(walk, container, record);
  }
}

function planExited(walk: InitWalk, index: number, record: ContainerRecord): void {
  const { draft, observed } = walk;
  const container = walk.containers[index]!;
  if (record.exitCode !== 0) {
    if (shouldContainerBeStarted(observed.pod, observed.status, container)) draft.initContainersToStart.push(container);
    else draft.killPod = true;
    return;
  }
  if (index === walk.containers.length - 1) walk.initialized = true;
  else draft.initContainersToStart.push(walk.containers[index + 1]!);
}

function planUnknown(walk: InitWalk, container: AnyContainer, record: ContainerRecord): void {
  const restart =
    isRestartableInitContainer(container) ||
    (container.restartPolicy === undefined
      ? restartsOnFailure(walk.observed.pod)
      : container.restartPolicy !== 'Never');
  if (!restart) {
    walk.draft.killPod = true;
    return;
  }
  walk.draft.containersToKill.push(killUnknown(record, 'Init container'));
  walk.draft.initContainersToStart.push(container);
}

function planRunningSidecar(walk: InitWalk, index: number, record: ContainerRecord): void {
  const { draft, observed } = walk;
  const container = walk.containers[index]!;
  const replace = (message: string, reason: KillReason): void => {
    draft.containersToKill.push({ id: record.id, name: container.name, message, reason });
    draft.initContainersToStart.push(container);
  };
  if (container.startupProbe) {
    const startup = observed.probes.startup(record.id);
    if (startup === 'failure') replace(`Init container ${container.name} failed startup probe`, 'StartupProbe');
    if (startup !== 'success') return;
  }
  if (index === walk.containers.length - 1) walk.initialized = true;
  else if (!walk.passed) draft.initContainersToStart.push(walk.containers[index + 1]!);

  if (record.hash !== containerHash(container)) {
    replace(`Init container ${container.name} definition changed`, '');
    return;
  }
  if (container.livenessProbe) {
    const liveness = observed.probes.liveness(record.id);
    if (liveness === undefined) return;
    if (liveness === 'failure') {
      replace(`Init container ${container.name} failed liveness probe`, 'LivenessProbe');
      return;
    }
  }
  if (!planContainerResize(observed.resize, observed.pod, container, record, draft)) {
    draft.initContainersToStart.push(container);
  }
}
