import { apiVersionOf, badRequest, type DeleteOptions } from '@kts/apimachinery';
import type { ResourceDefinition } from '@kts/api';

import { asDraft, draftOf, type ObjectDraft } from './object-draft.ts';
import type { RequestScope } from './request-scope.ts';
import type { FieldValidation } from './write-options.ts';

/** Reads the body as an object of `definition`, with defaults. Throws BadRequest. */
export async function decodeBody(
  scope: RequestScope,
  definition: ResourceDefinition,
  _validation: FieldValidation,
): Promise<ObjectDraft> {
  const body = await scope.request.readBody();
  const value = body?.kind === 'bytes' ? (JSON.parse(new TextDecoder().decode(body.bytes)) as object) : body?.object;
  if (typeof value !== 'object' || value === null) throw badRequest('the object provided is unrecognized');
  const draft = draftOf({ kind: definition.kind, apiVersion: apiVersionOf(definition), ...value });
  draft.metadata ??= {} as ObjectDraft['metadata'];
  definition.behaviour.setDefaults?.(asDraft(draft));
  return draft;
}

export async function decodeDeleteOptions({ request }: RequestScope): Promise<DeleteOptions | undefined> {
  const body = await request.readBody();
  if (!body || (body.kind === 'bytes' && body.bytes.length === 0)) return undefined;
  return (body.kind === 'bytes' ? JSON.parse(new TextDecoder().decode(body.bytes)) : body.object) as DeleteOptions;
}
