import type { ContainerStatus, Pod, PodCondition, PodStatus } from '@kts/api/types/core-v1';
import { findStatus, isRestartableInitContainer } from '../pod/containers.ts';
import type { PodPhase } from './pod-phase.ts';

/**
 * The conditions that the kubelet owns, without their transition times, which the status manager keeps.
 *
 * Mirrors: pkg/kubelet/status/generate.go (v1.36)
 */
const KUBELET_CONDITIONS = new Set([
  'PodScheduled',
  'Ready',
  'Initialized',
  'ContainersReady',
  'PodReadyToStartContainers',
  'PodResizePending',
  'PodResizeInProgress',
  'AllContainersRestarting',
]);

export function isKubeletCondition(type: string): boolean {
  return KUBELET_CONDITIONS.has(type);
}

export function condition(pod: Pod, type: string, status: boolean, reason?: string, message?: string): PodCondition {
  const generation = pod.metadata.generation;
  return {
    type,
    ...(generation ? { observedGeneration: generation } : {}),
    status: status ? 'True' : 'False',
    ...(reason ? { reason } : {}),
    ...(message ? { message } : {}),
  };
}

export function containersReadyCondition(
  pod: Pod,
  statuses: readonly ContainerStatus[] | undefined,
  phase: PodPhase | undefined,
): PodCondition {
  const type = 'ContainersReady';
  if (!statuses || statuses.length === 0) return condition(pod, type, false, 'UnknownContainerStatuses');
  const unknown: string[] = [];
  const unready: string[] = [];
  const sidecars = (pod.spec.initContainers ?? []).filter(isRestartableInitContainer);
  for (const { name } of [...sidecars, ...pod.spec.containers]) {
    const status = findStatus(statuses, name);
    if (!status) unknown.push(name);
    else if (!status.ready) unready.push(name);
  }
  if (phase === 'Succeeded' && unknown.length === 0) return condition(pod, type, false, 'PodCompleted');
  if (phase === 'Failed') return condition(pod, type, false, 'PodFailed');
  const message = describe(['unknown', unknown], ['unready', unready]);
  return message ? condition(pod, type, false, 'ContainersNotReady', message) : condition(pod, type, true);
}

/** As ContainersReady, and with the pod's readiness gates. */
export function readyCondition(
  pod: Pod,
  conditions: readonly PodCondition[],
  statuses: readonly ContainerStatus[] | undefined,
  phase: PodPhase | undefined,
): PodCondition {
  const containersReady = containersReadyCondition(pod, statuses, phase);
  if (containersReady.status !== 'True') return { ...containersReady, type: 'Ready' };
  const problems = (pod.spec.readinessGates ?? []).flatMap(({ conditionType }) => {
    const gate = conditions.find((one) => one.type === conditionType);
    if (!gate) return [`corresponding condition of pod readiness gate "${conditionType}" does not exist.`];
    if (gate.status === 'True') return [];
    return [`the status of pod readiness gate "${conditionType}" is not "True", but ${gate.status}`];
  });
  if (problems.length > 0) return condition(pod, 'Ready', false, 'ReadinessGatesNotReady', problems.join(', '));
  return condition(pod, 'Ready', true);
}

export function initializedCondition(
  pod: Pod,
  old: PodStatus | undefined,
  statuses: readonly ContainerStatus[],
  phase: PodPhase,
): PodCondition {
  const type = 'Initialized';
  const init = pod.spec.initContainers ?? [];
  if (statuses.length === 0 && init.length > 0) return condition(pod, type, false, 'UnknownContainerStatuses');
  const unknown: string[] = [];
  const incomplete: string[] = [];
  for (const container of init) {
    const status = findStatus(statuses, container.name);
    if (!status) unknown.push(container.name);
    else if (!(isRestartableInitContainer(container) ? status.started : status.ready)) incomplete.push(container.name);
  }
  if (phase === 'Succeeded' && unknown.length === 0) return condition(pod, type, true, 'PodCompleted');
  const message = describe(['unknown', unknown], ['incomplete', incomplete]);
  const wasInitialized = old?.conditions?.some((one) => one.type === type && one.status === 'True') ?? false;
  if (!message || wasInitialized || anyContainerStarted(pod, statuses)) return condition(pod, type, true);
  return condition(pod, type, false, 'ContainersNotInitialized', message);
}

function anyContainerStarted(pod: Pod, statuses: readonly ContainerStatus[]): boolean {
  return pod.spec.containers.some(({ name }) => {
    const state = findStatus(statuses, name)?.state;
    return state?.running !== undefined || state?.terminated !== undefined;
  });
}

/** `containers with unready status: [a b]`, as Go prints a list. */
function describe(...lists: readonly (readonly [string, readonly string[]])[]): string {
  return lists
    .filter(([, names]) => names.length > 0)
    .map(([what, names]) => `containers with ${what} status: [${names.join(' ')}]`)
    .join(', ');
}
