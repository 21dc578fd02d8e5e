/**
 * What is asked of a webhook, and what it answers. Pure.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/admission/plugin/webhook/request (v1.36)
 */
import type { Status } from '@kts/apimachinery';
import type { ResourceDefinition } from '@kts/api';
import type { AdmissionRequest, AdmissionReview } from '@kts/api/types/admission-v1';

import type { UserInfo } from '../../request.ts';
import type { AdmissionAttributes } from '../admission.ts';
import type { AdmittedSubject } from '../decode-admitted.ts';
import { kindOf, resourceNameOf } from '../matching/request-kind.ts';

export type ReviewVersion = 'v1' | 'v1beta1';

/** The version that a webhook likes best of those that are spoken here. */
export function chooseReviewVersion(accepted: readonly string[]): ReviewVersion | undefined {
  return accepted.find((version): version is ReviewVersion => version === 'v1' || version === 'v1beta1');
}

export function admissionReview(version: ReviewVersion, uid: string, subject: AdmittedSubject): object {
  return { kind: 'AdmissionReview', apiVersion: `admission.k8s.io/${version}`, request: reviewRequest(uid, subject) };
}

function reviewRequest(uid: string, { attributes, object, old, matched }: AdmittedSubject): AdmissionRequest {
  return {
    uid,
    ...requestFacts(attributes, matched),
    object: object ?? null,
    oldObject: old ?? null,
    dryRun: attributes.dryRun,
    options: attributes.options ?? null,
  } as unknown as AdmissionRequest;
}

/** The part of a request that expressions see too. */
export function requestFacts(attributes: AdmissionAttributes, matched: ResourceDefinition): object {
  const { definition, subresource, name, namespace, operation, request } = attributes;
  return {
    kind: kindOf({ definition: matched, subresource }),
    resource: resourceNameOf(matched),
    ...(subresource ? { subResource: subresource } : {}),
    requestKind: kindOf(attributes),
    requestResource: resourceNameOf(definition),
    ...(subresource ? { requestSubResource: subresource } : {}),
    ...(name ? { name } : {}),
    ...(namespace ? { namespace } : {}),
    operation,
    userInfo: reviewUser(request.user),
  };
}

function reviewUser({ name, uid, groups, extra }: UserInfo): object {
  return {
    ...(name ? { username: name } : {}),
    ...(uid ? { uid } : {}),
    ...(groups.length > 0 ? { groups } : {}),
    ...(extra && Object.keys(extra).length > 0 ? { extra } : {}),
  };
}

/** A webhook's verdict. */
export interface ReviewAnswer {
  readonly allowed: boolean;
  readonly result: Status | undefined;
  /** A JSON patch, not yet parsed; undefined if the object stays as it is. */
  readonly patch: string | undefined;
  readonly patchType: string;
  readonly auditAnnotations: Readonly<Record<string, string>>;
  readonly warnings: readonly string[];
}

/** Thrown for an answer that breaks the protocol; the message is upstream's. */
export class InvalidReviewError extends Error {
  override readonly name = 'InvalidReviewError';
}

/** Throws InvalidReviewError. Older reviews were never checked closely. */
export function readReview(
  version: ReviewVersion,
  review: AdmissionReview,
  uid: string,
  mutating: boolean,
): ReviewAnswer {
  const { response } = review;
  if (!response) throw new InvalidReviewError('webhook response was absent');
  if (version === 'v1') checkReview(review, uid, mutating);
  const patch = mutating && response.patch ? Buffer.from(response.patch, 'base64').toString() : undefined;
  return {
    allowed: response.allowed === true,
    result: response.status as Status | undefined,
    patch,
    patchType: version === 'v1' ? (response.patchType ?? '') : 'JSONPatch',
    auditAnnotations: response.auditAnnotations ?? {},
    warnings: response.warnings ?? [],
  };
}

function checkReview({ kind = '', apiVersion = '', response }: AdmissionReview, uid: string, mutating: boolean): void {
  const { uid: answered = '', patch, patchType } = response!;
  if (answered !== uid) {
    throw new InvalidReviewError(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(answered)}`);
  }
  if (apiVersion !== 'admission.k8s.io/v1' || kind !== 'AdmissionReview') {
    const found = `${apiVersion.includes('/') ? apiVersion : `/${apiVersion}`}, Kind=${kind}`;
    throw new InvalidReviewError(
      `expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got ${found}`,
    );
  }
  if (!mutating) {
    if (patch) throw new InvalidReviewError('validating webhook may not return response.patch');
    if (patchType !== undefined) throw new InvalidReviewError('validating webhook may not return response.patchType');
    return;
  }
  if (patch && patchType === undefined) {
    throw new InvalidReviewError('webhook returned response.patch but not response.patchType');
  }
  if (!patch && patchType !== undefined) {
    throw new InvalidReviewError('webhook returned response.patchType but not response.patch');
  }
  if (patchType === '') throw new InvalidReviewError('webhook returned invalid response.patchType of ""');
}
