/**
 * Which volume is right for a claim. Pure.
 *
 * Mirrors: component-helpers/storage/volume/pv_helpers.go, pkg/controller/volume/persistentvolume/index.go (v1.36)
 */
import type { PersistentVolume, PersistentVolumeClaim } from '@kts/api/types/core-v1';
import type { StorageClass } from '@kts/api/types/storage-v1';
import { labelSelectorMatcher, parseTime, quantityCompare } from '@kts/apimachinery';

const CLASS_ANNOTATION = 'volume.beta.kubernetes.io/storage-class';
const DEFAULT_CLASS_ANNOTATIONS = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
];

/** Empty: no class, which is a class of its own. */
export function classOfClaim({ metadata, spec }: PersistentVolumeClaim): string {
  return metadata.annotations?.[CLASS_ANNOTATION] ?? spec?.storageClassName ?? '';
}

export function classOfVolume({ metadata, spec }: PersistentVolume): string {
  return metadata.annotations?.[CLASS_ANNOTATION] ?? spec?.storageClassName ?? '';
}

/** Whether the claim says anything about its class, even that it wants none. */
export function hasClass({ metadata, spec }: PersistentVolumeClaim): boolean {
  return metadata.annotations?.[CLASS_ANNOTATION] !== undefined || spec?.storageClassName !== undefined;
}

/** The newest of those that are marked as default. */
export function defaultClass(classes: readonly StorageClass[]): StorageClass | undefined {
  const createdAt = ({ metadata }: StorageClass): number => parseTime(metadata.creationTimestamp);
  return classes
    .filter(({ metadata }) => DEFAULT_CLASS_ANNOTATIONS.some((name) => metadata.annotations?.[name] === 'true'))
    .toSorted((a, b) => createdAt(b) - createdAt(a) || (a.metadata.name < b.metadata.name ? -1 : 1))[0];
}

/** The volume names the claim: by its name, and by its uid unless it was prepared for any claim of that name. */
export function isVolumeBoundTo({ spec }: PersistentVolume, { metadata }: PersistentVolumeClaim): boolean {
  const { claimRef } = spec ?? {};
  if (!claimRef || claimRef.name !== metadata.name || claimRef.namespace !== metadata.namespace) return false;
  return !claimRef.uid || claimRef.uid === metadata.uid;
}

/**
 * One that was prepared for the claim, or the smallest that will do. Volumes with fewer access modes come first, so that
 * those that can do more are kept for claims that need more.
 *
 * @param delayed the class leaves the choice to the scheduler: only prepared volumes count
 */
export function findVolume(
  claim: PersistentVolumeClaim,
  volumes: readonly PersistentVolume[],
  delayed: boolean,
): PersistentVolume | undefined {
  const able = volumes.filter((volume) => hasAccessModes(volume, claim));
  const byModes = Map.groupBy(able, ({ spec }) => (spec?.accessModes ?? []).toSorted().join());
  const groups = [...byModes].toSorted(([a], [b]) => a.split(',').length - b.split(',').length);
  for (const [, group] of groups) {
    const found = findInGroup(claim, group, delayed);
    if (found) return found;
  }
  return undefined;
}

/** Why a volume that the claim asks for by name will not do. */
export function volumeProblem(volume: PersistentVolume, claim: PersistentVolumeClaim): string | undefined {
  if (volume.metadata.deletionTimestamp !== undefined) {
    return `the volume is marked for deletion ${JSON.stringify(volume.metadata.name)}`;
  }
  if (isTooSmall(volume, claim)) return 'requested PV is too small';
  if (classOfVolume(volume) !== classOfClaim(claim)) return 'storageClassName does not match';
  if (!hasSameAttributes(volume, claim)) return 'volumeAttributesClassName does not match';
  if (!hasSameMode(volume, claim)) return 'incompatible volumeMode';
  return hasAccessModes(volume, claim) ? undefined : 'incompatible accessMode';
}

export function hasSameMode(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  return (volume.spec?.volumeMode ?? 'Filesystem') === (claim.spec?.volumeMode ?? 'Filesystem');
}

function findInGroup(
  claim: PersistentVolumeClaim,
  volumes: readonly PersistentVolume[],
  delayed: boolean,
): PersistentVolume | undefined {
  const selector = claim.spec?.selector && labelSelectorMatcher(claim.spec.selector);
  let smallest: PersistentVolume | undefined;
  for (const volume of volumes) {
    const isPrepared = isVolumeBoundTo(volume, claim);
    if (volume.spec?.claimRef && !isPrepared) continue;
    if (isTooSmall(volume, claim) || !hasSameMode(volume, claim) || !hasSameAttributes(volume, claim)) continue;
    if (volume.metadata.deletionTimestamp !== undefined) continue;
    if (isPrepared) return volume;
    if (delayed || volume.status?.phase !== 'Available') continue;
    if (selector && !selector.matches(volume.metadata.labels)) continue;
    if (classOfVolume(volume) !== classOfClaim(claim)) continue;
    if (!smallest || quantityCompare(storageOf(smallest), storageOf(volume)) > 0) smallest = volume;
  }
  return smallest;
}

function isTooSmall(volume: PersistentVolume, { spec }: PersistentVolumeClaim): boolean {
  return quantityCompare(storageOf(volume), spec?.resources?.requests?.['storage'] ?? '0') < 0;
}

function storageOf({ spec }: PersistentVolume): string {
  return spec?.capacity?.['storage'] ?? '0';
}

function hasSameAttributes(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  return (volume.spec?.volumeAttributesClassName ?? '') === (claim.spec?.volumeAttributesClassName ?? '');
}

function hasAccessModes(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  return (claim.spec?.accessModes ?? []).every((mode) => volume.spec?.accessModes?.includes(mode));
}
