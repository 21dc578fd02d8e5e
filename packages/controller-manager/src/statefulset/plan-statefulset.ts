/**
 * What a StatefulSet needs: pods to create, repair or delete, in the order that its policy asks for. Pure.
 *
 * Mirrors: updateStatefulSet in pkg/controller/statefulset/stateful_set_control.go (v1.36)
 */
import type { ControllerRevision, StatefulSet, StatefulSetStatus } from '@kts/api/types/apps-v1';
import type { PersistentVolumeClaim, Pod } from '@kts/api/types/core-v1';
import type { New } from '@kts/apimachinery';

import { isPodAvailable, isPodTerminal, nextAvailabilityMs } from '../pods/pod-state.ts';
import { areOwnersCurrent, isClaimStale } from './claim-owners.ts';
import {
  claimsOf,
  firstOrdinal,
  hasIdentity,
  hasStorage,
  isGoing,
  isInRange,
  isRunningAndReady,
  isUnavailable,
  newStatefulPod,
  ordinalOf,
  revisionOf,
  setAtRevision,
  type AnyPod,
} from './stateful-pod.ts';

export interface Observed {
  readonly set: StatefulSet;
  /** Its own pods. */
  readonly pods: readonly Pod[];
  /** Of its namespace, by name. */
  readonly claims: ReadonlyMap<string, PersistentVolumeClaim>;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export interface Revisions {
  readonly current: ControllerRevision;
  /** Of the template as it is. */
  readonly update: ControllerRevision;
  readonly collisions: number;
}

export type Step =
  /** With its claims. */
  | { readonly do: 'create'; readonly pod: New<Pod> }
  | { readonly do: 'delete'; readonly pod: Pod }
  /** Labels, volumes and the owners of the claims. */
  | { readonly do: 'repair'; readonly pod: Pod }
  /** Claims that are missing. */
  | { readonly do: 'claim'; readonly pod: Pod }
  | { readonly do: 'own'; readonly pod: Pod };

export interface PodsPlan {
  /** One after the other; within one, all steps at once. A failure ends it. */
  readonly phases: readonly (readonly Step[])[];
  /** Deleted last, to be created again from the new template. */
  readonly outdated: Pod | undefined;
  /** The set as its pods should be: for repairs. */
  readonly updateSet: StatefulSet;
}

export function planPods(observed: Observed, revisions: Revisions): PodsPlan {
  const { set, pods } = observed;
  const updateSet = setAtRevision(set, revisions.update);
  const nothing = { phases: [], outdated: undefined, updateSet };
  if (set.metadata.deletionTimestamp !== undefined) return nothing;
  const replicas = replicasOf(observed, revisions, updateSet);
  const condemned = pods
    .filter((pod) => ordinalOf(pod) !== undefined && !isInRange(set, pod))
    .toSorted((a, b) => ordinalOf(b)! - ordinalOf(a)!);
  const work = [
    replicas.map((pod) => planReplica(pod, observed, updateSet)),
    condemned.map((pod) => planClaimOwners(pod, observed, updateSet)),
    condemned.map((pod) => planCondemned(pod, firstUnavailable(observed, replicas, condemned), observed)),
  ];
  if (isParallel(set)) {
    const phases = work.map((each) => each.flatMap(({ steps }) => steps)).filter((steps) => steps.length > 0);
    return { phases, outdated: outdatedPod(replicas, observed, revisions), updateSet };
  }
  const phases: Step[][] = [];
  for (const { steps, stop } of work.flat()) {
    phases.push(...steps.map((step) => [step]));
    if (stop) return { phases, outdated: undefined, updateSet };
  }
  return { phases, outdated: outdatedPod(replicas, observed, revisions), updateSet };
}

export function computeStatus(
  { set, pods, now }: Observed,
  revisions: Revisions,
  deletedOutdated: boolean,
): StatefulSetStatus {
  const { current, update } = revisions;
  const created = pods.filter(({ status }) => Boolean(status?.phase));
  const staying = created.filter((pod) => !isGoing(pod));
  const ready = pods.filter(isRunningAndReady);
  const atRevision = ({ metadata }: ControllerRevision): number =>
    staying.filter((pod) => revisionOf(pod) === metadata.name).length;
  const status = {
    observedGeneration: set.metadata.generation ?? 0,
    replicas: created.length,
    readyReplicas: ready.length,
    availableReplicas: ready.filter((pod) => isPodAvailable(pod, set.spec.minReadySeconds ?? 0, now)).length,
    currentReplicas: atRevision(current) - (deletedOutdated ? 1 : 0),
    updatedReplicas: atRevision(update),
    currentRevision: current.metadata.name,
    updateRevision: update.metadata.name,
    collisionCount: revisions.collisions,
  };
  const { replicas = 1, updateStrategy } = set.spec;
  const isComplete =
    updateStrategy?.type === 'RollingUpdate' &&
    [status.updatedReplicas, status.readyReplicas, status.replicas].every((count) => count === replicas);
  if (!isComplete) return status;
  return { ...status, currentReplicas: status.updatedReplicas, currentRevision: status.updateRevision };
}

/** Whether writing the status would change anything that counts. */
export function isStatusCurrent({ status }: StatefulSet, next: StatefulSetStatus): boolean {
  return (
    (next.observedGeneration ?? 0) <= (status?.observedGeneration ?? 0) &&
    next.replicas === (status?.replicas ?? 0) &&
    COUNTS.every((count) => (next[count] ?? 0) === (status?.[count] ?? 0)) &&
    next.currentRevision === (status?.currentRevision ?? '') &&
    next.updateRevision === (status?.updateRevision ?? '')
  );
}

/** When something changes by the passing of time: a pod becomes available. */
export function nextLookMs({ set, pods, now }: Observed, status: StatefulSetStatus): number | undefined {
  const { minReadySeconds = 0 } = set.spec;
  if (minReadySeconds === 0 || status.readyReplicas === status.availableReplicas) return undefined;
  return nextAvailabilityMs(pods, minReadySeconds, now) ?? minReadySeconds * 1000;
}

const COUNTS = ['readyReplicas', 'availableReplicas', 'currentReplicas', 'updatedReplicas'] as const;

interface Work {
  readonly steps: readonly Step[];
  /** An ordered set goes no further before this is settled. */
  readonly stop: boolean;
}

/** In the order of their numbers; pods that do not exist yet as they are to be created. */
function replicasOf(observed: Observed, revisions: Revisions, updateSet: StatefulSet): readonly AnyPod[] {
  const { set, pods } = observed;
  const byOrdinal = new Map(pods.map((pod) => [ordinalOf(pod), pod]));
  const currentSet = setAtRevision(set, revisions.current);
  const first = firstOrdinal(set);
  const { type, rollingUpdate } = set.spec.updateStrategy ?? {};
  const kept = rollingUpdate?.partition ?? (type === 'RollingUpdate' ? (set.status?.currentReplicas ?? 0) : 0);
  return Array.from({ length: set.spec.replicas ?? 1 }, (_, index) => {
    const known = byOrdinal.get(first + index);
    if (known) return known;
    const isCurrent = index < kept;
    const revision = isCurrent ? revisions.current : revisions.update;
    return newStatefulPod(isCurrent ? currentSet : updateSet, first + index, revision.metadata.name);
  });
}

function planReplica(pod: AnyPod, observed: Observed, updateSet: StatefulSet): Work {
  const { set, claims, now } = observed;
  const own = claimsOf(set, pod).flatMap(({ metadata }) => claims.get(metadata.name ?? '') ?? []);
  if (!isThere(pod)) {
    if (own.some((claim) => isClaimStale(claim, set, pod))) return { steps: [], stop: true };
    return { steps: [{ do: 'create', pod }], stop: true };
  }
  if (isPodTerminal(pod)) return { steps: isGoing(pod) ? [] : [{ do: 'delete', pod }], stop: true };
  const claim: readonly Step[] =
    pod.status?.phase === 'Pending' && (set.spec.volumeClaimTemplates?.length ?? 0) > 0 ? [{ do: 'claim', pod }] : [];
  const isSettled = !isGoing(pod) && isRunningAndReady(pod) && !isUnavailable(set, pod, now);
  if (!isParallel(set) && !isSettled) return { steps: claim, stop: true };
  const isRight =
    hasIdentity(set, pod) && hasStorage(set, pod) && own.every((each) => areOwnersCurrent(each, updateSet, pod));
  return { steps: isRight ? claim : [...claim, { do: 'repair', pod }], stop: false };
}

function planClaimOwners(pod: Pod, { claims }: Observed, updateSet: StatefulSet): Work {
  const own = claimsOf(updateSet, pod).flatMap(({ metadata }) => claims.get(metadata.name ?? '') ?? []);
  const isCurrent = own.every((claim) => areOwnersCurrent(claim, updateSet, pod));
  return { steps: isCurrent ? [] : [{ do: 'own', pod }], stop: false };
}

/** From the highest number down. A pod that is not available holds those below it, unless it is the first of all. */
function planCondemned(pod: Pod, firstBad: AnyPod | undefined, { set, now }: Observed): Work {
  if (isGoing(pod)) return { steps: [], stop: true };
  const isBad = !isRunningAndReady(pod) || !isPodAvailable(pod, set.spec.minReadySeconds ?? 0, now);
  if (!isParallel(set) && isBad && pod !== firstBad) return { steps: [], stop: true };
  return { steps: [{ do: 'delete', pod }], stop: true };
}

function firstUnavailable(
  { set, now }: Observed,
  replicas: readonly AnyPod[],
  condemned: readonly Pod[],
): AnyPod | undefined {
  const isBad = (pod: AnyPod): boolean => !isThere(pod) || isUnavailable(set, pod, now);
  return replicas.find(isBad) ?? condemned.findLast(isBad);
}

/** From the highest number down to the partition, one at a time. */
function outdatedPod(replicas: readonly AnyPod[], observed: Observed, { update }: Revisions): Pod | undefined {
  const { set, now } = observed;
  const { type, rollingUpdate } = set.spec.updateStrategy ?? {};
  if (type === 'OnDelete') return undefined;
  for (const pod of replicas.slice(rollingUpdate?.partition ?? 0).toReversed()) {
    if (!isThere(pod)) return undefined;
    if (revisionOf(pod) !== update.metadata.name && !isGoing(pod)) return pod;
    if (isUnavailable(set, pod, now)) return undefined;
  }
  return undefined;
}

function isParallel({ spec }: StatefulSet): boolean {
  return spec.podManagementPolicy === 'Parallel';
}

function isThere(pod: AnyPod): pod is Pod {
  return pod.metadata.uid !== undefined;
}
