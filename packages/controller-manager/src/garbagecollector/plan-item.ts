/**
 * What becomes of one object, by its owners. Pure.
 *
 * Mirrors: pkg/controller/garbagecollector/garbagecollector.go, attemptToDeleteItem (v1.36)
 */
import type { KubeObject, OwnerReference } from '@kts/apimachinery';

import { FOREGROUND_FINALIZER, hasFinalizer, ORPHAN_FINALIZER, type GraphNode } from './dependency-graph.ts';

/** Solid: it keeps the object alive. Waiting: it is being deleted and waits for its dependents to go first. */
export type OwnerState = 'solid' | 'dangling' | 'waiting';

export type ItemPlan =
  | { readonly do: 'nothing' }
  | { readonly do: 'setOwners'; readonly owners: readonly OwnerReference[] }
  | {
      readonly do: 'delete';
      readonly policy: 'Orphan' | 'Background' | 'Foreground';
      /** To be written before: references that no longer hold up their owners. */
      readonly unblocked?: readonly OwnerReference[];
    };

/** `states` are those of the latest object's owner references, in their order. */
export function planItem(latest: KubeObject, states: readonly OwnerState[], node: GraphNode): ItemPlan {
  const owners = latest.metadata.ownerReferences ?? [];
  if (owners.length === 0) return { do: 'nothing' };
  if (states.includes('solid')) {
    const solid = owners.filter((_owner, index) => states[index] === 'solid');
    return solid.length === owners.length ? { do: 'nothing' } : { do: 'setOwners', owners: solid };
  }
  if (states.includes('waiting') && node.dependents.size > 0) {
    // Dependents that wait in turn may wait for this very object: a circle, which not holding up the owners breaks.
    const mayBeCircle = [...node.dependents].some(({ deletingDependents }) => deletingDependents);
    const blocks = owners.some(({ blockOwnerDeletion }) => blockOwnerDeletion);
    return {
      do: 'delete',
      policy: 'Foreground',
      ...(mayBeCircle && blocks ? { unblocked: owners.map((owner) => ({ ...owner, blockOwnerDeletion: false })) } : {}),
    };
  }
  if (hasFinalizer(latest, ORPHAN_FINALIZER)) return { do: 'delete', policy: 'Orphan' };
  return { do: 'delete', policy: hasFinalizer(latest, FOREGROUND_FINALIZER) ? 'Foreground' : 'Background' };
}

/** Dependents that hold up the deletion of their owner. */
export function blockingDependents(node: GraphNode): readonly GraphNode[] {
  return [...node.dependents].filter(({ owners }) =>
    owners.some(({ uid, blockOwnerDeletion }) => uid === node.identity.uid && blockOwnerDeletion),
  );
}
