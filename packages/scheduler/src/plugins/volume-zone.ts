import type { PersistentVolume, PersistentVolumeClaim, Pod } from '@kts/api/types/core-v1';
import type { StorageClass } from '@kts/api/types/storage-v1';
import { deepEqual } from '@kts/apimachinery';
import { always, hint } from '../framework/cluster-event.ts';
import { labelOf } from '../framework/label-selection.ts';
import { SKIP, unresolvable, type Plugin, type Rejection } from '../framework/plugin.ts';
import type { Listers } from '../framework/snapshot.ts';
import { classNameOf, missingClaim } from './pod-claims.ts';

/**
 * A pod goes to the zone and region of its volumes, where volumes and nodes have such labels.
 *
 * Mirrors: pkg/scheduler/framework/plugins/volumezone/volume_zone.go (v1.36)
 */
interface VolumeTopology {
  readonly key: string;
  readonly values: ReadonlySet<string>;
}

/** Old name to new name. */
const TOPOLOGY_LABELS: Readonly<Record<string, string>> = {
  'failure-domain.beta.kubernetes.io/zone': 'topology.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region': 'topology.kubernetes.io/region',
  'topology.kubernetes.io/zone': 'topology.kubernetes.io/zone',
  'topology.kubernetes.io/region': 'topology.kubernetes.io/region',
};
const LABELS = Object.keys(TOPOLOGY_LABELS);

const CONFLICT = unresolvable('node(s) had no available volume zone');

export const volumeZone: Plugin<readonly VolumeTopology[]> = {
  name: 'VolumeZone',
  requeueOn: {
    'StorageClass/Add': hint<StorageClass>((_, { after }) => after!.volumeBindingMode === 'WaitForFirstConsumer'),
    'Node/Add': always,
    'Node/UpdateLabels': always,
    'PersistentVolumeClaim/Add': hint<PersistentVolumeClaim>((pod, { after }) => uses(pod, after!)),
    'PersistentVolumeClaim/Update': hint<PersistentVolumeClaim>((pod, { after }) => uses(pod, after!)),
    'PersistentVolume/Add': always,
    'PersistentVolume/Update': hint<PersistentVolume>(
      (_, { before, after }) => !deepEqual(labelsOf(before!), labelsOf(after!)),
    ),
  },
  preFilter: ({ pod }, { listers }) => {
    const topologies = volumeTopologies(pod, listers);
    if ('code' in topologies) return { reject: topologies };
    return topologies.length === 0 ? SKIP : { state: topologies };
  },
  filter: (_, { labels }, topologies) => {
    if (LABELS.every((key) => labelOf(labels, key) === undefined)) return undefined;
    for (const { key, values } of topologies) {
      const value = labelOf(labels, key) ?? labelOf(labels, TOPOLOGY_LABELS[key]!);
      if (value === undefined || !values.has(value)) return CONFLICT;
    }
    return undefined;
  },
};

function claimNames(pod: Pod): readonly string[] {
  return (pod.spec.volumes ?? []).flatMap(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName ?? []);
}

function uses(pod: Pod, { metadata }: PersistentVolumeClaim): boolean {
  return metadata.namespace === pod.metadata.namespace && claimNames(pod).includes(metadata.name);
}

function volumeTopologies(pod: Pod, listers: Listers): readonly VolumeTopology[] | Rejection {
  const topologies: VolumeTopology[] = [];
  for (const name of claimNames(pod)) {
    const claim = listers.persistentVolumeClaims.get({ namespace: pod.metadata.namespace, name });
    if (claim === undefined) return unresolvable(missingClaim(name));
    const volumeName = claim.spec?.volumeName;
    if (!volumeName) {
      const problem = whyNeverBound(claim, listers);
      if (problem !== undefined) return unresolvable(problem);
      continue;
    }
    const volume = listers.persistentVolumes.get({ name: volumeName });
    if (volume === undefined) return unresolvable(`persistentvolume "${volumeName}" not found`);
    for (const [key, value] of Object.entries(labelsOf(volume))) {
      topologies.push({ key, values: new Set(value.split('__')) });
    }
  }
  return topologies;
}

/** A claim without a volume is fine only if it waits for the pod. */
function whyNeverBound(claim: PersistentVolumeClaim, listers: Listers): string | undefined {
  const name = classNameOf(claim);
  if (name === '') return 'PersistentVolumeClaim had no pv name and storageClass name';
  const storageClass = listers.storageClasses.get({ name });
  if (storageClass === undefined) return `storageclass.storage.k8s.io "${name}" not found`;
  if (storageClass.volumeBindingMode === undefined) return `VolumeBindingMode not set for StorageClass "${name}"`;
  return storageClass.volumeBindingMode === 'WaitForFirstConsumer' ? undefined : 'PersistentVolume had no name';
}

function labelsOf({ metadata }: PersistentVolume): Readonly<Record<string, string>> {
  return Object.fromEntries(
    LABELS.flatMap((key) => {
      const value = labelOf(metadata.labels, key);
      return value === undefined ? [] : [[key, value]];
    }),
  );
}
