/**
 * Mirrors: ValidateDeleteOptions in staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/validation/validation.go (v1.36)
 */
import {
  FieldPath,
  invalid,
  invalidObject,
  notSupported,
  type DeleteOptions,
  type FieldError,
} from '@kts/apimachinery';

import { integerOf } from './list-options.ts';
import { validateDryRun } from './write-options.ts';

const PROPAGATION_POLICIES = ['Foreground', 'Background', 'Orphan'];

/** Options from the query, for requests without a body. */
export function deleteOptionsFromQuery(query: URLSearchParams): DeleteOptions {
  const grace = integerOf(query, 'gracePeriodSeconds');
  const orphan = query.get('orphanDependents');
  const policy = query.get('propagationPolicy');
  const uid = query.get('uid');
  const resourceVersion = query.get('resourceVersion');
  const dryRun = query.getAll('dryRun');
  return {
    ...(grace === undefined ? {} : { gracePeriodSeconds: grace }),
    ...(orphan === null ? {} : { orphanDependents: orphan.toLowerCase() !== 'false' && orphan !== '0' }),
    ...(policy === null ? {} : { propagationPolicy: policy }),
    ...(uid || resourceVersion
      ? { preconditions: { ...(uid ? { uid } : {}), ...(resourceVersion ? { resourceVersion } : {}) } }
      : {}),
    ...(dryRun.length === 0 ? {} : { dryRun }),
  };
}

/** Throws Invalid. */
export function checkDeleteOptions(options: DeleteOptions): void {
  const path = FieldPath.of('propagationPolicy');
  const errors: FieldError[] = [];
  const policy = options.propagationPolicy;
  if (policy !== undefined && options.orphanDependents !== undefined) {
    errors.push(invalid(path, policy, 'orphanDependents and deletionPropagation cannot be both set'));
  }
  if (policy !== undefined && !PROPAGATION_POLICIES.includes(policy)) {
    errors.push(notSupported(path, policy, [...PROPAGATION_POLICIES, 'nil']));
  }
  errors.push(...validateDryRun(options.dryRun ?? []));
  if (errors.length > 0) throw invalidObject({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', errors);
}

export function isDryRun(options: DeleteOptions): boolean {
  return (options.dryRun ?? []).length > 0;
}
