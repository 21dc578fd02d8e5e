import { FieldPath, forbidden, nameIsDNSLabel, required, tooLong, type FieldError } from '@kts/apimachinery';
import { defineResource } from '../define-resource.ts';
import { validateDomainPath } from '../domain-path-validation.ts';
import { byteLength, checkImmutable, checkSupported, invalidEach } from '../field-checks.ts';
import type { IngressClass, IngressClassParametersReference } from '../gen/networking-v1.gen.ts';
import { age } from '../human-duration.ts';
import { validateObjectMeta } from '../metadata-validation.ts';
import { validateReference } from './ingress.ts';

const SPEC = FieldPath.of('spec');
const CONTROLLER_LENGTH_MAX = 250;

/**
 * Which controller serves ingresses.
 *
 * Mirrors: pkg/registry/networking/ingressclass, pkg/apis/networking/{v1,validation} (v1.36)
 */
export const ingressClasses = defineResource<IngressClass>('networking.k8s.io/v1', 'ingressclasses', {
  setDefaults: ({ spec }) => {
    if (spec?.parameters) spec.parameters.scope ??= 'Cluster';
  },
  validate: validateIngressClass,
  validateUpdate: (ingressClass, old) => [
    ...checkImmutable(ingressClass.spec?.controller ?? '', old.spec?.controller ?? '', SPEC.child('controller')),
    ...validateObjectMeta(ingressClass.metadata, { namespaced: false }),
    ...validateIngressClass(ingressClass),
  ],
  cells: ({ metadata, spec }, now) => [
    metadata.name,
    spec?.controller ?? '',
    parametersText(spec?.parameters),
    age(metadata.creationTimestamp, now),
  ],
});

function validateIngressClass({ spec }: IngressClass): FieldError[] {
  const controller = spec?.controller ?? '';
  const path = SPEC.child('controller');
  return [
    ...(byteLength(controller) > CONTROLLER_LENGTH_MAX ? [tooLong(path, CONTROLLER_LENGTH_MAX)] : []),
    ...validateDomainPath(controller, path),
    ...(spec?.parameters ? validateParameters(spec.parameters, SPEC.child('parameters')) : []),
  ];
}

function validateParameters(parameters: IngressClassParametersReference, path: FieldPath): FieldError[] {
  const { scope, namespace } = parameters;
  const errors = validateReference(parameters, path);
  const at = path.child('namespace');
  if (scope === undefined) return [...errors, required(path.child('scope'))];
  errors.push(...checkSupported(scope, ['Cluster', 'Namespace'], path.child('scope')));
  if (scope === 'Namespace') {
    if (namespace === undefined) errors.push(required(at, "`parameters.scope` is set to 'Namespace'"));
    else errors.push(...invalidEach(at, namespace, nameIsDNSLabel(namespace, false)));
  }
  if (scope === 'Cluster' && namespace !== undefined) {
    errors.push(forbidden(at, "`parameters.scope` is set to 'Cluster'"));
  }
  return errors;
}

function parametersText(parameters: IngressClassParametersReference | undefined): string {
  if (!parameters) return '<none>';
  const { apiGroup, kind, name } = parameters;
  return `${kind}${apiGroup === undefined ? '' : `.${apiGroup}`}/${name}`;
}
