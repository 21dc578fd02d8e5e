/**
 * Groups of the Kubernetes community are for kinds that it has looked at.
 *
 * Mirrors: staging/src/k8s.io/apiextensions-apiserver/pkg/apihelpers/helpers.go and validateAPIApproval in
 * .../pkg/apis/apiextensions/validation/validation.go (v1.36)
 */
import { FieldPath, invalid, required, type FieldError } from '@kts/apimachinery';
import type { CustomResourceDefinition } from '@kts/api/types/apiextensions-v1';

import { isRequestUri } from '../schema/request-uri.ts';

const ANNOTATION = 'api-approved.kubernetes.io';
const EXPLAINED = 'see https://github.com/kubernetes/enhancements/pull/1111';

export interface ApiApproval {
  readonly state: 'missing' | 'bypassed' | 'approved' | 'invalid';
  readonly reason: string;
}

export function isProtectedGroup(group: string): boolean {
  return ['k8s.io', 'kubernetes.io'].some((domain) => group === domain || group.endsWith(`.${domain}`));
}

export function apiApproval(annotations: Readonly<Record<string, string>> | undefined): ApiApproval {
  const text = annotations?.[ANNOTATION] ?? '';
  const prefix = `protected groups must have approval annotation ${JSON.stringify(ANNOTATION)}`;
  if (text === '') return { state: 'missing', reason: `${prefix}, ${EXPLAINED}` };
  if (text.startsWith('unapproved')) return { state: 'bypassed', reason: `not approved: ${JSON.stringify(text)}` };
  if (isRequestUri(text) && /^[a-zA-Z][a-zA-Z0-9+.-]*:\/\/[^/]/.test(text)) {
    return { state: 'approved', reason: `approved in ${text}` };
  }
  return {
    state: 'invalid',
    reason: `${prefix} with either a URL or a reason starting with "unapproved", ${EXPLAINED}`,
  };
}

/** What was not approved before may stay so. */
export function validateApiApproval(crd: CustomResourceDefinition, old?: CustomResourceDefinition): FieldError[] {
  if (!isProtectedGroup(crd.spec.group)) return [];
  const { state, reason } = apiApproval(crd.metadata.annotations);
  if (old && apiApproval(old.metadata.annotations).state === state) return [];
  const path = FieldPath.of('metadata', 'annotations').key(ANNOTATION);
  if (state === 'missing') return [required(path, reason)];
  return state === 'invalid' ? [invalid(path, crd.metadata.annotations?.[ANNOTATION], reason)] : [];
}
