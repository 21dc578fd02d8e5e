import type { Node, PersistentVolume, PersistentVolumeClaim } from '@kts/api/types/core-v1';
import type { CSIStorageCapacity, StorageClass } from '@kts/api/types/storage-v1';
import { quantityCompare } from '@kts/apimachinery';
import { labelOf, selection, type Selection } from '../framework/label-selection.ts';
import { nodeSelector } from '../framework/node-selection.ts';
import type { Listers } from '../framework/snapshot.ts';
import { classNameOf, classOf } from './pod-claims.ts';

/**
 * Which volumes the claims of a pod would get on a node.
 *
 * Mirrors: FindPodVolumes in pkg/scheduler/framework/plugins/volumebinding/binder.go and FindMatchingVolume in
 * staging/src/k8s.io/component-helpers/storage/volume/pv_helpers.go (v1.36)
 */
export interface PodClaims {
  readonly bound: readonly PersistentVolumeClaim[];
  /** Those that wait for the pod's node. */
  readonly waiting: readonly PersistentVolumeClaim[];
}

export interface VolumePlan {
  readonly bindings: readonly { readonly volume: PersistentVolume; readonly claim: PersistentVolumeClaim }[];
  /** Claims for which a provisioner will make volumes. */
  readonly provision: readonly PersistentVolumeClaim[];
}

export const SELECTED_NODE = 'volume.kubernetes.io/selected-node';
const NO_PROVISIONER = 'kubernetes.io/no-provisioner';

const NODE_CONFLICT = "node(s) didn't match PersistentVolume's node affinity";
const NO_VOLUME = "node(s) didn't find available persistent volumes to bind";
const NO_SPACE = 'node(s) did not have enough free storage';
const VOLUME_MISSING = 'node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)';

/** What the claims of one pod might get, found once for all nodes. */
export interface VolumeChoices {
  readonly listers: Listers;
  readonly volumesFor: (claim: PersistentVolumeClaim) => ClaimChoices;
  readonly capacitiesOf: (storageClass: string) => readonly Capacity[];
}

interface ClaimChoices {
  /** Meant for the claim: this one or none. */
  readonly promised: PersistentVolume | undefined;
  /** Those that will do, the smallest first. */
  readonly free: readonly PersistentVolume[];
}

/** How much room for volumes there is on some nodes. */
interface Capacity {
  readonly limit: string;
  readonly nodes: Selection;
}

/** Valid for as long as the listers show the same. */
export function volumeChoices(listers: Listers): VolumeChoices {
  const volumes = new Map<PersistentVolumeClaim, ClaimChoices>();
  let capacities: Map<string, Capacity[]> | undefined;
  return {
    listers,
    volumesFor: (claim) =>
      volumes.getOrInsertComputed(claim, () => choicesFor(claim, listers.persistentVolumes.list())),
    capacitiesOf: (storageClass) => (capacities ??= capacitiesByClass(listers)).get(storageClass) ?? [],
  };
}

/** A plan, or the reasons why there is none. Throws if the claims refer to something that is not there. */
export function planVolumes(claims: PodClaims, node: Node, choices: VolumeChoices): VolumePlan | readonly string[] {
  const reasons: string[] = [];
  const problem = boundProblem(claims.bound, node, choices.listers);
  if (problem === NODE_CONFLICT) reasons.push(problem);
  const plan = planWaiting(claims.waiting, node, choices);
  if (typeof plan === 'string') reasons.push(plan);
  if (problem === VOLUME_MISSING) reasons.push(problem);
  return typeof plan === 'string' || reasons.length > 0 ? reasons : plan;
}

function boundProblem(claims: readonly PersistentVolumeClaim[], node: Node, listers: Listers): string | undefined {
  for (const { spec } of claims) {
    const volume = listers.persistentVolumes.get({ name: spec!.volumeName! });
    if (volume === undefined) return VOLUME_MISSING;
    if (!reaches(volume, node)) return NODE_CONFLICT;
  }
  return undefined;
}

/** Existing volumes where they fit, smallest claims first; new ones for the rest. */
function planWaiting(
  claims: readonly PersistentVolumeClaim[],
  node: Node,
  choices: VolumeChoices,
): VolumePlan | string {
  const selected = claims.filter(({ metadata }) => metadata.annotations?.[SELECTED_NODE] !== undefined);
  if (selected.some(({ metadata }) => metadata.annotations![SELECTED_NODE] !== node.metadata.name)) return NO_VOLUME;
  const bindings: VolumePlan['bindings'][number][] = [];
  const provision = [...selected];
  const chosen = new Set<string>();
  const unselected = claims.filter((claim) => !selected.includes(claim));
  for (const claim of unselected.toSorted((one, other) => quantityCompare(sizeOf(one), sizeOf(other)))) {
    const volume = findVolume(choices.volumesFor(claim), node, chosen);
    if (volume === undefined) {
      provision.push(claim);
    } else {
      chosen.add(volume.metadata.name);
      bindings.push({ volume, claim });
    }
  }
  for (const claim of provision) {
    const problem = provisionProblem(claim, node, choices);
    if (problem !== undefined) return problem;
  }
  return { bindings, provision };
}

/** The volume that is meant for the claim, or else the smallest one that will do. */
function findVolume(
  { promised, free }: ClaimChoices,
  node: Node,
  taken: ReadonlySet<string>,
): PersistentVolume | undefined {
  if (promised !== undefined) return reaches(promised, node) ? promised : undefined;
  return free.find((volume) => !taken.has(volume.metadata.name) && reaches(volume, node));
}

function choicesFor(claim: PersistentVolumeClaim, volumes: readonly PersistentVolume[]): ClaimChoices {
  const selector = claim.spec?.selector && selection(claim.spec.selector);
  const modes = claim.spec?.accessModes ?? [];
  const usable = volumes.filter((volume) => isUsableFor(volume, claim));
  const free = usable.filter(
    ({ metadata, spec, status }) =>
      spec?.claimRef === undefined &&
      status?.phase === 'Available' &&
      (selector === undefined || selector.matches(metadata.labels)) &&
      modes.every((mode) => spec?.accessModes?.includes(mode)),
  );
  return {
    promised: usable.find((volume) => isPromisedTo(volume, claim)),
    free: free.sort((one, other) => quantityCompare(capacityOf(one), capacityOf(other))),
  };
}

/** Large enough, of the right mode and class, and not going away. */
function isUsableFor(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  return (
    classNameOf(volume) === classNameOf(claim) &&
    quantityCompare(capacityOf(volume), sizeOf(claim)) >= 0 &&
    (volume.spec?.volumeMode ?? 'Filesystem') === (claim.spec?.volumeMode ?? 'Filesystem') &&
    (volume.spec?.volumeAttributesClassName ?? '') === (claim.spec?.volumeAttributesClassName ?? '') &&
    volume.metadata.deletionTimestamp === undefined
  );
}

export function isPromisedTo({ spec }: PersistentVolume, { metadata }: PersistentVolumeClaim): boolean {
  const claim = spec?.claimRef;
  if (claim?.name !== metadata.name || claim.namespace !== metadata.namespace) return false;
  return !claim.uid || claim.uid === metadata.uid;
}

/** Whether the node can use the volume. */
export function reaches(volume: PersistentVolume, node: Node): boolean {
  const required = volume.spec?.nodeAffinity?.required;
  return required === undefined || nodeSelector(required)(node);
}

function provisionProblem(claim: PersistentVolumeClaim, node: Node, choices: VolumeChoices): string | undefined {
  const { listers } = choices;
  const name = classNameOf(claim);
  const storageClass = classOf(claim, listers);
  if (storageClass === undefined) {
    const key = `${claim.metadata.namespace}/${claim.metadata.name}`;
    throw new Error(name === '' ? `no class for claim "${key}"` : `failed to find storage class "${name}"`);
  }
  if (!storageClass.provisioner || storageClass.provisioner === NO_PROVISIONER) return NO_VOLUME;
  if (!isAllowed(storageClass, node)) return NO_VOLUME;
  return hasCapacity(claim, storageClass, node, choices) ? undefined : NO_SPACE;
}

function isAllowed({ allowedTopologies = [] }: StorageClass, node: Node): boolean {
  if (allowedTopologies.length === 0) return true;
  return allowedTopologies.some(({ matchLabelExpressions = [] }) => {
    const matches = ({ key, values }: (typeof matchLabelExpressions)[number]): boolean =>
      values.includes(labelOf(node.metadata.labels, key)!);
    return matchLabelExpressions.length > 0 && matchLabelExpressions.every(matches);
  });
}

/** Only drivers that publish their capacity are asked for it. */
function hasCapacity(
  claim: PersistentVolumeClaim,
  { metadata, provisioner }: StorageClass,
  node: Node,
  { listers, capacitiesOf }: VolumeChoices,
): boolean {
  const size = claim.spec?.resources?.requests?.['storage'];
  const driver = listers.csiDrivers.get({ name: provisioner });
  if (size === undefined || !driver?.spec.storageCapacity) return true;
  return capacitiesOf(metadata.name).some(
    ({ limit, nodes }) => quantityCompare(limit, size) >= 0 && nodes.matches(node.metadata.labels),
  );
}

function capacitiesByClass(listers: Listers): Map<string, Capacity[]> {
  const byClass = new Map<string, Capacity[]>();
  for (const capacity of listers.csiStorageCapacities.list()) {
    const limit = volumeLimit(capacity);
    if (limit === undefined) continue;
    const nodes = selection(capacity.nodeTopology);
    byClass.getOrInsertComputed(capacity.storageClassName, () => []).push({ limit, nodes });
  }
  return byClass;
}

export function volumeLimit({ maximumVolumeSize, capacity }: CSIStorageCapacity): string | undefined {
  return maximumVolumeSize ?? capacity;
}

function sizeOf(claim: PersistentVolumeClaim): string {
  return claim.spec?.resources?.requests?.['storage'] ?? '0';
}

function capacityOf(volume: PersistentVolume): string {
  return volume.spec?.capacity?.['storage'] ?? '0';
}
