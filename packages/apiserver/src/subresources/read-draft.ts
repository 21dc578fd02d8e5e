import { parseApiVersion } from '@kts/apimachinery';
import { schemaOf } from '@kts/api';

import type { AdmissionAttributes } from '../admission/admission.ts';
import { wipeSystemFields } from '../registry/before-create.ts';
import { createAttributes } from '../registry/create.ts';
import { checkBodyType, decodeBody, type BodyType } from '../registry/decode-body.ts';
import { dedupOwnerReferences } from '../registry/dedup-owner-references.ts';
import { ensureNamespace } from '../registry/ensure-namespace.ts';
import { trackUpdate } from '../registry/managed-fields.ts';
import type { ObjectDraft } from '../registry/object-draft.ts';
import { addWarnings, type RequestScope } from '../registry/request-scope.ts';
import { managerOf, parseWriteOptions, type WriteOptions } from '../registry/write-options.ts';

/** A subresource's kind as the type of a body. */
export function bodyType(apiVersion: string, kind: string, openApiName: string): BodyType {
  return { ...parseApiVersion(apiVersion), kind, schema: schemaOf(openApiName) };
}

export interface SentObject {
  readonly draft: ObjectDraft;
  readonly options: WriteOptions;
  readonly attributes: AdmissionAttributes;
}

/**
 * The body of a POST to a subresource, after mutating admission. `keepsMetadata`: what the client says about the object
 * that is meant counts, even what otherwise only the server sets.
 */
export async function readSent(scope: RequestScope, type: BodyType, keepsMetadata = false): Promise<SentObject> {
  checkBodyType(scope.request);
  const options = parseWriteOptions(scope.request.query, 'CreateOptions');
  const draft = await decodeBody(scope, type, options.fieldValidation);
  if (!keepsMetadata) wipeSystemFields(draft);
  ensureNamespace(scope.definition, draft, scope.namespace);
  addWarnings(scope, dedupOwnerReferences(draft, false));
  const manager = managerOf(options.fieldManager, scope.request.headers['user-agent']);
  trackUpdate(scope, undefined, draft, manager, type);
  const attributes = createAttributes(scope, draft, scope.namespace, options);
  await scope.registry.admission.admit(attributes);
  return { draft, options, attributes };
}
