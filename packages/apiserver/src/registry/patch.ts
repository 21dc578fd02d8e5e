/**
 * Mirrors: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/patch.go (v1.36)
 */
import {
  applyJsonPatch,
  applyMergePatch,
  badRequest,
  conflict,
  decodeJsonPatch,
  failure,
  PatchError,
  type JsonValue,
  type KubeObject,
} from '@kts/apimachinery';

import type { ApiServerResponse } from '../response.ts';
import { ensureNamespace } from './ensure-namespace.ts';
import { guaranteedUpdate } from './guaranteed-update.ts';
import { trackUpdate } from './managed-fields.ts';
import type { ObjectDraft } from './object-draft.ts';
import { decodePatched, readPatch, type PatchBody } from './patch-body.ts';
import { addWarnings, type RequestScope } from './request-scope.ts';
import { entryResponse } from './respond.ts';
import { admitWrite, checkName, validateWrite } from './update.ts';
import { managerOf, parseWriteOptions, type WriteOptions } from './write-options.ts';

/** PATCH of an object or of its status. */
export async function patchResource(scope: RequestScope): Promise<ApiServerResponse> {
  const { request } = scope;
  const body = await readPatch(scope);
  const options = parseWriteOptions(request.query, 'PatchOptions', body.type === 'apply');
  const result = await guaranteedUpdate(scope, {
    allowCreate: body.type === 'apply',
    dryRun: options.dryRun,
    makeObject: async (existing) => {
      const draft = patchedDraft(scope, body, existing, options);
      if (draft.metadata.uid && !existing) {
        const text = `uid mismatch: the provided object specified uid ${draft.metadata.uid}, and no existing object was found`;
        throw conflict(scope.definition, scope.name, text);
      }
      ensureNamespace(scope.definition, draft, scope.namespace);
      checkName(scope, draft);
      await admitWrite(scope, draft, existing, options);
      return draft;
    },
    validate: (object, old) => validateWrite(scope, object, old, options),
  });
  return entryResponse(scope, result.created ? 201 : 200, result.entry);
}

function patchedDraft(
  scope: RequestScope,
  body: PatchBody,
  existing: KubeObject | undefined,
  options: WriteOptions,
): ObjectDraft {
  if (body.type === 'apply') throw badRequest('apply');
  const document = existing as unknown as JsonValue;
  const { value, problems } = patchDocument(body, document, options.fieldValidation !== 'Ignore');
  const { draft, warnings } = decodePatched(scope, value, problems, options.fieldValidation);
  addWarnings(scope, warnings);
  trackUpdate(scope, existing, draft, managerOf(options.fieldManager, scope.request.headers['user-agent']));
  return draft;
}

/** The patched document, and what a strict reader finds wrong with the patch itself. */
function patchDocument(
  body: PatchBody,
  document: JsonValue,
  strict: boolean,
): { readonly value: JsonValue; readonly problems: readonly string[] } {
  try {
    switch (body.type) {
      case 'json': {
        const { operations, unknown } = decodeJsonPatch(body.value, strict);
        const problems = unknown.map((text) => `json patch ${text}`);
        return { value: applyJsonPatch(document, operations), problems };
      }
      case 'merge':
        return { value: applyMergePatch(document, body.value, strict), problems: body.duplicates };
      case 'strategic':
      case 'apply':
        return { value: applyMergePatch(document, body.value, strict), problems: body.duplicates };
    }
  } catch (error) {
    if (error instanceof PatchError) throw patchFailure(error);
    throw error;
  }
}

function patchFailure(error: PatchError): Error {
  switch (error.kind) {
    case 'malformed':
      return badRequest(error.message);
    case 'tooLarge':
      return failure('RequestEntityTooLarge', error.message);
    case 'inapplicable':
      return failure('Invalid', `the server rejected our request due to an error in our request`, {
        causes: [{ reason: 'UnexpectedServerResponse', message: error.message }],
      });
  }
}
