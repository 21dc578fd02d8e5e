import { duplicate, FieldPath, invalid, notSupported, type Draft, type FieldError } from '@kts/apimachinery';
import { defineResource } from '../define-resource.ts';
import { checkImmutable, checkSupported, sameValue } from '../field-checks.ts';
import type { CSIDriver, CSIDriverSpec, TokenRequest } from '../gen/storage-v1.gen.ts';
import { age } from '../human-duration.ts';

const TOKENS_IN_SECRETS_ADVICE =
  'spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent possible logging of tokens in volume attributes';
const SPEC = FieldPath.of('spec');
const GROUP_POLICIES = ['File', 'None', 'ReadWriteOnceWithFSType'];
const LIFECYCLE_MODES = ['Persistent', 'Ephemeral'];
const TOKEN_SECONDS_MIN = 600;
const TOKEN_SECONDS_MAX = 2 ** 32;
const UPDATE_PERIOD_SECONDS_MIN = 10;

/**
 * What the cluster should know about a storage driver.
 *
 * Mirrors: pkg/registry/storage/csidriver, pkg/apis/storage/{v1,validation} (v1.36)
 */
export const csiDrivers = defineResource<CSIDriver>('storage.k8s.io/v1', 'csidrivers', {
  // Generations count from the first change on: new drivers have none.
  generation: 'none',
  requireResourceVersionOnUpdate: true,
  setDefaults: setDriverDefaults,
  prepareForCreate: ({ spec }) => {
    delete spec.preventPodSchedulingIfMissing;
  },
  prepareForUpdate: ({ metadata, spec }, old) => {
    if (old.spec.preventPodSchedulingIfMissing === undefined) delete spec.preventPodSchedulingIfMissing;
    if (!sameValue(spec, old.spec)) metadata.generation = (old.metadata.generation ?? 0) + 1;
  },
  validate: ({ spec }) => validateDriverSpec(spec),
  validateUpdate: ({ spec }, { spec: old }) => [
    ...validateDriverSpec(spec),
    ...checkImmutable(spec.attachRequired, old.attachRequired, SPEC.child('attachedRequired')),
    ...checkImmutable(spec.volumeLifecycleModes, old.volumeLifecycleModes, SPEC.child('volumeLifecycleModes')),
  ],
  warnings: ({ spec }, old) => {
    const asks = (spec.tokenRequests?.length ?? 0) > 0 && spec.serviceAccountTokenInSecrets === undefined;
    const isNew = !old || !sameValue(spec.tokenRequests, old.spec.tokenRequests);
    return asks && isNew ? [TOKENS_IN_SECRETS_ADVICE] : [];
  },
  cells: ({ metadata, spec }, now) => [
    metadata.name,
    spec.attachRequired ?? true,
    spec.podInfoOnMount ?? false,
    spec.storageCapacity ?? false,
    spec.tokenRequests?.map(({ audience }) => audience).join(',') ?? '<unset>',
    spec.requiresRepublish ?? false,
    spec.volumeLifecycleModes?.join(',') || '<none>',
    age(metadata.creationTimestamp, now),
  ],
});

function setDriverDefaults({ spec }: Draft<CSIDriver>): void {
  spec.attachRequired ??= true;
  spec.podInfoOnMount ??= false;
  spec.storageCapacity ??= false;
  spec.fsGroupPolicy ??= 'ReadWriteOnceWithFSType';
  if (!spec.volumeLifecycleModes?.length) spec.volumeLifecycleModes = ['Persistent'];
  spec.requiresRepublish ??= false;
  spec.seLinuxMount ??= false;
}

function validateDriverSpec(spec: CSIDriverSpec): FieldError[] {
  const { fsGroupPolicy, tokenRequests = [], nodeAllocatableUpdatePeriodSeconds: period } = spec;
  const modes = SPEC.child('volumeLifecycleModes');
  const errors = [
    ...checkSupported(fsGroupPolicy, GROUP_POLICIES, SPEC.child('fsGroupPolicy')),
    ...validateTokenRequests(tokenRequests, SPEC.child('tokenRequests')),
    ...(spec.volumeLifecycleModes ?? [])
      .filter((mode) => !LIFECYCLE_MODES.includes(mode))
      .map((mode) => notSupported(modes, mode, LIFECYCLE_MODES)),
  ];
  if (period !== undefined && period < UPDATE_PERIOD_SECONDS_MIN) {
    const path = SPEC.child('nodeAllocatableUpdatePeriodSeconds');
    errors.push(invalid(path, period, 'must be greater than or equal to 10 seconds'));
  }
  if (spec.serviceAccountTokenInSecrets !== undefined && tokenRequests.length === 0) {
    const text = 'serviceAccountTokenInSecrets is set but no tokenRequests are specified';
    errors.push(invalid(SPEC.child('serviceAccountTokenInSecrets'), spec.serviceAccountTokenInSecrets, text));
  }
  return errors;
}

function validateTokenRequests(requests: readonly TokenRequest[], path: FieldPath): FieldError[] {
  const audiences = new Set<string>();
  return requests.flatMap(({ audience, expirationSeconds: seconds }, index) => {
    const at = path.index(index);
    if (audiences.has(audience)) return [duplicate(at.child('audience'), audience)];
    audiences.add(audience);
    if (seconds === undefined) return [];
    const expiration = at.child('expirationSeconds');
    if (seconds < TOKEN_SECONDS_MIN) {
      return [invalid(expiration, seconds, 'may not specify a duration less than 10 minutes')];
    }
    if (seconds <= TOKEN_SECONDS_MAX) return [];
    return [invalid(expiration, seconds, 'may not specify a duration larger than 2^32 seconds')];
  });
}
