/**
 * Mirrors: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/delete.go (v1.36)
 */
import { notFound, type DeleteOptions, type KubeObject, type Status } from '@kts/apimachinery';
import { customResourceDefinitions } from '@kts/api';
import type { CustomResourceDefinition } from '@kts/api/types/apiextensions-v1';
import type { Namespace } from '@kts/api/types/core-v1';
import type { Revision } from '@kts/store';

import type { CacheEntry } from '../cache/entry.ts';
import { withResourceVersion } from '../cache/stored-entry.ts';
import { planDefinitionDelete } from '../custom-resources/plan-definition-delete.ts';
import type { ApiServerResponse } from '../response.ts';
import { checkKeyName } from './check-key-name.ts';
import { decodeDeleteOptions } from './decode-delete-options.ts';
import { checkDeleteOptions, deleteOptionsFromQuery, isDryRun } from './delete-options.ts';
import { planDelete, type DeletePlan } from './plan-delete.ts';
import { planNamespaceDelete } from './plan-namespace-delete.ts';
import { currentEntry, freshEntry, putObject, removeObject, type WriteTarget } from './put-object.ts';
import { returnsDeleted } from './deleted-answer.ts';
import { addWarnings, type RequestScope } from './request-scope.ts';
import { objectEntry, presentWhenAsked } from './resource-storage.ts';
import { runDeleted } from './resource-hooks.ts';
import { entryResponse, objectResponse } from './respond.ts';

/** How plugins see a deletion: one of a collection has no name of its own, and an eviction was admitted as such. */
export type DeleteAdmission = 'object' | 'collection' | 'none';

export interface DeleteOutcome {
  /** The object as it is now, or was last. */
  readonly entry: CacheEntry;
  readonly removed: boolean;
}

/** DELETE of one object. */
export async function deleteResource(scope: RequestScope): Promise<ApiServerResponse> {
  const options = await readDeleteOptions(scope);
  warnAboutDependents(scope, options);
  const outcome = await deleteObject(scope, options);
  const status = !outcome.removed && options.orphanDependents === false ? 202 : 200;
  const returns = returnsDeleted(scope.definition) || scope.definition.storagePrefix === 'namespaces';
  if (returns || !outcome.removed) {
    if (returns || isMarked(outcome)) {
      return entryResponse(scope, status, outcome.entry);
    }
  }
  return objectResponse(status, deletedStatus(scope, outcome.entry.object()));
}

/** From the body, or the query if there is none. Throws Invalid and BadRequest. */
export async function readDeleteOptions(scope: RequestScope): Promise<DeleteOptions> {
  const options = (await decodeDeleteOptions(scope.request)) ?? deleteOptionsFromQuery(scope.request.query);
  checkDeleteOptions(options);
  return options;
}

/** Deletes or marks one object; tries again when somebody else changed it meanwhile. */
export async function deleteObject(
  scope: RequestScope,
  options: DeleteOptions,
  admission: DeleteAdmission = 'object',
): Promise<DeleteOutcome> {
  const { definition, name } = scope;
  checkKeyName(name);
  const target: WriteTarget = { ...scope, key: scope.storage.keyOf(scope.namespace, name) };
  const dryRun = isDryRun(options);
  let existing = await currentEntry(target);
  existing ??= await freshEntry(target);
  for (;;) {
    scope.request.signal.throwIfAborted();
    if (!existing) throw notFound(definition, name);
    const old = existing.object();
    const plan = planFor(scope, old, options);
    if (plan.do === 'nothing') return { entry: await presentWhenAsked(definition, existing), removed: false };
    if (admission !== 'none') {
      const admitted = admission === 'collection' ? { ...scope, name: '' } : scope;
      await admitDelete(admitted, (await presentWhenAsked(definition, existing)).object(), options, dryRun);
    }
    let current: CacheEntry = existing;
    if (plan.do === 'mark') {
      const marked = await putObject(target, plan.object, existing, dryRun);
      if (!marked.ok) {
        existing = marked.current;
        continue;
      }
      current = marked.entry;
      if (!plan.thenRemove) return { entry: await presentWhenAsked(definition, current), removed: false };
    }
    if (dryRun) return { entry: await presentWhenAsked(definition, current), removed: true };
    const removal = await removeObject(target, current);
    if (removal.ok || !removal.current) {
      await runDeleted(scope, old);
      const last = removal.ok ? entryAt(current, removal.revision) : current;
      return { entry: await presentWhenAsked(definition, last), removed: true };
    }
    existing = removal.current;
  }
}

/** What was removed is shown at the revision of its removal. */
function entryAt(entry: CacheEntry, revision: Revision): CacheEntry {
  return objectEntry({ ...identityOf(entry), revision }, withResourceVersion(entry.object(), revision));
}

function identityOf({ key, namespace, name }: CacheEntry): Pick<CacheEntry, 'key' | 'namespace' | 'name'> {
  return { key, namespace, name };
}

function planFor({ definition, registry }: RequestScope, object: KubeObject, options: DeleteOptions): DeletePlan {
  const now = registry.clock.now();
  if (definition.storagePrefix === 'namespaces') return planNamespaceDelete(object as Namespace, options, now);
  if (definition.storagePrefix === customResourceDefinitions.storagePrefix) {
    return planDefinitionDelete(object as CustomResourceDefinition, options, now);
  }
  return planDelete(definition, object, options, now);
}

async function admitDelete(
  scope: RequestScope,
  old: KubeObject,
  options: DeleteOptions,
  dryRun: boolean,
): Promise<void> {
  const { registry, definition, request, subresource, name } = scope;
  const attributes = {
    operation: 'DELETE' as const,
    definition,
    subresource,
    namespace: definition.plural === 'namespaces' ? name : scope.namespace,
    name,
    object: undefined,
    old,
    dryRun,
    options: { kind: 'DeleteOptions', apiVersion: 'meta.k8s.io/v1', ...options },
    request,
  };
  await registry.admission.admit(attributes);
  await registry.admission.validate(attributes);
}

/** Jobs leave their pods behind unless told otherwise, which surprises. */
export function warnAboutDependents(scope: RequestScope, options: DeleteOptions): void {
  const { orphanDependents, propagationPolicy } = options;
  if (scope.definition.storagePrefix !== 'jobs') return;
  if (orphanDependents !== undefined || propagationPolicy !== undefined) return;
  addWarnings(scope, [
    'child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning',
  ]);
}

function isMarked({ entry }: DeleteOutcome): boolean {
  return entry.object().metadata.deletionTimestamp !== undefined;
}

/** `details.kind` is the resource here. */
function deletedStatus({ definition }: RequestScope, object: KubeObject): Status {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: {
      name: object.metadata.name,
      ...(definition.group ? { group: definition.group } : {}),
      kind: definition.plural,
      uid: object.metadata.uid,
    },
  };
}
