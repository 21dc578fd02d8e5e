/**
 * Mirrors: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/update.go (v1.36)
 */
import { badRequest, internalError, type KubeObject } from '@kts/apimachinery';

import type { AdmissionAttributes } from '../admission/admission.ts';
import { forbiddenError } from '../authorization/authorizer.ts';
import type { ApiServerResponse } from '../response.ts';
import { optionsObject } from './create.ts';
import { decodeBody } from './decode-body.ts';
import { dedupOwnerReferences } from './dedup-owner-references.ts';
import { ensureNamespace } from './ensure-namespace.ts';
import { guaranteedUpdate } from './guaranteed-update.ts';
import { trackUpdate } from './managed-fields.ts';
import { draftOf, type ObjectDraft } from './object-draft.ts';
import { addWarnings, type RequestScope } from './request-scope.ts';
import { entryResponse } from './respond.ts';
import { managerOf, parseWriteOptions, type WriteOptions } from './write-options.ts';

/** PUT of an object or of its status. */
export async function updateResource(scope: RequestScope): Promise<ApiServerResponse> {
  const { request, definition } = scope;
  checkNamed(scope);
  const options = parseWriteOptions(request.query, 'UpdateOptions');
  const sent = await decodeBody(scope, definition, options.fieldValidation);
  ensureNamespace(definition, sent, scope.namespace);
  checkName(scope, sent);
  addWarnings(scope, dedupOwnerReferences(sent, false));
  const manager = managerOf(options.fieldManager, request.headers['user-agent']);
  const { uid } = sent.metadata;
  const result = await guaranteedUpdate(scope, {
    ...(uid ? { uid } : {}),
    allowCreate: false,
    dryRun: options.dryRun,
    makeObject: async (existing) => {
      const draft = draftOf(sent);
      trackUpdate(scope, existing, draft, manager);
      await admitWrite(scope, draft, existing, options);
      return draft;
    },
    validate: (object, old) => validateWrite(scope, object, old, options),
  });
  return entryResponse(scope, result.created ? 201 : 200, result.entry);
}

export function checkNamed({ name }: RequestScope): void {
  if (name === '') throw badRequest('name must be provided');
}

export function checkName(scope: RequestScope, draft: ObjectDraft): void {
  const name = draft.metadata.name ?? '';
  if (name === '') {
    throw badRequest(`the name of the object (${scope.name} based on URL) was undeterminable: name must be provided`);
  }
  if (name !== scope.name) {
    throw badRequest(`the name of the object (${name}) does not match the name on the URL (${scope.name})`);
  }
}

/** Mutating admission of an update, or of the creation it turned out to be. */
export async function admitWrite(
  scope: RequestScope,
  draft: ObjectDraft,
  old: KubeObject | undefined,
  options: WriteOptions,
): Promise<void> {
  await scope.registry.admission.admit(updateAttributes(scope, draft, old, options));
  addWarnings(scope, dedupOwnerReferences(draft, true));
}

/** Validating admission, after the right to create was checked where an update creates. */
export async function validateWrite(
  scope: RequestScope,
  object: KubeObject,
  old: KubeObject | undefined,
  options: WriteOptions,
): Promise<void> {
  if (!old) checkMayCreate(scope);
  await scope.registry.admission.validate(updateAttributes(scope, object as unknown as ObjectDraft, old, options));
}

function checkMayCreate({ registry, request }: RequestScope): void {
  const attributes = { ...request.info, verb: 'create' };
  const result = registry.authorizer.authorize(request.user, attributes);
  if (result.decision === 'allow') return;
  if (result.error) throw internalError(result.error);
  throw forbiddenError(request.user, attributes, result.reason);
}

function updateAttributes(
  scope: RequestScope,
  object: ObjectDraft,
  old: KubeObject | undefined,
  options: WriteOptions,
): AdmissionAttributes {
  const { definition, request } = scope;
  return {
    operation: old ? 'UPDATE' : 'CREATE',
    definition,
    subresource: scope.subresource,
    namespace: definition.plural === 'namespaces' ? scope.name : scope.namespace,
    name: scope.name,
    object,
    old,
    dryRun: options.dryRun,
    options: optionsObject(old ? 'UpdateOptions' : 'CreateOptions', options, request.query),
    request,
  };
}
