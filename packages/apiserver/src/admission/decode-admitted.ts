import type { JsonValue, KubeObject } from '@kts/apimachinery';
import { schemaOfKind, type ResourceDefinition } from '@kts/api';

import { decodeValue, finishDraft, type BodyType } from '../registry/decode-body.ts';
import { asObject, cloneJson, type ObjectDraft } from '../registry/object-draft.ts';
import type { AdmissionAttributes } from './admission.ts';
import { kindOf } from './matching/request-kind.ts';
import { convertObject } from './matching/versioned-object.ts';

/** A request as a webhook or a policy sees it: the object in the version that its rule named. */
export interface AdmittedSubject {
  readonly attributes: AdmissionAttributes;
  readonly matched: ResourceDefinition;
  readonly object: KubeObject | undefined;
  readonly old: KubeObject | undefined;
}

export async function admittedSubject(
  attributes: AdmissionAttributes,
  matched: ResourceDefinition,
): Promise<AdmittedSubject> {
  const { definition, subresource, object, old } = attributes;
  const convert = (one: KubeObject | undefined): KubeObject | Promise<KubeObject> | undefined =>
    one && isOfResource(definition, subresource) ? convertObject(one, definition, matched) : one;
  return { attributes, matched, object: await convert(object && asObject(object)), old: await convert(old) };
}

/** Whether requests to the subresource carry the object itself. */
function isOfResource(definition: ResourceDefinition, subresource: string): boolean {
  return subresource === '' || kindOf({ definition, subresource }).kind === definition.kind;
}

export interface DecodedAdmitted {
  readonly decoded: KubeObject;
  readonly defaulted: KubeObject;
  readonly error?: string;
}

/** Reads back what somebody has made of the object; fields that the kind does not have are dropped. */
export function decodeAdmitted(value: JsonValue, { attributes, matched }: AdmittedSubject): DecodedAdmitted {
  const type = admittedType(matched, attributes.subresource);
  const { object, error } = decodeValue(type, value);
  const fields = (object ?? {}) as Record<string, unknown>;
  const { behaviour: _, ...bare } = type;
  const decoded = asObject(finishDraft(fields, bare));
  const defaulted = asObject(finishDraft(cloneJson(fields), type));
  return { decoded, defaulted, ...(error === undefined ? {} : { error }) };
}

export function admittedType(matched: ResourceDefinition, subresource: string): BodyType {
  if (isOfResource(matched, subresource)) return matched;
  const kind = kindOf({ definition: matched, subresource });
  return { ...kind, schema: schemaOfKind(kind) ?? matched.schema };
}

/** Puts the changed object in the place of the one that the request carries. */
export async function replaceAdmitted(object: KubeObject, { attributes, matched }: AdmittedSubject): Promise<void> {
  const { definition, subresource, object: draft } = attributes;
  if (!draft) return;
  const own = isOfResource(definition, subresource) ? await convertObject(object, matched, definition) : object;
  replaceDraft(draft, cloneJson(own));
}

function replaceDraft(draft: ObjectDraft, object: object): void {
  for (const field of Object.keys(draft)) delete draft[field];
  Object.assign(draft, object);
}
