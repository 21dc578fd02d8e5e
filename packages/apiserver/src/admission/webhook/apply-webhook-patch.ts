/**
 * What a webhook's patch makes of an object. Pure.
 *
 * Mirrors: callAttrMutatingHook in staging/src/k8s.io/apiserver/pkg/admission/plugin/webhook/mutating/dispatcher.go (v1.36)
 */
import {
  applyJsonPatch,
  decodeJsonPatch,
  deepEqual,
  internalError,
  JsonSyntaxError,
  parseJson,
  PatchError,
  type JsonPatchOperation,
  type JsonValue,
  type KubeObject,
} from '@kts/apimachinery';

import { decodeAdmitted, type AdmittedSubject } from '../decode-admitted.ts';
import type { ReviewAnswer } from './admission-review.ts';
import { WebhookCallError } from './webhook-errors.ts';

export interface WebhookPatch {
  readonly operations: readonly JsonPatchOperation[];
  /** With defaults, in the version in which the webhook saw it. */
  readonly object: KubeObject;
  readonly changed: boolean;
}

/** Undefined if there is nothing to change. Throws WebhookCallError and what the client gets. */
export function applyWebhookPatch(
  webhook: string,
  { patch, patchType }: ReviewAnswer,
  subject: AdmittedSubject,
): WebhookPatch | undefined {
  if (patch === undefined) return undefined;
  const operations = parseOperations(webhook, patch);
  if (operations.length === 0) return undefined;
  if (!subject.object) {
    const name = JSON.stringify(webhook);
    throw internalError(
      `admission webhook ${name} attempted to modify the object, which is not supported for this operation`,
    );
  }
  if (patchType !== 'JSONPatch') {
    throw new WebhookCallError(webhook, `unsupported patch type ${JSON.stringify(patchType)}`, 400);
  }
  const before = subject.object as unknown as JsonValue;
  const patched = patchedDocument(before, operations);
  const { decoded, defaulted, error } = decodeAdmitted(patched, subject);
  if (error !== undefined) throw internalError(error);
  return { operations, object: defaulted, changed: !deepEqual(before, decoded) };
}

function parseOperations(webhook: string, patch: string): readonly JsonPatchOperation[] {
  try {
    return decodeJsonPatch(parseJson(patch), false).operations;
  } catch (error) {
    if (!(error instanceof PatchError) && !(error instanceof JsonSyntaxError)) throw error;
    throw new WebhookCallError(webhook, `received undecodable patch in webhook response: ${error.message}`, 503);
  }
}

function patchedDocument(document: JsonValue, operations: readonly JsonPatchOperation[]): JsonValue {
  try {
    return applyJsonPatch(document, operations);
  } catch (error) {
    if (error instanceof PatchError) throw internalError(error.message);
    throw error;
  }
}
