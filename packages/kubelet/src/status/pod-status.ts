import type { ContainerStatus, Pod, PodCondition, PodStatus } from '@kts/api/types/core-v1';
import { qosClass } from '../pod/qos-class.ts';
import { allContainersCouldRestart, restartsAllContainers } from '../pod/restart-policy.ts';
import { podRequests } from '../pod/pod-resources.ts';
import { allContainersRemoved } from '../runtime/pod-actions.ts';
import { findRecord, type PodRuntimeStatus } from '../runtime/pod-runtime-status.ts';
import { sandboxChange } from '../runtime/sandbox-change.ts';
import { findStatus } from '../pod/containers.ts';
import type { CgroupResources } from '../host/node-host.ts';
import { containerStatuses, type StartFailure } from './container-statuses.ts';
import {
  condition,
  containersReadyCondition,
  initializedCondition,
  isKubeletCondition,
  readyCondition,
} from './pod-conditions.ts';
import { podPhase, type PodPhase } from './pod-phase.ts';
import { podResourcesStatus } from './pod-resources-status.ts';

/** A reason to fail the pod whatever its containers do. */
export interface PodEviction {
  readonly reason: string;
  readonly message: string;
  /** The node's doing, not the pod's: a condition says so, for those who count failures. */
  readonly isDisruption?: boolean;
}

export interface PodStatusInput {
  readonly pod: Pod;
  readonly runtime: PodRuntimeStatus;
  /** What the kubelet said last, or the API's status if it has not said anything yet. */
  readonly old: PodStatus;
  readonly runtimeName: string;
  readonly hostIPs: readonly string[];
  /** The pod has been stopped for good. */
  readonly isTerminal: boolean;
  readonly supportsRecursiveReadOnly: boolean;
  readonly startFailure: (name: string) => StartFailure | undefined;
  readonly appliedMemoryRequest: (container: string) => number | undefined;
  /** Fills in `started` and `ready` from the probes. */
  readonly applyProbes: (statuses: PodContainerStatuses) => PodContainerStatuses;
  readonly eviction: PodEviction | undefined;
  /** Conditions about a resize that is pending or in progress. */
  readonly resizeConditions: readonly PodCondition[];
  /** The pod's cgroup; `undefined`: it has none or it cannot be read. */
  readonly cgroup: CgroupResources | undefined;
}

export interface PodContainerStatuses {
  readonly init: readonly ContainerStatus[];
  readonly main: readonly ContainerStatus[];
  readonly ephemeral: readonly ContainerStatus[];
}

/**
 * The status that the kubelet reports for a pod.
 *
 * Mirrors: pkg/kubelet/kubelet_pods.go, generateAPIPodStatus (v1.36)
 */
export function podStatus(input: PodStatusInput): PodStatus {
  const { pod, old } = input;
  const statuses = input.applyProbes(allContainerStatuses(input));
  const both = [...statuses.main, ...statuses.init];
  const { phase, reason, message } = finalPhase(input, both);
  const ips = sortedIPs(input.runtime.ips);
  const hostIPs = input.hostIPs.map((ip) => ({ ip }));
  const podIPs = pod.spec.hostNetwork && ips.length === 0 ? input.hostIPs : ips;
  const allocated = podRequests(pod);
  return {
    ...(pod.metadata.generation ? { observedGeneration: pod.metadata.generation } : {}),
    phase,
    conditions: conditions(input, phase, [...statuses.init, ...statuses.main]),
    ...(message ? { message } : {}),
    ...(reason ? { reason } : {}),
    ...(hostIPs[0] ? { hostIP: hostIPs[0].ip, hostIPs } : {}),
    ...(podIPs[0] ? { podIP: podIPs[0], podIPs: podIPs.map((ip) => ({ ip })) } : {}),
    ...(old.startTime ? { startTime: old.startTime } : {}),
    ...(statuses.init.length > 0 ? { initContainerStatuses: statuses.init } : {}),
    containerStatuses: statuses.main,
    qosClass: qosClass(pod),
    ...(statuses.ephemeral.length > 0 ? { ephemeralContainerStatuses: statuses.ephemeral } : {}),
    ...(Object.keys(allocated).length > 0 ? { allocatedResources: allocated } : {}),
    resources: podResourcesStatus(pod, old, input.cgroup),
  };
}

function allContainerStatuses(input: PodStatusInput): PodContainerStatuses {
  const { pod, old } = input;
  const restartingAll = shouldRestartAllContainers(pod, input.runtime, old);
  const of = (
    containers: Pod['spec']['containers'],
    previous: readonly ContainerStatus[] | undefined,
    isInit: boolean,
  ): readonly ContainerStatus[] =>
    containerStatuses({ ...input, containers, previous: previous ?? [], isInit, restartingAll });
  return {
    init: of(pod.spec.initContainers ?? [], old.initContainerStatuses, true),
    main: of(pod.spec.containers, old.containerStatuses, false),
    ephemeral: of(pod.spec.ephemeralContainers ?? [], old.ephemeralContainerStatuses, false),
  };
}

interface FinalPhase {
  readonly phase: PodPhase;
  readonly reason?: string;
  readonly message?: string;
}

/** A terminal phase is never left, and an eviction wins over what the containers say. */
function finalPhase(input: PodStatusInput, statuses: readonly ContainerStatus[]): FinalPhase {
  const { pod, old } = input;
  const computed = podPhase({
    pod,
    statuses,
    isTerminal: input.isTerminal,
    hasInitialized: hasContainerInActiveSandbox(pod, input.runtime),
  });
  const known = terminalPhase(old.phase) ?? terminalPhase(pod.status?.phase);
  let result: FinalPhase = { phase: terminalPhase(computed) ?? known ?? computed };
  if (result.phase === old.phase) {
    const reason = old.reason || pod.status?.reason;
    const message = old.message || pod.status?.message;
    result = { ...result, ...(reason ? { reason } : {}), ...(message ? { message } : {}) };
  }
  if (input.eviction) {
    const { reason: why, message } = input.eviction;
    result = { phase: 'Failed', reason: why, message };
  }
  const stored = terminalPhase(pod.status?.phase);
  return stored ? { ...result, phase: stored } : result;
}

function terminalPhase(phase: string | undefined): PodPhase | undefined {
  return phase === 'Failed' || phase === 'Succeeded' ? phase : undefined;
}

function hasContainerInActiveSandbox(pod: Pod, runtime: PodRuntimeStatus): boolean {
  return runtime.containers.some(
    (record) =>
      record.sandboxId === runtime.activeSandboxId && pod.spec.containers.some((one) => one.name === record.name),
  );
}

function conditions(
  input: PodStatusInput,
  phase: PodPhase,
  statuses: readonly ContainerStatus[],
): readonly PodCondition[] {
  const { pod, old, runtime } = input;
  const disruption = old.conditions?.find((one) => one.type === 'DisruptionTarget');
  const others = (pod.status?.conditions ?? []).filter(
    (one) => !isKubeletCondition(one.type) && !(disruption && one.type === disruption.type),
  );
  const result: PodCondition[] = [...others, ...input.resizeConditions, ...(disruption ? [disruption] : [])];
  result.push(
    condition(pod, 'PodReadyToStartContainers', !sandboxChange(pod, runtime).changed),
    initializedCondition(pod, old, statuses, phase),
  );
  result.push(
    readyCondition(pod, result, statuses, phase),
    containersReadyCondition(pod, statuses, phase),
    condition(pod, 'PodScheduled', true),
  );
  if (allContainersCouldRestart(pod.spec)) result.push(restartingCondition(input, phase));
  return result;
}

function restartingCondition({ pod, runtime, old }: PodStatusInput, phase: PodPhase): PodCondition {
  const type = 'AllContainersRestarting';
  if (phase === 'Succeeded') return { type, status: 'False', reason: 'PodCompleted' };
  if (phase === 'Failed') return { type, status: 'False', reason: 'PodFailed' };
  if (!shouldRestartAllContainers(pod, runtime, old) || allContainersRemoved(pod, runtime)) {
    return { type, status: 'False' };
  }
  return {
    type,
    status: 'True',
    reason: 'RestartAllContainersStarted',
    message: 'container exited with restart policy rule',
  };
}

/**
 * Some container ended in a way that restarts all of them, or that restart is under way.
 *
 * Mirrors: pkg/kubelet/container/helpers.go, ShouldAllContainersRestart (v1.36)
 */
export function shouldRestartAllContainers(pod: Pod, runtime: PodRuntimeStatus, status: PodStatus): boolean {
  if (!allContainersCouldRestart(pod.spec)) return false;
  const underWay = status.conditions?.some((one) => one.type === 'AllContainersRestarting' && one.status === 'True');
  if (underWay) return true;
  const reported = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
  return [...(pod.spec.initContainers ?? []), ...pod.spec.containers].some((container) => {
    const record = findRecord(runtime, container.name);
    if (record?.state !== 'exited') return false;
    if (restartsAllContainers(container, record.exitCode)) return true;
    const end = findStatus(reported, container.name)?.state?.terminated;
    return end !== undefined && restartsAllContainers(container, end.exitCode);
  });
}

/** The first address of each family, IPv4 first. */
function sortedIPs(ips: readonly string[]): readonly string[] {
  const first = (isSix: boolean): string[] => ips.filter((ip) => ip.includes(':') === isSix).slice(0, 1);
  return [...first(false), ...first(true)];
}
