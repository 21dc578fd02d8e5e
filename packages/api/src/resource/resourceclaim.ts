import { FieldPath, type Draft } from '@kts/apimachinery';
import { defineResource } from '../define-resource.ts';
import { checkImmutable } from '../field-checks.ts';
import type { AllocatedDeviceStatus, ResourceClaim } from '../gen/resource-v1.gen.ts';
import { age } from '../human-duration.ts';
import { validateClaimStatusUpdate } from './claim-status-validation.ts';
import { validateClaimSpec } from './device-claim-validation.ts';
import { loadForSelectors, selectorsOf } from './device-selector-validation.ts';
import { setClaimDefaults, setTolerationDefaults } from './device-request-defaults.ts';

const SPEC = FieldPath.of('spec');

/**
 * A wish for devices.
 *
 * Mirrors: pkg/registry/resource/resourceclaim, pkg/apis/resource/v1, pkg/apis/resource/validation (v1.36)
 */
export const resourceClaims = defineResource<ResourceClaim>('resource.k8s.io/v1', 'resourceclaims', {
  generation: 'none',
  setDefaults: ({ spec, status }) => {
    setClaimDefaults(spec);
    for (const { tolerations } of status?.allocation?.devices?.results ?? []) setTolerationDefaults(tolerations);
  },
  prepareForCreate: (draft) => {
    draft.status = {};
  },
  prepareForUpdate: (draft, old, { subresource }) => {
    if (subresource === 'status') dropDeallocatedDevices(draft, old);
  },
  load: ({ spec }) => loadForSelectors(selectorsOf(spec?.devices)),
  validate: ({ spec }) => validateClaimSpec(spec, SPEC),
  validateUpdate: ({ spec }, old) => checkImmutable(spec, old.spec, SPEC, 'resource.v1.ResourceClaimSpec'),
  validateStatusUpdate: validateClaimStatusUpdate,
  cells: (claim, now) => [claim.metadata.name, stateText(claim), age(claim.metadata.creationTimestamp, now)],
});

type Identified = Pick<AllocatedDeviceStatus, 'driver' | 'pool' | 'device' | 'shareID'>;

/** What drivers said of devices that the claim has no more is of no use. */
function dropDeallocatedDevices({ status }: Draft<ResourceClaim>, { status: old }: ResourceClaim): void {
  if (!status?.devices) return;
  const idOf = ({ driver, pool, device, shareID }: Identified) => JSON.stringify([driver, pool, device, shareID ?? '']);
  const gone = new Set((old?.allocation?.devices?.results ?? []).map(idOf));
  for (const result of status.allocation?.devices?.results ?? []) gone.delete(idOf(result));
  const kept = status.devices.filter((device) => !gone.has(idOf(device)));
  if (kept.length > 0) status.devices = kept;
  else delete status.devices;
}

function stateText({ metadata, status }: ResourceClaim): string {
  const deleted = metadata.deletionTimestamp ? ['deleted'] : [];
  if (!status?.allocation) return deleted[0] ?? 'pending';
  return [...deleted, 'allocated', ...(status.reservedFor?.length ? ['reserved'] : [])].join(',');
}
