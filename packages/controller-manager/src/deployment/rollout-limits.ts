/**
 * The arithmetic of rollouts: how many replicas a Deployment may have above and below what it wants.
 *
 * Mirrors: pkg/controller/deployment/util/deployment_util.go (v1.36)
 */
import type { Deployment, ReplicaSet } from '@kts/api/types/apps-v1';
import { parseTime } from '@kts/apimachinery';

import { scaledValue } from '../int-or-percent.ts';
import { countAnnotation, MAX_REPLICAS_ANNOTATION } from './deployment-annotations.ts';

export function replicasOf(object: Deployment | ReplicaSet): number {
  return object.spec.replicas ?? 1;
}

export function isRollingUpdate(deployment: Deployment): boolean {
  return deployment.spec.strategy?.type === 'RollingUpdate';
}

export function maxSurge(deployment: Deployment): number {
  return isRollingUpdate(deployment) ? resolveLimits(deployment).surge : 0;
}

export function maxUnavailable(deployment: Deployment): number {
  const replicas = replicasOf(deployment);
  if (!isRollingUpdate(deployment) || replicas === 0) return 0;
  return Math.min(resolveLimits(deployment).unavailable, replicas);
}

/** Both as numbers; should both round to nothing, one pod may be missing, or the rollout could never move. */
function resolveLimits(deployment: Deployment): { surge: number; unavailable: number } {
  const limits = deployment.spec.strategy?.rollingUpdate;
  const replicas = replicasOf(deployment);
  const surge = scaledValue(limits?.maxSurge ?? 0, replicas, 'up');
  const unavailable = scaledValue(limits?.maxUnavailable ?? 0, replicas, 'down');
  return { surge, unavailable: surge === 0 && unavailable === 0 ? 1 : unavailable };
}

/** The size that the new ReplicaSet may have now. */
export function newReplicaSetSize(deployment: Deployment, all: readonly ReplicaSet[], current: number): number {
  const wanted = replicasOf(deployment);
  if (!isRollingUpdate(deployment)) return wanted;
  const room =
    wanted + scaledValue(deployment.spec.strategy?.rollingUpdate?.maxSurge, wanted, 'up') - specReplicas(all);
  return room <= 0 ? current : current + Math.min(room, wanted - current);
}

/** What one ReplicaSet gets of `toAdd` (negative: loses), by its share; `added` went to others before it. */
export function proportion(deployment: Deployment, replicaSet: ReplicaSet, toAdd: number, added: number): number {
  if (replicasOf(replicaSet) === 0 || toAdd === 0 || toAdd === added) return 0;
  const share = shareOf(deployment, replicaSet);
  const allowed = toAdd - added;
  return toAdd > 0 ? Math.min(share, allowed) : Math.max(share, allowed);
}

function shareOf(deployment: Deployment, replicaSet: ReplicaSet): number {
  const size = replicasOf(replicaSet);
  if (replicasOf(deployment) === 0) return -size;
  const before = countAnnotation(replicaSet, MAX_REPLICAS_ANNOTATION) || (deployment.status?.replicas ?? 0);
  if (before === 0) return 0;
  return roundHalfAway((size * (replicasOf(deployment) + maxSurge(deployment))) / before) - size;
}

function roundHalfAway(value: number): number {
  return value < 0 ? -Math.floor(-value + 0.5) : Math.floor(value + 0.5);
}

export function specReplicas(replicaSets: readonly ReplicaSet[]): number {
  return replicaSets.reduce((sum, replicaSet) => sum + replicasOf(replicaSet), 0);
}

export function availableReplicas(replicaSets: readonly ReplicaSet[]): number {
  return replicaSets.reduce((sum, { status }) => sum + (status?.availableReplicas ?? 0), 0);
}

export function isActive(replicaSet: ReplicaSet): boolean {
  return replicasOf(replicaSet) > 0;
}

/** Oldest first, then by name. */
export function compareByCreation(a: ReplicaSet, b: ReplicaSet): number {
  const difference = parseTime(a.metadata.creationTimestamp) - parseTime(b.metadata.creationTimestamp);
  return difference || (a.metadata.name < b.metadata.name ? -1 : 1);
}

/** Largest first, of equal ones the newest. */
export function compareBySizeNewer(a: ReplicaSet, b: ReplicaSet): number {
  return replicasOf(b) - replicasOf(a) || compareByCreation(b, a);
}

/** Largest first, of equal ones the oldest. */
export function compareBySizeOlder(a: ReplicaSet, b: ReplicaSet): number {
  return replicasOf(b) - replicasOf(a) || compareByCreation(a, b);
}
