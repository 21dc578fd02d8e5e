import { deepEqual } from '@kts/apimachinery';

import type { ObjectDraft } from './object-draft.ts';

/**
 * Removes owner references that are there twice. Answers the warning about it.
 *
 * Mirrors: dedupOwnerReferences in staging/src/k8s.io/apiserver/pkg/endpoints/handlers/rest.go (v1.36)
 */
export function dedupOwnerReferences(draft: ObjectDraft, afterAdmission: boolean): string[] {
  const references = draft.metadata.ownerReferences ?? [];
  const duplicates = new Set<string>();
  const kept = references.filter((reference, index) => {
    if (references.findIndex((other) => deepEqual(other, reference)) === index) return true;
    duplicates.add(reference.uid);
    return false;
  });
  if (duplicates.size === 0) return [];
  draft.metadata.ownerReferences = kept;
  const when = afterAdmission ? ' after mutating admission happens' : '';
  return [
    `.metadata.ownerReferences contains duplicate entries${when}; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${[...duplicates].join(', ')}`,
  ];
}
