import type { Pod } from '@kts/api/types/core-v1';
import type { AnyContainer } from '../pod/containers.ts';
import type { ContainerAmounts } from '../pod/container-amounts.ts';
import type { ContainerRecord, PodRuntimeStatus } from './pod-runtime-status.ts';

export type KillReason =
  | 'StartupProbe'
  | 'LivenessProbe'
  | 'FailedPostStartHook'
  | 'RestartAllContainers'
  | 'Unknown'
  | '';

export interface ContainerToKill {
  readonly id: string;
  readonly name: string;
  /** Shown in the event; empty: `Stopping container <name>`. */
  readonly message: string;
  readonly reason: KillReason;
}

/** A running container whose limits change in place. */
export interface ContainerResize {
  readonly container: AnyContainer;
  readonly id: string;
  readonly desired: ContainerAmounts;
  readonly current: ContainerAmounts;
}

/** What the kubelet has applied so far; see `resize-actions.ts`. */
export interface ResizeObservation {
  /** The pod's resources may change in place at all. */
  readonly resizable: boolean;
  actuated(containerName: string): ContainerAmounts | undefined;
  /** The pod's own resources differ from what was applied. */
  readonly podLevelChanged: boolean;
}

export interface ActionObservation {
  readonly pod: Pod;
  readonly status: PodRuntimeStatus;
  readonly probes: ProbeObservation;
  readonly resize: ResizeObservation;
  /** A container's rule asks for all containers to be made anew in the same sandbox. */
  readonly restartAllContainers: boolean;
}

/** What probes say about a container by its id; `undefined`: not known. */
export interface ProbeObservation {
  liveness(containerId: string): ProbeVerdict | undefined;
  startup(containerId: string): ProbeVerdict | undefined;
}
export type ProbeVerdict = 'success' | 'failure' | 'unknown';

/** Collected while the plan is made. */
export interface ActionDraft {
  killPod: boolean;
  initContainersToStart: AnyContainer[];
  containersToStart: AnyContainer[];
  containersToKill: ContainerToKill[];
  cpuResizes: ContainerResize[];
  memoryResizes: ContainerResize[];
  updatePodResources: boolean;
}

export function killUnknown(record: ContainerRecord, kind: string): ContainerToKill {
  return {
    id: record.id,
    name: record.name,
    message: `${kind} is in "unknown" state, try killing it before restart`,
    reason: 'Unknown',
  };
}
