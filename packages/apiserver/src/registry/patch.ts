/**
 * Mirrors: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/patch.go (v1.36)
 */
import {
  applyJsonPatch,
  applyMergePatch,
  badRequest,
  conflict,
  decodeJsonPatch,
  goValueText,
  inWrittenOrder,
  notFound,
  strategicMerge,
  type JsonObject,
  failure,
  formatJson,
  PatchError,
  type JsonValue,
  type KubeObject,
} from '@kts/apimachinery';

import type { ApiServerResponse } from '../response.ts';
import { goTypeName, type BodyType } from './decode-body.ts';
import { ensureNamespace } from './ensure-namespace.ts';
import { guaranteedUpdate } from './guaranteed-update.ts';
import { appliedDraft, trackUpdate } from './managed-fields.ts';
import type { ObjectDraft } from './object-draft.ts';
import { decodePatched, patchTypeOf, readPatch, type PatchBody, type PatchedDocument } from './patch-body.ts';
import { addStrictWarnings, addWarnings, type RequestScope } from './request-scope.ts';
import { entryResponse } from './respond.ts';
import { admitWrite, checkName, checkNamed, validateWrite } from './update.ts';
import { managerOf, parseWriteOptions, type WriteOptions } from './write-options.ts';

/** PATCH of an object or of a part of it. */
export async function patchResource(scope: RequestScope): Promise<ApiServerResponse> {
  const { body, options } = await readPatchRequest(scope);
  const result = await guaranteedUpdate(scope, {
    allowCreate: body.type === 'apply' && scope.subresource === '',
    dryRun: options.dryRun,
    makeObject: async (existing) => {
      const draft = patchedDraft(scope, body, existing, options);
      await admitWrite(scope, draft, existing, options);
      return draft;
    },
    validate: (object, old) => validateWrite(scope, object, old, options),
  });
  return entryResponse(scope, result.created ? 201 : 200, result.entry);
}

export async function readPatchRequest(
  scope: RequestScope,
): Promise<{ readonly body: PatchBody; readonly options: WriteOptions }> {
  const { query, headers } = scope.request;
  const type = patchTypeOf(scope, headers['content-type'] ?? (await scope.request.readBody())?.contentType ?? '');
  checkNamed(scope);
  const options = parseWriteOptions(query, 'PatchOptions', type === 'apply');
  return { body: await readPatch(scope, options.fieldValidation !== 'Ignore'), options };
}

/** What the patch makes of an object; `type` is what it is decoded as. Throws what the client gets. */
export function patchedDraft(
  scope: RequestScope,
  body: PatchBody,
  existing: KubeObject | undefined,
  options: WriteOptions,
  type: BodyType = scope.definition,
): ObjectDraft {
  if (!existing && body.type !== 'apply') throw notFound(scope.definition, scope.name);
  const draft =
    body.type === 'apply'
      ? applied(scope, body, existing, options, type)
      : changed(scope, body, existing!, options, type);
  if (draft.metadata.uid && !existing) {
    const text = `uid mismatch: the provided object specified uid ${draft.metadata.uid}, and no existing object was found`;
    throw conflict(scope.definition, scope.name, text);
  }
  ensureNamespace(scope.definition, draft, scope.namespace);
  checkName(scope, draft);
  return draft;
}

function applied(
  scope: RequestScope,
  body: PatchBody,
  existing: KubeObject | undefined,
  options: WriteOptions,
  type: BodyType,
): ObjectDraft {
  const draft = appliedDraft(scope, existing, body.value, options, type);
  if (body.problems.length > 0 && options.fieldValidation !== 'Ignore') {
    const text = `error strict decoding YAML: ${body.problems.join(', ')}`;
    if (options.fieldValidation === 'Strict') throw badRequest(text);
    addStrictWarnings(scope, body.problems);
  }
  return draft;
}

function changed(
  scope: RequestScope,
  body: PatchBody,
  existing: KubeObject,
  options: WriteOptions,
  type: BodyType,
): ObjectDraft {
  if (body.failure) throw body.failure;
  const document = existing as unknown as JsonValue;
  const patched = patchDocument(body, document, options.fieldValidation !== 'Ignore', type);
  const { draft, warnings } = decodePatched(type, patched, options.fieldValidation);
  addWarnings(scope, warnings);
  trackUpdate(scope, existing, draft, managerOf(options.fieldManager, scope.request.headers['user-agent']), type);
  return draft;
}

/** The patched document, and what a strict reader finds wrong with the patch itself. */
function patchDocument(body: PatchBody, document: JsonValue, strict: boolean, type: BodyType): PatchedDocument {
  try {
    switch (body.type) {
      case 'json': {
        const { operations, unknown } = decodeJsonPatch(body.value, strict);
        const problems = [...body.problems, ...unknown];
        return patchedBy(problems, (opened) => applyJsonPatch(document, operations, opened));
      }
      case 'merge':
        return patchedBy(body.problems, (opened) => applyMergePatch(document, body.value, strict, opened));
      case 'strategic':
        return strategicDocument(type, document as JsonObject, body);
      case 'apply':
        throw new TypeError('apply patches have a way of their own');
    }
  } catch (error) {
    if (error instanceof PatchError) throw patchFailure(error);
    throw error;
  }
}

function patchedBy(problems: readonly string[], apply: (opened: Set<object>) => JsonValue): PatchedDocument {
  const opened = new Set<object>();
  const value = apply(opened);
  const written = (): JsonValue => inWrittenOrder(value, opened);
  return { value, problems, written, shown: () => formatJson(written()), converted: false };
}

/** Upstream shows what is left of the patch in its messages, not the patched document. */
function strategicDocument(type: BodyType, document: JsonObject, body: PatchBody): PatchedDocument {
  // Null changes nothing.
  const patch = body.value ?? {};
  if (typeof patch !== 'object' || Array.isArray(patch)) {
    throw badRequest(`json: cannot unmarshal ${goTypeName(patch)} into Go value of type map[string]interface {}`);
  }
  const merged = strategicMerge(type.schema, document, patch as JsonObject);
  return {
    value: merged.document,
    problems: body.problems,
    written: () => merged.document,
    shown: () => goValueText(merged.remainder),
    converted: true,
  };
}

function patchFailure(error: PatchError): Error {
  switch (error.kind) {
    case 'malformed':
      return badRequest(error.message);
    case 'tooLarge':
      return failure('RequestEntityTooLarge', error.message);
    case 'unmergeable':
      return failure('', error.message);
    case 'inapplicable':
      return failure('Invalid', 'the server rejected our request due to an error in our request', {});
  }
}
