import { failure, type JsonValue, type KubeObject } from '@kts/apimachinery';

import { asDraft, draftOf, type ObjectDraft } from './object-draft.ts';
import type { RequestScope } from './request-scope.ts';
import type { FieldValidation } from './write-options.ts';

export type PatchBody = {
  readonly type: 'json' | 'merge' | 'strategic' | 'apply';
  readonly value: JsonValue;
  /** Texts about fields that are there twice. */
  readonly duplicates: readonly string[];
};

const TYPES: Readonly<Record<string, PatchBody['type']>> = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
  'application/apply-patch+yaml': 'apply',
};

/** Reads the body by its media type. Throws UnsupportedMediaType and BadRequest. */
export async function readPatch(scope: RequestScope): Promise<PatchBody> {
  const body = await scope.request.readBody();
  const contentType = (body?.contentType ?? '').split(';', 1)[0]!.trim();
  const type = TYPES[contentType];
  const custom = scope.definition.schema.name === '';
  if (!type || !body || (type === 'strategic' && custom)) throw unsupported(custom);
  const value = body.kind === 'object' ? body.object : JSON.parse(new TextDecoder().decode(body.bytes));
  return { type, value: value as JsonValue, duplicates: [] };
}

function unsupported(custom: boolean): Error {
  const accepted = Object.keys(TYPES).filter((type) => !custom || TYPES[type] !== 'strategic');
  return failure(
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
  );
}

export function decodePatched(
  scope: RequestScope,
  value: JsonValue,
  _problems: readonly string[],
  _validation: FieldValidation,
): { readonly draft: ObjectDraft; readonly warnings: readonly string[] } {
  const draft = draftOf(value as unknown as KubeObject);
  scope.definition.behaviour.setDefaults?.(asDraft(draft));
  return { draft, warnings: [] };
}
