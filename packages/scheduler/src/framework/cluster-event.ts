import type { Node, Pod } from '@kts/api/types/core-v1';
import { deepEqual } from '@kts/apimachinery';
import { computePodRequests } from './pod-requests.ts';

/**
 * What happens in a cluster that may make a pod schedulable, as precisely as the scheduler can tell.
 *
 * Mirrors: pkg/scheduler/framework/events.go (v1.36)
 */
export type ClusterEvent = NodeEvent | PodEvent | `${OtherResource}/${'Add' | 'Update' | 'Delete'}`;

export type NodeEvent =
  | 'Node/Add'
  | 'Node/Delete'
  | 'Node/UpdateAllocatable'
  | 'Node/UpdateLabels'
  | 'Node/UpdateTaints'
  | 'Node/UpdateConditions'
  | 'Node/UpdateAnnotations'
  | 'Node/UpdateDeclaredFeatures';

export type PodEvent =
  | 'Pod/Add'
  | 'Pod/Delete'
  | 'Pod/Update'
  | 'Pod/UpdateLabels'
  | 'Pod/UpdateScaleDown'
  | 'Pod/UpdateTolerations'
  | 'Pod/UpdateSchedulingGatesEliminated'
  | 'Pod/UpdateGeneratedResourceClaims';

export type OtherResource =
  | 'PersistentVolume'
  | 'PersistentVolumeClaim'
  | 'StorageClass'
  | 'CSINode'
  | 'CSIDriver'
  | 'CSIStorageCapacity'
  | 'VolumeAttachment'
  | 'ResourceClaim'
  | 'ResourceSlice'
  | 'DeviceClass';

/** The object of an event before and after: only `after` for an addition, only `before` for a removal. */
export interface EventObjects<T = unknown> {
  readonly before?: T | undefined;
  readonly after?: T | undefined;
}

/** Whether the event may make the rejected pod schedulable. */
export type QueueingHint = (pod: Pod, objects: EventObjects<never>) => boolean;

/** Types the objects of a hint, which the event it is registered for determines. */
export function hint<T>(decide: (pod: Pod, objects: EventObjects<T>) => boolean): QueueingHint {
  return decide as QueueingHint;
}

/** Upstream's name for the event, for metrics. @param own of an update of the waiting pod itself. */
export function eventLabel(event: ClusterEvent, own = false): string {
  const [resource = '', action = ''] = event.split('/');
  const detail = /^Update(.+)$/.exec(action)?.[1];
  // Upstream names the thing that was updated in the singular, with its resource.
  const label = detail === undefined ? action : `Update${resource}${detail.replace(/s$/, '')}`;
  if (resource !== 'Pod') return resource + label;
  return `${own ? 'Unschedulable' : 'Assigned'}Pod${label}`;
}

/** For events after which it is always worth another try. */
export const always: QueueingHint = () => true;

/** For events that concern a plugin but never make a pod schedulable by themselves. */
export const never: QueueingHint = () => false;

/** An update of a pod, as its events. An update of nothing that matters is `Pod/Update`. */
export function podUpdateEvents(before: Pod, after: Pod): readonly PodEvent[] {
  const events: PodEvent[] = [];
  if (!sameJson(before.metadata.labels, after.metadata.labels)) events.push('Pod/UpdateLabels');
  if (scaledDown(before, after)) events.push('Pod/UpdateScaleDown');
  if (!after.spec.schedulingGates?.length && before.spec.schedulingGates?.length) {
    events.push('Pod/UpdateSchedulingGatesEliminated');
  }
  if ((before.spec.tolerations?.length ?? 0) !== (after.spec.tolerations?.length ?? 0)) {
    events.push('Pod/UpdateTolerations');
  }
  if (!sameJson(before.status?.resourceClaimStatuses, after.status?.resourceClaimStatuses)) {
    events.push('Pod/UpdateGeneratedResourceClaims');
  }
  return events.length > 0 ? events : ['Pod/Update'];
}

export function nodeUpdateEvents(before: Node, after: Node): readonly NodeEvent[] {
  const events: NodeEvent[] = [];
  if (before.spec.unschedulable && !after.spec.unschedulable) events.push('Node/UpdateTaints');
  if (!sameJson(before.status?.allocatable, after.status?.allocatable)) events.push('Node/UpdateAllocatable');
  if (!sameJson(before.metadata.labels, after.metadata.labels)) events.push('Node/UpdateLabels');
  if (!sameJson(before.spec.taints, after.spec.taints)) events.push('Node/UpdateTaints');
  if (!sameJson(conditionStatuses(before), conditionStatuses(after))) events.push('Node/UpdateConditions');
  if (!sameJson(before.metadata.annotations, after.metadata.annotations)) events.push('Node/UpdateAnnotations');
  if (!sameJson(before.status?.declaredFeatures, after.status?.declaredFeatures)) {
    events.push('Node/UpdateDeclaredFeatures');
  }
  return events;
}

function conditionStatuses(node: Node): Record<string, string> {
  return Object.fromEntries((node.status?.conditions ?? []).map(({ type, status }) => [type, status]));
}

function scaledDown(before: Pod, after: Pod): boolean {
  if (before.spec === after.spec && before.status?.containerStatuses === after.status?.containerStatuses) return false;
  const now = computePodRequests(after);
  for (const [name, amount] of computePodRequests(before)) if (amount > (now.get(name) ?? -1)) return true;
  return false;
}

/** Absent is the same as empty. */
function sameJson(one: unknown, other: unknown): boolean {
  return one === other || (isEmpty(one) && isEmpty(other)) || deepEqual(one, other);
}

function isEmpty(value: unknown): boolean {
  return value === undefined || (typeof value === 'object' && value !== null && Object.keys(value).length === 0);
}
