/**
 * What a Deployment needs next: ReplicaSets to create, scale and delete, and the status to report. Pure.
 *
 * A plan ends with the first step whose outcome later ones would need: a status with a new revision or condition, a
 * changed ReplicaSet, a created one. That change comes back through the caches and brings the next plan.
 *
 *     paused, scaled  ->  scale what there is, in proportion
 *     Recreate        ->  old ones to 0, wait until their pods are gone, then the new one
 *     RollingUpdate   ->  the new one up as far as maxSurge allows, else old ones down as far as maxUnavailable allows
 *
 * Mirrors: pkg/controller/deployment/{deployment_controller,sync,rolling,recreate,rollback}.go (v1.36)
 */
import type { Deployment, DeploymentStatus, ReplicaSet } from '@kts/api/types/apps-v1';
import type { Pod } from '@kts/api/types/core-v1';
import { deepEqual, type New } from '@kts/apimachinery';

import { isPodTerminal } from '../pods/pod-state.ts';
import {
  countAnnotation,
  DESIRED_REPLICAS_ANNOTATION,
  MAX_REPLICAS_ANNOTATION,
  maxRevision,
  newReplicaSetAnnotations,
  REVISION_ANNOTATION,
  revisionOf,
  rollbackRevision,
  sizeAnnotations,
} from './deployment-annotations.ts';
import {
  computeRolloutStatus,
  computeStatus,
  conditionOf,
  hasProgressDeadline,
  isComplete,
  isStatusCurrent,
  progressCheckMs,
  REASON,
  withCondition,
  type Rollout,
} from './deployment-status.ts';
import { planRollback } from './plan-rollback.ts';
import { findNewReplicaSet, newReplicaSetFor } from './replica-set-template.ts';
import {
  availableReplicas,
  compareByCreation,
  compareBySizeNewer,
  compareBySizeOlder,
  isActive,
  isRollingUpdate,
  maxSurge,
  maxUnavailable,
  newReplicaSetSize,
  proportion,
  replicasOf,
  specReplicas,
} from './rollout-limits.ts';

const INT32_MAX = 2 ** 31 - 1;

export interface Observed {
  readonly deployment: Deployment;
  /** Its own. */
  readonly replicaSets: readonly ReplicaSet[];
  /** Pods of those, by the uid of their ReplicaSet. */
  readonly pods: ReadonlyMap<string, readonly Pod[]>;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export type Step =
  | { readonly do: 'createReplicaSet'; readonly replicaSet: New<ReplicaSet>; readonly revision: bigint }
  /** Its annotations or minReadySeconds changed. */
  | { readonly do: 'updateReplicaSet'; readonly replicaSet: ReplicaSet }
  | { readonly do: 'scale'; readonly replicaSet: ReplicaSet; readonly from: number; readonly to: number }
  | { readonly do: 'deleteReplicaSet'; readonly replicaSet: ReplicaSet }
  | { readonly do: 'updateStatus'; readonly deployment: Deployment }
  | { readonly do: 'updateDeployment'; readonly deployment: Deployment; readonly event?: PlannedEvent }
  | { readonly do: 'event'; readonly event: PlannedEvent };

export interface PlannedEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

export interface DeploymentPlan {
  readonly steps: readonly Step[];
  readonly requeueAfterMs?: number;
}

export function planDeployment(observed: Observed): DeploymentPlan {
  const { deployment, replicaSets } = observed;
  if (deepEqual(deployment.spec.selector, {})) return planSelectingAll(deployment);
  if (deployment.metadata.deletionTimestamp !== undefined) return planStatusOnly(observed);
  const pausing = pausedStatus(observed);
  if (pausing) return { steps: [{ do: 'updateStatus', deployment: { ...deployment, status: pausing } }] };
  if (deployment.spec.paused) return planScale(observed);
  if (rollbackRevision(deployment) !== undefined) {
    return withNewReplicaSet(observed, true, (rollout) => ({ steps: planRollback(deployment, rollout.all) }));
  }
  if (isScaled(deployment, replicaSets)) return planScale(observed);
  return isRollingUpdate(deployment) ? planRollingUpdate(observed) : planRecreate(observed);
}

function planSelectingAll(deployment: Deployment): DeploymentPlan {
  const { generation = 0 } = deployment.metadata;
  const message = 'This deployment is selecting all pods. A non-empty selector is required.';
  const steps: Step[] = [{ do: 'event', event: { type: 'Warning', reason: 'SelectingAll', message } }];
  if ((deployment.status?.observedGeneration ?? 0) < generation) {
    const status = { ...deployment.status, observedGeneration: generation };
    steps.push({ do: 'updateStatus', deployment: { ...deployment, status } });
  }
  return { steps };
}

/** Being paused and resumed shows in the Progressing condition, so that no time counts meanwhile. */
function pausedStatus({ deployment, now }: Observed): DeploymentStatus | undefined {
  const { status = {}, spec } = deployment;
  const reason = conditionOf(status, 'Progressing')?.reason;
  if (!hasProgressDeadline(deployment) || reason === REASON.timedOut) return undefined;
  const shown = reason === REASON.paused;
  if (spec.paused && !shown) {
    return withCondition(status, 'Progressing', 'Unknown', REASON.paused, 'Deployment is paused', now);
  }
  if (!spec.paused && shown) {
    return withCondition(status, 'Progressing', 'Unknown', REASON.resumed, 'Deployment is resumed', now);
  }
  return undefined;
}

/** Some active ReplicaSet was last scaled for another number of replicas. */
function isScaled(deployment: Deployment, replicaSets: readonly ReplicaSet[]): boolean {
  return replicaSets.filter(isActive).some((replicaSet) => {
    const desired = countAnnotation(replicaSet, DESIRED_REPLICAS_ANNOTATION);
    return desired !== undefined && desired !== replicasOf(deployment);
  });
}

interface RolloutState extends Rollout {
  readonly old: readonly ReplicaSet[];
}

/**
 * Brings the new ReplicaSet and the Deployment's revision up to date first; goes on with `next` if there was nothing to
 * bring. Without `create`, the new ReplicaSet may be missing.
 */
function withNewReplicaSet(
  observed: Observed,
  create: boolean,
  next: (rollout: RolloutState) => DeploymentPlan,
): DeploymentPlan {
  const { deployment, replicaSets, now } = observed;
  const newReplicaSet = findNewReplicaSet(deployment, replicaSets);
  const old = replicaSets.filter((replicaSet) => replicaSet !== newReplicaSet);
  const revision = maxRevision(old) + 1n;
  if (newReplicaSet) {
    const step = refreshStep(deployment, newReplicaSet, revision, now);
    if (step) return { steps: [step] };
  } else if (create) {
    const replicaSet = newReplicaSetFor(deployment, old, revision);
    return { steps: [{ do: 'createReplicaSet', replicaSet, revision }] };
  }
  return next({ deployment, newReplicaSet, old, all: newReplicaSet ? [...old, newReplicaSet] : old, now });
}

function refreshStep(deployment: Deployment, current: ReplicaSet, revision: bigint, now: number): Step | undefined {
  const before = current.metadata.annotations ?? {};
  const annotations = newReplicaSetAnnotations(deployment, before, revision);
  const minReadySeconds = deployment.spec.minReadySeconds ?? 0;
  if (!deepEqual(before, annotations) || (current.spec.minReadySeconds ?? 0) !== minReadySeconds) {
    const replicaSet = {
      ...current,
      metadata: { ...current.metadata, annotations },
      spec: { ...current.spec, minReadySeconds },
    };
    return { do: 'updateReplicaSet', replicaSet };
  }
  const noted = withRevision(deployment, annotations[REVISION_ANNOTATION] ?? '');
  const { status = {} } = deployment;
  if (hasProgressDeadline(deployment) && !conditionOf(status, 'Progressing')) {
    const message = `Found new replica set ${JSON.stringify(current.metadata.name)}`;
    const found = withCondition(status, 'Progressing', 'True', REASON.found, message, now);
    return { do: 'updateStatus', deployment: { ...noted, status: found } };
  }
  return noted === deployment ? undefined : { do: 'updateStatus', deployment: noted };
}

export function withRevision(deployment: Deployment, revision: string): Deployment {
  const { metadata } = deployment;
  if ((metadata.annotations?.[REVISION_ANNOTATION] ?? '') === revision) return deployment;
  return {
    ...deployment,
    metadata: { ...metadata, annotations: { ...metadata.annotations, [REVISION_ANNOTATION]: revision } },
  };
}

function planStatusOnly(observed: Observed): DeploymentPlan {
  return withNewReplicaSet(observed, false, (rollout) => ({ steps: statusSteps(rollout, computeStatus(rollout)) }));
}

/** Paused, or scaled while a rollout may be under way: nothing new begins. */
function planScale(observed: Observed): DeploymentPlan {
  const { deployment } = observed;
  return withNewReplicaSet(observed, false, (rollout) => {
    const cleanup = deployment.spec.paused && rollbackRevision(deployment) === undefined;
    return {
      steps: [
        ...scaleSteps(rollout),
        ...(cleanup ? cleanupSteps(rollout) : []),
        ...statusSteps(rollout, computeStatus(rollout)),
      ],
    };
  });
}

function scaleSteps({ deployment, newReplicaSet, old, all }: RolloutState): readonly Step[] {
  const only = activeOrLatest(newReplicaSet, old, all);
  if (only) return scale(deployment, only, replicasOf(deployment));
  if (isSaturated(deployment, newReplicaSet)) return old.filter(isActive).flatMap((each) => scale(deployment, each, 0));
  return isRollingUpdate(deployment) ? proportionalSteps(deployment, all.filter(isActive)) : [];
}

/** The one to scale if there is no rollout under way. */
function activeOrLatest(
  newReplicaSet: ReplicaSet | undefined,
  old: readonly ReplicaSet[],
  all: readonly ReplicaSet[],
): ReplicaSet | undefined {
  const active = all.filter(isActive);
  if (active.length > 0) return active.length === 1 ? active[0] : undefined;
  return newReplicaSet ?? old.toSorted(compareByCreation).at(-1);
}

/** The new ReplicaSet has all replicas, they are available, and it was scaled for this number of them. */
function isSaturated(deployment: Deployment, replicaSet: ReplicaSet | undefined): boolean {
  if (!replicaSet) return false;
  const wanted = replicasOf(deployment);
  return (
    replicasOf(replicaSet) === wanted &&
    countAnnotation(replicaSet, DESIRED_REPLICAS_ANNOTATION) === wanted &&
    (replicaSet.status?.availableReplicas ?? 0) === wanted
  );
}

/** Spreads the change over all active ReplicaSets by their size, so that a rollout keeps its balance of risk. */
function proportionalSteps(deployment: Deployment, active: readonly ReplicaSet[]): readonly Step[] {
  const wanted = replicasOf(deployment);
  const toAdd = (wanted > 0 ? wanted + maxSurge(deployment) : 0) - specReplicas(active);
  const sorted = toAdd > 0 ? active.toSorted(compareBySizeNewer) : active.toSorted(compareBySizeOlder);
  let added = 0;
  const sizes = sorted.map((replicaSet) => {
    const share = proportion(deployment, replicaSet, toAdd, added);
    added += share;
    return replicasOf(replicaSet) + share;
  });
  // What rounding left over goes to the largest.
  sizes[0] = Math.max(0, (sizes[0] ?? 0) + toAdd - added);
  return sorted.flatMap((replicaSet, index) => scale(deployment, replicaSet, sizes[index]!, true));
}

/** With `always`, a ReplicaSet of the right size still gets the annotations of that size. */
function scale(deployment: Deployment, replicaSet: ReplicaSet, to: number, always = false): readonly Step[] {
  const from = replicasOf(replicaSet);
  const wanted = replicasOf(deployment);
  const sizes = sizeAnnotations(wanted, wanted + maxSurge(deployment));
  const { annotations } = replicaSet.metadata;
  const annotated = [DESIRED_REPLICAS_ANNOTATION, MAX_REPLICAS_ANNOTATION].every(
    (name) => annotations?.[name] === sizes[name],
  );
  if (from === to && (!always || annotated)) return [];
  const scaled = {
    ...replicaSet,
    metadata: { ...replicaSet.metadata, annotations: { ...annotations, ...sizes } },
    spec: { ...replicaSet.spec, replicas: to },
  };
  return [{ do: 'scale', replicaSet: scaled, from, to }];
}

function planRollingUpdate(observed: Observed): DeploymentPlan {
  return withNewReplicaSet(observed, true, (rollout) => {
    const { deployment, newReplicaSet, all } = rollout;
    if (!newReplicaSet) return { steps: [] };
    const size = replicasOf(newReplicaSet);
    const target = size > replicasOf(deployment) ? replicasOf(deployment) : newReplicaSetSize(deployment, all, size);
    const up = size === replicasOf(deployment) ? [] : scale(deployment, newReplicaSet, target);
    if (up.length > 0) return finish(rollout, up);
    const down = scaleDownSteps(rollout, newReplicaSet);
    if (down.length > 0) return finish(rollout, down);
    return finish(rollout, isComplete(deployment, deployment.status) ? cleanupSteps(rollout) : []);
  });
}

/** First the replicas of old ReplicaSets that are broken anyway, then as many as may be missing. */
function scaleDownSteps({ deployment, old, all }: RolloutState, newReplicaSet: ReplicaSet): readonly Step[] {
  const active = old.filter(isActive).toSorted(compareByCreation);
  if (active.length === 0) return [];
  const available = (replicaSet: ReplicaSet): number => replicaSet.status?.availableReplicas ?? 0;
  const minAvailable = replicasOf(deployment) - maxUnavailable(deployment);
  const newUnavailable = replicasOf(newReplicaSet) - available(newReplicaSet);
  const removable = specReplicas(all) - minAvailable - newUnavailable;
  if (removable <= 0) return [];
  const unhealthy = takeFrom(active, removable, (each) => replicasOf(each) - available(each));
  const cleaned = active.map((each, index) => resized(each, replicasOf(each) - unhealthy[index]!));
  const surplus = availableReplicas([...active, newReplicaSet]) - minAvailable;
  const healthy = takeFrom(cleaned, surplus, replicasOf);
  return [
    ...active.flatMap((each, index) => scale(deployment, each, replicasOf(each) - unhealthy[index]!)),
    ...cleaned.flatMap((each, index) => scale(deployment, each, replicasOf(each) - healthy[index]!)),
  ];
}

/** Takes up to `total` from the items in their order, from each at most what it has. */
function takeFrom<T>(items: readonly T[], total: number, has: (item: T) => number): readonly number[] {
  let left = total;
  return items.map((item) => {
    const taken = Math.max(0, Math.min(left, has(item)));
    left -= taken;
    return taken;
  });
}

function resized(replicaSet: ReplicaSet, replicas: number): ReplicaSet {
  return { ...replicaSet, spec: { ...replicaSet.spec, replicas } };
}

function planRecreate(observed: Observed): DeploymentPlan {
  const { deployment, pods } = observed;
  return withNewReplicaSet(observed, false, (rollout) => {
    const down = rollout.old.filter(isActive).flatMap((each) => scale(deployment, each, 0));
    if (down.length > 0 || oldPodsRun(rollout, pods)) return finish(rollout, down);
    const { newReplicaSet } = rollout;
    if (!newReplicaSet) return withNewReplicaSet(observed, true, () => ({ steps: [] }));
    const up = scale(deployment, newReplicaSet, replicasOf(deployment));
    return finish(rollout, [...up, ...(isComplete(deployment, deployment.status) ? cleanupSteps(rollout) : [])]);
  });
}

function oldPodsRun({ old, newReplicaSet }: RolloutState, pods: Observed['pods']): boolean {
  if (old.some(({ status }) => (status?.replicas ?? 0) > 0)) return true;
  return [...pods].some(
    ([uid, ofReplicaSet]) => uid !== newReplicaSet?.metadata.uid && ofReplicaSet.some((pod) => !isPodTerminal(pod)),
  );
}

/** Old ReplicaSets without pods go, but for the last few revisions. */
function cleanupSteps({ deployment, old }: RolloutState): readonly Step[] {
  const limit = deployment.spec.revisionHistoryLimit;
  if (limit === undefined || limit === INT32_MAX) return [];
  const candidates = old.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  return candidates
    .toSorted(compareByRevision)
    .slice(0, Math.max(0, candidates.length - limit))
    .filter(
      ({ metadata, spec, status }) =>
        (status?.replicas ?? 0) === 0 &&
        spec.replicas === 0 &&
        (metadata.generation ?? 0) <= (status?.observedGeneration ?? 0),
    )
    .map((replicaSet) => ({ do: 'deleteReplicaSet', replicaSet }));
}

function compareByRevision(a: ReplicaSet, b: ReplicaSet): number {
  return Number((revisionOf(a) ?? 0n) - (revisionOf(b) ?? 0n)) || compareByCreation(a, b);
}

function finish(rollout: RolloutState, steps: readonly Step[]): DeploymentPlan {
  const { deployment, now } = rollout;
  const status = computeRolloutStatus(rollout);
  if (!isStatusCurrent(deployment, status)) return { steps: [...steps, ...statusSteps(rollout, status)] };
  const requeueAfterMs = progressCheckMs(deployment, status, now);
  return { steps, ...(requeueAfterMs === undefined ? {} : { requeueAfterMs }) };
}

function statusSteps({ deployment }: Rollout, status: DeploymentStatus): readonly Step[] {
  return isStatusCurrent(deployment, status) ? [] : [{ do: 'updateStatus', deployment: { ...deployment, status } }];
}
