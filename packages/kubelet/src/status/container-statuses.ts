import type {
  ContainerState,
  ContainerStatus,
  Pod,
  ResourceRequirements,
  VolumeMountStatus,
} from '@kts/api/types/core-v1';
import { formatTime } from '@kts/base';
import { findContainer, findStatus, type AnyContainer } from '../pod/containers.ts';
import { formatBytes, formatMilli, milliValue, type ResourceList } from '../pod/resource-list.ts';
import { shouldContainerBeStarted } from '../runtime/container-start.ts';
import { hasAnyContainerCreated } from '../runtime/pod-actions.ts';
import {
  containerIdText,
  findRecord,
  type ContainerRecord,
  type PodRuntimeStatus,
} from '../runtime/pod-runtime-status.ts';
import { resolveRecursiveReadOnly } from '../volumes/recursive-read-only.ts';

/** Why a container does not start: the error of the last try. */
export interface StartFailure {
  readonly reason: string;
  readonly message: string;
}

export interface ContainerStatusInput {
  readonly pod: Pod;
  readonly runtime: PodRuntimeStatus;
  readonly runtimeName: string;
  readonly containers: readonly AnyContainer[];
  readonly previous: readonly ContainerStatus[];
  readonly isInit: boolean;
  readonly supportsRecursiveReadOnly: boolean;
  readonly startFailure: (name: string) => StartFailure | undefined;
  /** What of the container's memory request has been applied; no runtime reports it. */
  readonly appliedMemoryRequest: (name: string) => number | undefined;
  /** All containers are being made anew because one asked for it. */
  readonly restartingAll: boolean;
}

export const RESTARTING_ALL = 'RestartingAllContainers';
const STATUS_UNKNOWN = 'ContainerStatusUnknown';
const KILLED_EXIT_CODE = 137;
/** CPU amounts below these are all the same to the kernel, so what it reports is not shown. */
const CPU_REQUEST_MILLI_MIN = 2;
const CPU_LIMIT_MILLI_MIN = 10;

type Statuses = Map<string, ContainerStatus>;

/**
 * The statuses of one list of a pod's containers, sorted as the API shows them: init containers in spec order, others
 * by name.
 *
 * Mirrors: pkg/kubelet/kubelet_pods.go, convertToAPIContainerStatuses (v1.36)
 */
export function containerStatuses(input: ContainerStatusInput): readonly ContainerStatus[] {
  const statuses: Statuses = new Map();
  for (const container of input.containers) statuses.set(container.name, initialStatus(input, container));
  for (const container of input.containers) explainMissing(input, container, statuses);
  applyRecords(input, statuses);
  for (const container of input.containers) explainWaiting(input, container, statuses);
  const list = input.containers.map((container) => statuses.get(container.name)!);
  return input.isInit ? list : list.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function initialStatus(input: ContainerStatusInput, container: AnyContainer): ContainerStatus {
  const old = findStatus(input.previous, container.name);
  if (old?.state?.terminated) return old;
  const volumeMounts = volumeMountStatuses(input, container);
  return {
    name: container.name,
    state: { waiting: { reason: defaultWaitingReason(input) } },
    lastState: old?.lastState ?? {},
    ready: false,
    restartCount: old?.restartCount ?? 0,
    image: container.image ?? '',
    imageID: '',
    ...(volumeMounts.length > 0 ? { volumeMounts } : {}),
  };
}

function defaultWaitingReason(input: ContainerStatusInput): string {
  return (input.pod.spec.initContainers?.length ?? 0) > 0 ? 'PodInitializing' : 'ContainerCreating';
}

function volumeMountStatuses(input: ContainerStatusInput, container: AnyContainer): readonly VolumeMountStatus[] {
  return (container.volumeMounts ?? []).map((mount) => {
    if (!mount.readOnly) return { name: mount.name, mountPath: mount.mountPath };
    const mode = resolveRecursiveReadOnly(mount, input.supportsRecursiveReadOnly);
    return {
      name: mount.name,
      mountPath: mount.mountPath,
      readOnly: true,
      recursiveReadOnly: mode === true ? 'Enabled' : 'Disabled',
    };
  });
}

/** A container that ran before but that the runtime no longer has. */
function explainMissing(input: ContainerStatusInput, container: AnyContainer, statuses: Statuses): void {
  const old = findStatus(input.previous, container.name);
  if (findRecord(input.runtime, container.name) || !old) return;
  const status = statuses.get(container.name)!;
  if (input.restartingAll && !old.state?.waiting) {
    const message = 'The container is removed because RestartAllContainers in place';
    statuses.set(container.name, {
      ...status,
      state: { waiting: { reason: RESTARTING_ALL, message } },
      lastState: {
        terminated: { exitCode: KILLED_EXIT_CODE, reason: RESTARTING_ALL, message },
      },
      restartCount: old.restartCount + 1,
    });
    return;
  }
  const untouched = status.state?.waiting?.reason === defaultWaitingReason(input) && !status.lastState?.terminated;
  if (!old.state?.running || !untouched) return;
  statuses.set(container.name, {
    ...status,
    lastState: {
      terminated: {
        exitCode: KILLED_EXIT_CODE,
        reason: STATUS_UNKNOWN,
        message: 'The container could not be located when the pod was deleted.  The container used to be Running',
      },
    },
    restartCount: status.restartCount + (input.pod.metadata.deletionTimestamp === undefined ? 1 : 0),
  });
}

/** The newest record of each container is its state, the one before it its last state. */
function applyRecords(input: ContainerStatusInput, statuses: Statuses): void {
  const seen = new Map<string, number>();
  for (const record of input.runtime.containers) {
    const times = seen.get(record.name) ?? 0;
    if (!statuses.has(record.name) || times >= 2) continue;
    const status = recordStatus(input, record);
    if (times === 0) statuses.set(record.name, status);
    else statuses.set(record.name, { ...statuses.get(record.name)!, lastState: status.state ?? {} });
    seen.set(record.name, times + 1);
  }
}

function recordStatus(input: ContainerStatusInput, record: ContainerRecord): ContainerStatus {
  const old = findStatus(input.previous, record.name);
  const containerID = containerIdText(input.runtimeName, record.id);
  const container = findContainer(input.pod, record.name);
  const volumeMounts = old ? old.volumeMounts : undefined;
  const lost = record.state === 'unknown' && old?.state?.running !== undefined;
  const requests = container?.resources?.requests;
  return {
    name: record.name,
    state: lost ? lostState(input) : recordState(record, containerID),
    lastState: lastState(old, containerID),
    ready: false,
    restartCount: lost ? old.restartCount + 1 : restartCount(record, old),
    image: record.image,
    imageID: record.imageRef,
    containerID,
    ...(record.state === 'running' && old?.started !== undefined ? { started: old.started } : {}),
    ...(container ? { resources: containerResources(container, record, old, containerID, input) } : {}),
    ...(requests && Object.keys(requests).length > 0 ? { allocatedResources: requests } : {}),
    ...(volumeMounts ? { volumeMounts } : {}),
    ...(record.user ? { user: { linux: userStatus(record.user) } } : {}),
  };
}

function userStatus(
  user: NonNullable<ContainerRecord['user']>,
): NonNullable<NonNullable<ContainerStatus['user']>['linux']> {
  const { uid, gid, supplementalGroups } = user;
  return { uid, gid, ...(supplementalGroups.length > 0 ? { supplementalGroups } : {}) };
}

function recordState(record: ContainerRecord, containerID: string): ContainerState {
  switch (record.state) {
    case 'running':
      return { running: { startedAt: formatTime(record.startedAtMs) } };
    case 'exited':
      return {
        terminated: {
          exitCode: record.exitCode,
          ...(record.reason ? { reason: record.reason } : {}),
          ...(record.message ? { message: record.message } : {}),
          startedAt: formatTime(record.startedAtMs),
          finishedAt: formatTime(record.finishedAtMs),
          containerID,
        },
      };
    case 'created':
    case 'unknown':
      return { waiting: {} };
  }
}

function lostState(input: ContainerStatusInput): ContainerState {
  return {
    terminated: {
      exitCode: KILLED_EXIT_CODE,
      reason: input.restartingAll ? RESTARTING_ALL : STATUS_UNKNOWN,
      message: 'The container could not be located when the pod was terminated',
    },
  };
}

function lastState(old: ContainerStatus | undefined, containerID: string): ContainerState {
  if (!old) return {};
  if (old.containerID !== containerID && old.state?.terminated) return { terminated: old.state.terminated };
  return old.lastState?.terminated ? { terminated: old.lastState.terminated } : {};
}

/** Never goes down, even where the runtime has forgotten earlier attempts. */
function restartCount(record: ContainerRecord, old: ContainerStatus | undefined): number {
  if (!old) return record.restartCount;
  if (record.state === 'running' && old.state?.terminated && old.restartCount >= record.restartCount) {
    return old.restartCount + 1;
  }
  return Math.max(record.restartCount, old.restartCount);
}

/** What the container may really use, as far as the runtime says so. */
function containerResources(
  container: AnyContainer,
  record: ContainerRecord,
  old: ContainerStatus | undefined,
  containerID: string,
  input: ContainerStatusInput,
): ResourceRequirements {
  const spec = container.resources ?? {};
  if (record.state !== 'running') return spec;
  const kept = old?.state?.running && old.containerID === containerID ? old.resources : undefined;
  const reported = record.resources ?? {};
  const applied = input.appliedMemoryRequest(container.name);
  return {
    ...spec,
    ...(spec.limits
      ? {
          limits: overlay(spec.limits, kept?.limits, {
            cpu: visible(reported.cpuLimitMilli, spec.limits, CPU_LIMIT_MILLI_MIN),
            memory: reported.memoryLimitBytes === undefined ? undefined : formatBytes(reported.memoryLimitBytes),
          }),
        }
      : {}),
    ...(spec.requests
      ? {
          requests: overlay(spec.requests, kept?.requests, {
            cpu: visible(reported.cpuRequestMilli, spec.requests, CPU_REQUEST_MILLI_MIN),
            memory: spec.requests['memory'] === undefined || applied === undefined ? null : formatBytes(applied),
          }),
        }
      : {}),
  };
}

/** `undefined`: nothing reported. `null`: reported, but too small to tell. */
function visible(milli: number | undefined, spec: ResourceList, minimum: number): string | null | undefined {
  if (milli === undefined) return undefined;
  return milli > minimum || milliValue(spec, 'cpu') > minimum ? formatMilli(milli) : null;
}

function overlay(
  spec: ResourceList,
  kept: ResourceList | undefined,
  reported: Readonly<Record<string, string | null | undefined>>,
): ResourceList {
  const result = { ...spec };
  for (const [name, amount] of Object.entries(reported)) {
    const value = amount === undefined ? kept?.[name] : amount;
    if (value !== undefined && value !== null) result[name] = value;
  }
  return result;
}

/** Says why a container that is to run does not. */
function explainWaiting(input: ContainerStatusInput, container: AnyContainer, statuses: Statuses): void {
  const { pod, runtime } = input;
  const status = statuses.get(container.name)!;
  if (input.isInit) {
    const record = findRecord(runtime, container.name);
    if (record?.state === 'exited' && record.exitCode === 0) return;
    const passed = !record && container.restartPolicy !== 'Always' && hasAnyContainerCreated(pod, runtime);
    if (passed && status.state?.waiting) {
      statuses.set(container.name, { ...status, state: PASSED_INIT });
      return;
    }
  }
  if (!shouldContainerBeStarted(pod, runtime, container)) return;
  const failure = input.startFailure(container.name);
  if (!failure) return;
  const { reason, message } = failure;
  statuses.set(container.name, {
    ...status,
    lastState: status.state?.terminated ? status.state : (status.lastState ?? {}),
    state: { waiting: { reason, ...(message ? { message } : {}) } },
  });
}

const PASSED_INIT: ContainerState = {
  terminated: {
    exitCode: 0,
    reason: 'Completed',
    message:
      'Unable to get init container status from container runtime and pod has been initialized, treat it as exited normally',
  },
};
