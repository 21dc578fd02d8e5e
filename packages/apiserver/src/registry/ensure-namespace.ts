import { badRequest } from '@kts/apimachinery';
import type { ResourceDefinition } from '@kts/api';

import type { ObjectDraft } from './object-draft.ts';

/**
 * The object's namespace is the request's: filled in if it has none, refused if it names another.
 *
 * Mirrors: EnsureObjectNamespaceMatchesRequestNamespace in staging/src/k8s.io/apiserver/pkg/registry/rest/meta.go (v1.36)
 */
export function ensureNamespace(definition: ResourceDefinition, draft: ObjectDraft, requestNamespace: string): void {
  const expected = definition.namespaced ? requestNamespace : '';
  const { namespace = '' } = draft.metadata;
  if (namespace === expected) return;
  if (expected === '') delete draft.metadata.namespace;
  else if (namespace === '') draft.metadata.namespace = expected;
  else {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
}
