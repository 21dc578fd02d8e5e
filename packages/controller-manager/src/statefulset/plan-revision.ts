/**
 * Which ControllerRevision describes a StatefulSet's template. Pure.
 *
 * Mirrors: getStatefulSetRevisions in pkg/controller/statefulset/stateful_set_control.go (v1.36)
 * Differs: the newest revision counts as equal if it differs only in members that are null, where upstream fills
 * defaults in: that is all that older versions wrote differently.
 */
import { statefulSets } from '@kts/api';
import type { ControllerRevision, StatefulSet } from '@kts/api/types/apps-v1';
import { deepEqual, type JsonObject, type JsonValue, type New } from '@kts/apimachinery';

import { hasEqualData, newControllerRevision, nextRevisionNumber } from '../history/controller-revision.ts';

export type RevisionPlan =
  | { readonly do: 'use'; readonly revision: ControllerRevision }
  | { readonly do: 'renumber'; readonly revision: ControllerRevision; readonly number: number }
  | { readonly do: 'create'; readonly revision: New<ControllerRevision> };

/** @param sorted the oldest first */
export function planRevision(set: StatefulSet, sorted: readonly ControllerRevision[]): RevisionPlan {
  const number = nextRevisionNumber(sorted);
  const wanted = newControllerRevision({
    owner: set,
    ownerType: statefulSets,
    labels: set.spec.template.metadata?.labels ?? {},
    data: revisionData(set),
    revision: number,
    collisions: set.status?.collisionCount ?? 0,
  });
  const newest = sorted.at(-1);
  const equal = sorted.findLast((revision) => hasEqualData(revision, wanted));
  if (newest && equal && hasEqualData(newest, equal)) return { do: 'use', revision: newest };
  if (equal) return { do: 'renumber', revision: equal, number };
  if (newest && deepEqual(withoutNulls(newest.data as JsonObject), withoutNulls(wanted.data as JsonObject))) {
    return { do: 'use', revision: newest };
  }
  return { do: 'create', revision: wanted };
}

function revisionData(set: StatefulSet): JsonObject {
  return { spec: { template: { ...set.spec.template, $patch: 'replace' } } } as unknown as JsonObject;
}

function withoutNulls(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value as JsonObject).filter(([, item]) => item !== null);
  return Object.fromEntries(entries.map(([key, item]) => [key, withoutNulls(item)]));
}
