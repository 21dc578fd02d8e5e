/**
 * A definition is only marked at first; it goes when its objects have gone.
 *
 * Mirrors: Delete in staging/src/k8s.io/apiextensions-apiserver/pkg/registry/customresourcedefinition/etcd.go (v1.36)
 */
import { formatTime } from '@kts/base';
import { conflict, type DeleteOptions } from '@kts/apimachinery';
import { customResourceDefinitions } from '@kts/api';
import type { CustomResourceDefinition } from '@kts/api/types/apiextensions-v1';

import { draftOf } from '../registry/object-draft.ts';
import { planDelete, type DeletePlan } from '../registry/plan-delete.ts';
import { withCondition } from './definition-status.ts';

/** Held by a definition until all its objects are gone. */
export const CLEANUP_FINALIZER = 'customresourcecleanup.apiextensions.k8s.io';

/** Throws Conflict where a precondition does not hold. */
export function planDefinitionDelete(crd: CustomResourceDefinition, options: DeleteOptions, now: number): DeletePlan {
  checkPreconditions(crd, options);
  if (crd.metadata.deletionTimestamp) return planDelete(customResourceDefinitions, crd, options, now);
  const draft = draftOf(crd);
  draft.metadata.deletionTimestamp = formatTime(now);
  draft.metadata.finalizers = [...new Set([...(crd.metadata.finalizers ?? []), CLEANUP_FINALIZER])];
  const condition = {
    type: 'Terminating',
    status: 'True',
    reason: 'InstanceDeletionPending',
    message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
  };
  draft['status'] = withCondition(crd.status ?? {}, condition, formatTime(now));
  return { do: 'mark', object: draft, thenRemove: false };
}

function checkPreconditions({ metadata }: CustomResourceDefinition, { preconditions }: DeleteOptions): void {
  const { uid, resourceVersion } = preconditions ?? {};
  const refuse = (what: string, sent: string, own: string | undefined): Error =>
    conflict(
      customResourceDefinitions,
      metadata.name ?? '',
      `Precondition failed: ${what} in precondition: ${sent}, ${what} in object meta: ${own}`,
    );
  if (uid !== undefined && uid !== metadata.uid) throw refuse('UID', uid, metadata.uid);
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    throw refuse('ResourceVersion', resourceVersion, metadata.resourceVersion);
  }
}
