/**
 * Mirrors: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/create.go (v1.36)
 */
import { alreadyExists, failure, type KubeObject } from '@kts/apimachinery';

import type { AdmissionAttributes } from '../admission/admission.ts';
import type { CacheEntry } from '../cache/entry.ts';
import type { ApiServerResponse } from '../response.ts';
import { fillSystemFields, prepareAndValidateCreate, wipeSystemFields } from './before-create.ts';
import { checkBodyType, decodeBody } from './decode-body.ts';
import { dedupOwnerReferences } from './dedup-owner-references.ts';
import { ensureNamespace } from './ensure-namespace.ts';
import { strategyContext } from './guaranteed-update.ts';
import { loadValidation } from './load-validation.ts';
import { trackUpdate } from './managed-fields.ts';
import { draftOf, type ObjectDraft } from './object-draft.ts';
import { currentEntry, putObject, type WriteTarget } from './put-object.ts';
import { addWarnings, type RequestScope } from './request-scope.ts';
import { presentWhenAsked } from './resource-storage.ts';
import { runHooks } from './resource-hooks.ts';
import { entryResponse } from './respond.ts';
import { managerOf, parseWriteOptions, type WriteOptions } from './write-options.ts';

/** How often a generated name is tried; one try in a thousand hits a taken name when a million are taken. */
const GENERATED_NAME_TRIES = 8;

/** POST to a collection. */
export async function createResource(scope: RequestScope): Promise<ApiServerResponse> {
  const { request, definition } = scope;
  checkBodyType(request);
  const options = parseWriteOptions(request.query, 'CreateOptions');
  const draft = await decodeBody(scope, definition, options.fieldValidation);
  wipeSystemFields(draft);
  const namespace = definition.plural === 'namespaces' ? draft.metadata.name : scope.namespace;
  ensureNamespace(definition, draft, scope.namespace);
  addWarnings(scope, dedupOwnerReferences(draft, false));
  trackUpdate(scope, undefined, draft, managerOf(options.fieldManager, request.headers['user-agent']));
  const attributes = createAttributes(scope, draft, namespace ?? '', options);
  await scope.registry.admission.admit(attributes);
  addWarnings(scope, dedupOwnerReferences(draft, true));
  return entryResponse(scope, 201, await createObject(scope, draft, attributes));
}

/** Everything after mutating admission. Answers the stored object in the request's version. */
export async function createObject(
  scope: RequestScope,
  draft: ObjectDraft,
  attributes: AdmissionAttributes,
): Promise<CacheEntry> {
  const generates = Boolean(draft.metadata.generateName) && !draft.metadata.name;
  if (!generates) return createOnce(scope, draft, attributes);
  for (let tries = 1; ; tries++) {
    try {
      return await createOnce(scope, draftOf(draft), attributes);
    } catch (error) {
      if (tries >= GENERATED_NAME_TRIES || !isTaken(error)) throw error;
    }
  }
}

function isTaken(error: unknown): boolean {
  return Error.isError(error) && 'reason' in error && error.reason === 'AlreadyExists';
}

async function createOnce(
  scope: RequestScope,
  draft: ObjectDraft,
  attributes: AdmissionAttributes,
): Promise<CacheEntry> {
  const { registry, definition, namespace, storage } = scope;
  fillSystemFields(draft, registry.clock.now(), registry.random);
  const transaction = await runHooks(scope, draft, undefined, attributes.dryRun);
  let written = false;
  try {
    await loadValidation(definition, draft);
    addWarnings(scope, prepareAndValidateCreate(definition, draft, namespace, strategyContext(scope)));
    const { name } = draft.metadata;
    await registry.admission.validate({ ...attributes, name });
    const target: WriteTarget = { registry, definition, storage, key: storage.keyOf(namespace, name) };
    const existing = await currentEntry(target);
    if (existing) throw takenError(scope, draft, existing.object());
    const outcome = await putObject(target, draft, undefined, attributes.dryRun);
    if (!outcome.ok) throw takenError(scope, draft, outcome.current?.object());
    written = !attributes.dryRun;
    return await presentWhenAsked(definition, outcome.entry);
  } finally {
    await transaction.finish(written);
  }
}

function takenError(scope: RequestScope, draft: ObjectDraft, existing: KubeObject | undefined): Error {
  const { name, generateName } = draft.metadata;
  const named = { group: scope.definition.group, plural: scope.definition.plural };
  const base = alreadyExists(named, name);
  const { details } = base.status;
  let { message = '' } = base.status;
  if (generateName) message += ', the server was not able to generate a unique name for the object';
  if (existing?.metadata.deletionTimestamp) message = `object is being deleted: ${message}`;
  return failure('AlreadyExists', message, {
    ...details,
    ...(generateName ? { retryAfterSeconds: 1 } : {}),
  } as Parameters<typeof failure>[2]);
}

export function createAttributes(
  scope: RequestScope,
  draft: ObjectDraft,
  namespace: string,
  options: WriteOptions,
): AdmissionAttributes {
  return {
    operation: 'CREATE',
    definition: scope.definition,
    subresource: scope.subresource,
    namespace,
    name: scope.name || draft.metadata.name || '',
    object: draft,
    old: undefined,
    dryRun: options.dryRun,
    options: optionsObject('CreateOptions', options, scope.request.query),
    request: scope.request,
  };
}

/** The options as webhooks and policies see them: what the client has sent, without defaults. */
export function optionsObject(kind: string, options: WriteOptions, query: URLSearchParams): object {
  const fieldValidation = query.get('fieldValidation');
  return {
    kind,
    apiVersion: 'meta.k8s.io/v1',
    ...(options.dryRun ? { dryRun: ['All'] } : {}),
    ...(options.fieldManager ? { fieldManager: options.fieldManager } : {}),
    ...(fieldValidation ? { fieldValidation } : {}),
  };
}
