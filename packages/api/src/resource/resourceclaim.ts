import { FieldPath } from '@kts/apimachinery';
import { defineResource } from '../define-resource.ts';
import { checkImmutable } from '../field-checks.ts';
import type { ResourceClaim } from '../gen/resource-v1.gen.ts';
import { age } from '../human-duration.ts';
import { setClaimDefaults } from './device-request-defaults.ts';

/**
 * A wish for devices.
 *
 * Mirrors: pkg/registry/resource/resourceclaim, pkg/apis/resource/v1 (v1.36)
 * Differs: requests are not validated yet beyond their schema.
 */
export const resourceClaims = defineResource<ResourceClaim>('resource.k8s.io/v1', 'resourceclaims', {
  generation: 'none',
  setDefaults: ({ spec }) => setClaimDefaults(spec),
  prepareForCreate: (draft) => {
    draft.status = {};
  },
  validateUpdate: ({ spec }, old) =>
    checkImmutable(spec, old.spec, FieldPath.of('spec'), 'resource.v1.ResourceClaimSpec'),
  cells: (claim, now) => [claim.metadata.name, stateText(claim), age(claim.metadata.creationTimestamp, now)],
});

function stateText({ metadata, status }: ResourceClaim): string {
  const deleted = metadata.deletionTimestamp ? ['deleted'] : [];
  if (!status?.allocation) return deleted[0] ?? 'pending';
  return [...deleted, 'allocated', ...(status.reservedFor?.length ? ['reserved'] : [])].join(',');
}
