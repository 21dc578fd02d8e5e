/**
 * What the variables of an expression stand for in one request.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/admission/plugin/cel/{activation,condition}.go (v1.36)
 */
import { fromJson, type CelValue } from '@kts/cel';
import type { KubeObject, ObjectMeta } from '@kts/apimachinery';
import type { Namespace } from '@kts/api/types/core-v1';

import type { Authorizer } from '../../../authorization/authorizer.ts';
import type { AdmittedSubject } from '../../decode-admitted.ts';
import { requestFacts } from '../../webhook/admission-review.ts';
import { requestAuthorizer, userAuthorizer } from './authorizer-values.ts';

export interface EvaluationInput {
  readonly subject: AdmittedSubject;
  readonly params: KubeObject | undefined;
  readonly namespace: Namespace | undefined;
  readonly authorizer: Authorizer;
}

/** Values by name, made when they are first asked for. */
export function inputValues(input: EvaluationInput): { get(name: string): CelValue | undefined } {
  const known = new Map<string, CelValue | undefined>();
  return { get: (name) => known.getOrInsertComputed(name, () => valueOf(input, name)) };
}

function valueOf(input: EvaluationInput, name: string): CelValue | undefined {
  const { subject, params, namespace, authorizer } = input;
  switch (name) {
    case 'object':
      return fromJson(subject.object ?? null);
    case 'oldObject':
      return fromJson(subject.old ?? null);
    case 'params':
      return fromJson(params ?? null);
    case 'namespaceObject':
      return fromJson(namespace ? namespaceFacts(namespace) : null);
    case 'request':
      return fromJson(requestValue(subject));
    case 'authorizer':
      return userAuthorizer(authorizer, subject.attributes.request.user);
    case 'authorizer.requestResource':
      return requestAuthorizer(authorizer, subject);
    default:
      return undefined;
  }
}

function requestValue({ attributes, matched }: AdmittedSubject): object {
  const { dryRun, options } = attributes;
  return { ...requestFacts(attributes, matched), dryRun, options: options ?? null };
}

const NAMESPACE_METADATA: readonly (keyof ObjectMeta)[] = [
  'name',
  'generateName',
  'namespace',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'labels',
  'annotations',
  'finalizers',
];

/** The part of a namespace that expressions see. */
function namespaceFacts({ metadata, spec, status }: Namespace): object {
  const shown = NAMESPACE_METADATA.filter((field) => metadata[field] !== undefined);
  return {
    metadata: Object.fromEntries(shown.map((field) => [field, metadata[field]])),
    spec: spec ?? {},
    status: status ?? {},
  };
}
