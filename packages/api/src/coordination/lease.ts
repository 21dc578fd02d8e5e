import { FieldPath, forbidden, invalid, type FieldError } from '@kts/apimachinery';
import { defineResource } from '../define-resource.ts';
import type { Lease } from '../gen/coordination-v1.gen.ts';
import { age } from '../human-duration.ts';

const SPEC = FieldPath.of('spec');

/**
 * A lock with a time limit: leader election, and heartbeats of nodes.
 *
 * Mirrors: pkg/registry/coordination/lease, pkg/apis/coordination/validation (v1.36; coordinated election is off)
 */
export const leases = defineResource<Lease>('coordination.k8s.io/v1', 'leases', {
  generation: 'none',
  allowCreateOnUpdate: true,
  requireResourceVersionOnUpdate: true,
  prepareForCreate: ({ spec }) => {
    delete spec?.strategy;
    delete spec?.preferredHolder;
  },
  prepareForUpdate: ({ spec }, old) => {
    if (old.spec?.strategy === undefined) delete spec?.strategy;
    if (old.spec?.preferredHolder === undefined) delete spec?.preferredHolder;
  },
  validate: validateLease,
  validateUpdate: validateLease,
  cells: ({ metadata, spec }, now) => [metadata.name, spec?.holderIdentity ?? '', age(metadata.creationTimestamp, now)],
});

function validateLease({ spec }: Lease): FieldError[] {
  const { leaseDurationSeconds: seconds, leaseTransitions: transitions, preferredHolder, strategy } = spec;
  const errors: FieldError[] = [];
  if (seconds !== undefined && seconds <= 0) {
    errors.push(invalid(SPEC.child('leaseDurationSeconds'), seconds, 'must be greater than 0'));
  }
  if (transitions !== undefined && transitions < 0) {
    errors.push(invalid(SPEC.child('leaseTransitions'), transitions, 'must be greater than or equal to 0'));
  }
  if (preferredHolder && !strategy) {
    errors.push(forbidden(SPEC.child('preferredHolder'), 'may only be specified if `strategy` is defined'));
  }
  return errors;
}
