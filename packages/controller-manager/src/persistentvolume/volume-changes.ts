/**
 * The objects that a binding consists of, as they are to be written. Pure.
 *
 * Mirrors: GetBindVolumeToClaim, bindClaimToVolume, updateClaimStatus, unbindVolume (v1.36)
 */
import type { PersistentVolume, PersistentVolumeClaim } from '@kts/api/types/core-v1';
import { deepEqual } from '@kts/apimachinery';
import { referenceTo } from '@kts/controlkit';

import { BIND_COMPLETED, BOUND_BY_CONTROLLER } from './plan-claim.ts';
import { isVolumeBoundTo } from './volume-match.ts';

/** The same object if it names the claim already. */
export function boundVolume(volume: PersistentVolume, claim: PersistentVolumeClaim): PersistentVolume {
  const { claimRef } = volume.spec ?? {};
  const { name, namespace, uid } = claim.metadata;
  if (claimRef?.name === name && claimRef.namespace === namespace && claimRef.uid === uid) return volume;
  const bound = { ...volume, spec: { ...volume.spec, claimRef: referenceTo(claim) } };
  return isVolumeBoundTo(volume, claim) ? bound : withAnnotation(bound, BOUND_BY_CONTROLLER);
}

/** The same object if it names the volume already. */
export function boundClaim(claim: PersistentVolumeClaim, { metadata }: PersistentVolume): PersistentVolumeClaim {
  const completed = withAnnotation(claim, BIND_COMPLETED);
  if (claim.spec?.volumeName === metadata.name) return completed;
  const named = { ...completed, spec: { ...claim.spec, volumeName: metadata.name } };
  return withAnnotation(named, BOUND_BY_CONTROLLER);
}

/** The same object if nothing changes. @param volume what the claim is bound to */
export function claimInPhase(
  claim: PersistentVolumeClaim,
  phase: 'Pending' | 'Bound' | 'Lost',
  volume: PersistentVolume | undefined,
): PersistentVolumeClaim {
  const { accessModes: _modes, capacity, currentVolumeAttributesClassName, ...rest } = claim.status ?? {};
  const isNew = rest.phase !== phase;
  const attributes =
    rest.phase === 'Pending' && phase === 'Bound'
      ? volume?.spec?.volumeAttributesClassName
      : currentVolumeAttributesClassName;
  const modes = volume?.spec?.accessModes;
  const size = isNew ? volume?.spec?.capacity : capacity;
  const status = {
    ...rest,
    phase,
    ...(volume && modes ? { accessModes: modes } : {}),
    ...(volume && size ? { capacity: size } : {}),
    ...(volume && attributes !== undefined ? { currentVolumeAttributesClassName: attributes } : {}),
  };
  return deepEqual(status, claim.status ?? {}) ? claim : { ...claim, status };
}

/** A volume that was prepared by hand stays prepared. */
export function unboundVolume(volume: PersistentVolume): PersistentVolume {
  const { claimRef, ...spec } = volume.spec ?? {};
  const { annotations = {} } = volume.metadata;
  if (annotations[BOUND_BY_CONTROLLER] === undefined) {
    const { uid: _uid, ...prepared } = claimRef ?? {};
    return { ...volume, spec: { ...spec, claimRef: prepared } };
  }
  const { [BOUND_BY_CONTROLLER]: _mark, ...others } = annotations;
  return { ...volume, metadata: { ...volume.metadata, annotations: others }, spec };
}

function withAnnotation<T extends PersistentVolume | PersistentVolumeClaim>(object: T, name: string): T {
  const { annotations } = object.metadata;
  if (annotations?.[name] !== undefined) return object;
  return { ...object, metadata: { ...object.metadata, annotations: { ...annotations, [name]: 'yes' } } };
}
