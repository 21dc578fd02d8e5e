/**
 * A namespace is only marked at first; it goes when the namespace controller has emptied it and removed its finalizers.
 *
 * Mirrors: pkg/registry/core/namespace/storage/storage.go (v1.36)
 */
import { formatTime } from '@kts/base';
import { conflict, type DeleteOptions } from '@kts/apimachinery';
import { namespaces } from '@kts/api';
import type { Namespace } from '@kts/api/types/core-v1';

import { draftOf } from './object-draft.ts';
import { deletionFinalizers, planDelete, type DeletePlan } from './plan-delete.ts';

/** Throws Conflict where a precondition does not hold. */
export function planNamespaceDelete(namespace: Namespace, options: DeleteOptions, now: number): DeletePlan {
  checkPreconditions(namespace, options);
  if (!namespace.metadata.deletionTimestamp) {
    const draft = draftOf(namespace);
    draft.metadata.deletionTimestamp = formatTime(now);
    draft['status'] = { ...namespace.status, phase: 'Terminating' };
    const finalizers = deletionFinalizers(namespaces, namespace, options);
    if (finalizers.length > 0) draft.metadata.finalizers = finalizers;
    else delete draft.metadata.finalizers;
    return { do: 'mark', object: draft, thenRemove: false };
  }
  if ((namespace.spec?.finalizers ?? []).length > 0) return { do: 'nothing' };
  return planDelete(namespaces, namespace, options, now);
}

function checkPreconditions({ metadata }: Namespace, { preconditions }: DeleteOptions): void {
  const { uid, resourceVersion } = preconditions ?? {};
  if (uid !== undefined && uid !== metadata.uid) {
    const text = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${metadata.uid}`;
    throw conflict(namespaces, metadata.name, text);
  }
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    const text = `Precondition failed: ResourceVersion in precondition: ${resourceVersion}, ResourceVersion in object meta: ${metadata.resourceVersion}`;
    throw conflict(namespaces, metadata.name, text);
  }
}
