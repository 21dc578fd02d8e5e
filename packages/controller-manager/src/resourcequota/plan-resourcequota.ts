/**
 * How much of its quota a namespace uses. Pure.
 *
 * Mirrors: pkg/controller/resourcequota/resource_quota_controller.go; CalculateUsage in
 * staging/src/k8s.io/apiserver/pkg/quota/v1/resources.go (v1.36)
 */
import { quotaMatches, quotaUsage, attributesClassesOf, type ResourceAmounts } from '@kts/api';
import type { PersistentVolumeClaim, Pod, ResourceQuota, Service } from '@kts/api/types/core-v1';
import { deepEqual, formatQuantity, parseTime, quantityAdd, quantityCompare, type KubeObject } from '@kts/apimachinery';

export interface Observed {
  readonly quota: ResourceQuota;
  /** The namespace's objects by resource (`pods`, `deployments.apps`), for every resource that the quota is about. */
  readonly objects: ReadonlyMap<string, readonly KubeObject[]>;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** The status to write; undefined if it says so already. */
export function planQuotaStatus({ quota, objects, now }: Observed): ResourceQuota['status'] {
  const hard = quota.spec?.hard ?? {};
  const used: Record<string, string> = {};
  for (const name of Object.keys(hard)) {
    const resource = resourceOfQuota(name);
    const counted = resource === undefined ? undefined : objects.get(resource);
    const amount = counted && sumOf(quota, name, resource!, counted, now);
    const known = amount ?? quota.status?.used?.[name];
    if (known !== undefined) used[name] = known;
  }
  const { status } = quota;
  const isCurrent =
    status?.hard !== undefined &&
    status.used !== undefined &&
    deepEqual(status.hard, hard) &&
    hasEqualAmounts(status.used, used);
  return isCurrent ? undefined : { hard, used };
}

/** Which resource's objects a constraint counts; undefined for a constraint that nobody knows. */
export function resourceOfQuota(constraint: string): string | undefined {
  if (constraint.startsWith('count/')) return constraint.slice('count/'.length);
  if (CLAIM_CONSTRAINTS.has(constraint) || constraint.includes('.storageclass.storage.k8s.io/')) {
    return 'persistentvolumeclaims';
  }
  if (constraint.endsWith('.deviceclass.resource.k8s.io/devices')) return 'resourceclaims.resource.k8s.io';
  if (constraint === 'services' || constraint.startsWith('services.')) return 'services';
  if (PLAIN_COUNTS.has(constraint)) return constraint;
  return POD_CONSTRAINT.test(constraint) ? 'pods' : undefined;
}

/** Whether a change of an object may free a part of a quota: what takes a part is counted at admission. */
export function freesQuota(resource: string, old: KubeObject, object: KubeObject, now: number): boolean {
  switch (resource) {
    case 'pods':
      return podFreesQuota(old as Pod, object as Pod, now);
    case 'services':
      return (old as Service).spec?.type !== (object as Service).spec?.type;
    case 'persistentvolumeclaims': {
      const storage = ({ spec }: PersistentVolumeClaim): string | undefined => spec?.resources?.requests?.['storage'];
      const classes = (claim: PersistentVolumeClaim): readonly string[] => attributesClassesOf(claim).toSorted();
      return (
        storage(old as PersistentVolumeClaim) !== storage(object as PersistentVolumeClaim) ||
        !deepEqual(classes(old as PersistentVolumeClaim), classes(object as PersistentVolumeClaim))
      );
    }
    default:
      return false;
  }
}

const CLAIM_CONSTRAINTS = new Set(['persistentvolumeclaims', 'requests.storage']);
const PLAIN_COUNTS = new Set(['configmaps', 'resourcequotas', 'replicationcontrollers', 'secrets']);
const POD_CONSTRAINT = /^(pods|cpu|memory|ephemeral-storage|hugepages-.*|(requests|limits)\..+)$/;

function sumOf(
  quota: ResourceQuota,
  constraint: string,
  resource: string,
  objects: readonly KubeObject[],
  now: number,
): string {
  let sum: string | undefined;
  for (const object of objects) {
    if (!quotaMatches(quota, resource, object)) continue;
    const amount = usageOf(resource, object, now)[constraint];
    if (amount !== undefined) sum = sum === undefined ? amount : formatQuantity(quantityAdd(sum, amount));
  }
  return sum ?? '0';
}

/** A pod that should be gone by now is not held against its owner, who could otherwise not replace it. */
function usageOf(resource: string, object: KubeObject, now: number): ResourceAmounts {
  if (resource === 'pods' && isOverdue(object, now)) return { 'count/pods': '1' };
  return quotaUsage(resource, object);
}

function isOverdue({ metadata }: KubeObject, now: number): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds } = metadata;
  if (deletionTimestamp === undefined || deletionGracePeriodSeconds === undefined) return false;
  return now > parseTime(deletionTimestamp) + deletionGracePeriodSeconds * 1000;
}

function podFreesQuota(old: Pod, pod: Pod, now: number): boolean {
  const resourcesOf = ({ spec }: Pod): object => [
    spec.resources ?? {},
    ...spec.containers.map(({ resources }) => resources ?? {}),
  ];
  const isLimited = ({ spec }: Pod): boolean => spec.activeDeadlineSeconds !== undefined;
  const counts = (each: Pod): boolean =>
    each.status?.phase !== 'Failed' && each.status?.phase !== 'Succeeded' && !isOverdue(each, now);
  return (
    !deepEqual(resourcesOf(old), resourcesOf(pod)) || isLimited(old) !== isLimited(pod) || (counts(old) && !counts(pod))
  );
}

function hasEqualAmounts(a: ResourceAmounts, b: ResourceAmounts): boolean {
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => b[name] !== undefined && quantityCompare(a[name]!, b[name]) === 0)
  );
}
