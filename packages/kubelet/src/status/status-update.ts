import type { ContainerState, ContainerStatus, Pod, PodCondition, PodStatus } from '@kts/api/types/core-v1';
import { formatTime } from '@kts/base';
import { findStatus, isRestartableInitContainer, isStaticPod } from '../pod/containers.ts';
import { allContainersCouldRestart, shouldContainerRestart } from '../pod/restart-policy.ts';
import { isKubeletCondition } from './pod-conditions.ts';

/**
 * How a newly generated status follows the one before it, and how it goes into the pod that the API has.
 *
 * Mirrors: pkg/kubelet/status/status_manager.go (v1.36)
 */

/** Bytes of termination messages per pod. */
const POD_MESSAGE_BYTES_MAX = 1024 * 12;

/** Keeps the times of what did not change, and the start time. */
export function followStatus(pod: Pod, old: PodStatus, next: PodStatus, now: number): PodStatus {
  const conditions = (next.conditions ?? []).map((one) => withTransitionTime(one, old, now));
  const observed = Math.max(old.observedGeneration ?? 0, next.observedGeneration ?? 0);
  return limitMessages(pod, {
    ...next,
    ...(next.conditions ? { conditions } : {}),
    startTime: old.startTime ?? next.startTime ?? formatTime(now),
    ...(observed > 0 ? { observedGeneration: observed } : {}),
  });
}

function withTransitionTime(one: PodCondition, old: PodStatus, now: number): PodCondition {
  if (one.lastTransitionTime !== undefined && one.type.startsWith('PodResize')) return one;
  if (!isKubeletCondition(one.type) && one.type !== 'DisruptionTarget') return one;
  const before = old.conditions?.find((other) => other.type === one.type);
  const kept = before?.status === one.status ? before.lastTransitionTime : undefined;
  return { ...one, lastTransitionTime: kept ?? formatTime(now) };
}

function limitMessages(pod: Pod, status: PodStatus): PodStatus {
  const { containers, initContainers = [], ephemeralContainers = [] } = pod.spec;
  const limit = Math.floor(
    POD_MESSAGE_BYTES_MAX / Math.max(1, containers.length + initContainers.length + ephemeralContainers.length),
  );
  const cut = (state: ContainerState | undefined): ContainerState => {
    const end = state?.terminated;
    if (!end?.message || end.message.length <= limit) return state ?? {};
    return { ...state, terminated: { ...end, message: end.message.slice(0, limit) } };
  };
  const cutAll = (statuses: readonly ContainerStatus[]): readonly ContainerStatus[] =>
    statuses.map((one) => ({ ...one, state: cut(one.state), lastState: cut(one.lastState) }));
  return {
    ...status,
    ...(status.initContainerStatuses ? { initContainerStatuses: cutAll(status.initContainerStatuses) } : {}),
    ...(status.containerStatuses ? { containerStatuses: cutAll(status.containerStatuses) } : {}),
    ...(status.ephemeralContainerStatuses
      ? { ephemeralContainerStatuses: cutAll(status.ephemeralContainerStatuses) }
      : {}),
  };
}

/** A container that ended for good must not seem to run again: such a status is dropped. */
export function isIllegalTransition(pod: Pod, old: PodStatus, next: PodStatus): boolean {
  const { spec } = pod;
  if (spec.restartPolicy === 'Always' || allContainersCouldRestart(spec)) return false;
  const illegal = (
    before: readonly ContainerStatus[] | undefined,
    after: readonly ContainerStatus[] | undefined,
    containers: Pod['spec']['containers'],
  ): boolean =>
    (before ?? []).some((status) => {
      const end = status.state?.terminated;
      if (!end || (end.exitCode !== 0 && spec.restartPolicy === 'OnFailure')) return false;
      const container = containers.find((one) => one.name === status.name);
      if (container && shouldContainerRestart(container, spec, end.exitCode)) return false;
      const now = findStatus(after, status.name);
      return now !== undefined && !now.state?.terminated;
    });
  const init = (spec.initContainers ?? []).filter((one) => !isRestartableInitContainer(one));
  const initOld = (old.initContainerStatuses ?? []).filter((status) => init.some((one) => one.name === status.name));
  return (
    illegal(old.containerStatuses, next.containerStatuses, spec.containers) ||
    illegal(initOld, next.initContainerStatuses, init)
  );
}

/** The status of a pod that the kubelet has stopped and cleaned up: nothing may seem to run. */
export function terminatedStatus(pod: Pod, status: PodStatus): PodStatus {
  const ended = (one: ContainerStatus): ContainerStatus =>
    one.state?.terminated ? one : { ...one, state: { terminated: LOST } };
  const main = status.containerStatuses;
  const init = status.initContainerStatuses;
  const lastInit = initializedCount(init ?? []);
  const terminal = status.phase === 'Succeeded' || status.phase === 'Failed';
  return {
    ...status,
    ...(main && hasInitialized(pod) ? { containerStatuses: main.map(ended) } : {}),
    ...(init ? { initContainerStatuses: init.map((one, index) => (index < lastInit ? ended(one) : one)) } : {}),
    ...(terminal || isStaticPod(pod) ? {} : { phase: 'Failed' as const }),
  };
}

const LOST = {
  reason: 'ContainerStatusUnknown',
  message: 'The container could not be located when the pod was terminated',
  exitCode: 137,
};

/** How many init containers have had their turn; at least the first one. */
function initializedCount(statuses: readonly ContainerStatus[]): number {
  const last = statuses.findLastIndex((one) => !one.state?.waiting || one.lastState?.terminated);
  return last < 0 ? Math.min(1, statuses.length) : last + 1;
}

function hasInitialized(pod: Pod): boolean {
  const init = pod.spec.initContainers ?? [];
  if (init.length === 0) return true;
  if (pod.status?.containerStatuses?.some((one) => one.lastState?.terminated || !one.state?.waiting)) return true;
  const statuses = pod.status?.initContainerStatuses ?? [];
  const last = statuses.at(-1);
  const container = init[statuses.length - 1];
  if (!last || container?.name !== last.name) return false;
  if (isRestartableInitContainer(container)) return last.state?.running !== undefined && last.started === true;
  return last.lastState?.terminated?.exitCode === 0 || last.state?.terminated?.exitCode === 0;
}

/**
 * The kubelet's status merged into what the API has: others own their conditions, and a terminal phase is only
 * reported once nothing can run any more.
 */
export function mergeStatus(pod: Pod, next: PodStatus, couldHaveRunningContainers: boolean): PodStatus {
  const old = pod.status ?? {};
  const conditions = (old.conditions ?? []).filter((one) => !isKubeletCondition(one.type));
  const becomesTerminal = !isTerminalPhase(old.phase) && isTerminalPhase(next.phase);
  for (const one of next.conditions ?? []) {
    if (isKubeletCondition(one.type)) conditions.push(one);
    else if (one.type === 'DisruptionTarget' && becomesTerminal && !couldHaveRunningContainers) {
      const index = conditions.findIndex((other) => other.type === one.type);
      if (index < 0) conditions.push(one);
      else conditions[index] = one;
    }
  }
  const { phase, reason, message, ...rest } =
    becomesTerminal && couldHaveRunningContainers
      ? { ...without(next, 'reason', 'message'), ...pick(old, 'phase', 'reason', 'message') }
      : next;
  const merged: PodStatus = {
    ...rest,
    ...(phase ? { phase } : {}),
    ...(reason ? { reason } : {}),
    ...(message ? { message } : {}),
    ...(conditions.length > 0 ? { conditions } : {}),
    ...pick(
      old,
      'resourceClaimStatuses',
      'extendedResourceClaimStatus',
      'nodeAllocatableResourceClaimStatuses',
      'nominatedNodeName',
    ),
  };
  return withoutReadiness(merged);
}

/** A pod in a terminal phase is not ready. */
function withoutReadiness(status: PodStatus): PodStatus {
  if (!isTerminalPhase(status.phase)) return status;
  const ready = status.conditions?.some(
    (one) => (one.type === 'Ready' || one.type === 'ContainersReady') && one.status === 'True',
  );
  if (!ready) return status;
  const reason = status.phase === 'Failed' ? 'PodFailed' : 'PodCompleted';
  return {
    ...status,
    conditions: (status.conditions ?? []).map((one) =>
      one.type === 'Ready' || one.type === 'ContainersReady' ? { ...one, status: 'False', reason } : one,
    ),
  };
}

export function isTerminalPhase(phase: string | undefined): boolean {
  return phase === 'Succeeded' || phase === 'Failed';
}

function pick<T extends object, K extends keyof T>(object: T, ...keys: readonly K[]): Partial<Pick<T, K>> {
  return Object.fromEntries(
    keys.filter((key) => object[key] !== undefined).map((key) => [key, object[key]]),
  ) as Partial<Pick<T, K>>;
}

function without<T extends object, K extends keyof T>(object: T, ...keys: readonly K[]): Omit<T, K> {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key as K))) as unknown as Omit<
    T,
    K
  >;
}
