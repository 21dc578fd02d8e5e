import type { PersistentVolumeClaim, Pod, Volume } from '@kts/api/types/core-v1';
import { Aggregates, count } from '../framework/aggregate.ts';
import { always, hint } from '../framework/cluster-event.ts';
import { SKIP, unresolvable, unschedulable, type Plugin } from '../framework/plugin.ts';
import { missingClaim } from './pod-claims.ts';

/**
 * A disk that can be attached only once is used only once, and so is a claim with access mode ReadWriteOncePod.
 *
 * Mirrors: pkg/scheduler/framework/plugins/volumerestrictions/volume_restrictions.go (v1.36)
 */
interface RestrictedVolumes {
  /** The pod's claims that tolerate no other pod. */
  readonly exclusiveClaims: ReadonlySet<string>;
  /** How often pods use them. */
  readonly uses: number;
}

const DISK_CONFLICT = unschedulable('node(s) had no available disk');
const CLAIM_CONFLICT = unschedulable(
  'node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod',
);

export function volumeRestrictions(): Plugin<RestrictedVolumes> {
  const claims = new Aggregates(() => new Map<string, number>(), 1);
  return {
    name: 'VolumeRestrictions',
    requeueOn: {
      'Pod/Delete': hint<Pod>((pod, { before }) => sharesVolume(pod, before!)),
      'Node/Add': always,
      'PersistentVolumeClaim/Add': hint<PersistentVolumeClaim>(
        (pod, { after }) =>
          after!.metadata.namespace === pod.metadata.namespace && claimNames(pod).includes(after!.metadata.name),
      ),
    },
    preFilter: ({ pod, namespace }, snapshot) => {
      const exclusiveClaims = new Set<string>();
      for (const name of claimNames(pod)) {
        const claim = snapshot.listers.persistentVolumeClaims.get({ namespace, name });
        if (claim === undefined) return { reject: unresolvable(missingClaim(name)) };
        if (claim.spec?.accessModes?.includes('ReadWriteOncePod')) exclusiveClaims.add(name);
      }
      let uses = 0;
      if (exclusiveClaims.size > 0) {
        const used = claims.of('claims', snapshot.nodes, (sum, node, sign) => {
          for (const other of node.pods)
            for (const name of claimNames(other.pod)) count(sum, `${other.namespace}/${name}`, sign);
        });
        for (const name of exclusiveClaims) if (used.has(`${namespace}/${name}`)) uses++;
      }
      const restricted = pod.spec.volumes?.some(isRestricted) ?? false;
      return restricted || uses > 0 ? { state: { exclusiveClaims, uses } } : SKIP;
    },
    adjust: (state, pod, { pod: other, sign }) => {
      if (other.namespace !== pod.namespace) return state;
      const shared = claimNames(other.pod).filter((name) => state.exclusiveClaims.has(name)).length;
      return { ...state, uses: state.uses + sign * shared };
    },
    filter: ({ pod }, node, { uses }) => {
      if (node.pods.some((other) => sharesDisk(pod, other.pod))) return DISK_CONFLICT;
      return uses > 0 ? CLAIM_CONFLICT : undefined;
    },
  };
}

function claimNames(pod: Pod): readonly string[] {
  return (pod.spec.volumes ?? []).flatMap(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName ?? []);
}

function sharesVolume(pod: Pod, other: Pod): boolean {
  if (other.metadata.namespace !== pod.metadata.namespace) return false;
  const claims = new Set(claimNames(pod));
  return sharesDisk(pod, other) || claimNames(other).some((name) => claims.has(name));
}

function isRestricted(volume: Volume): boolean {
  return Boolean(volume.gcePersistentDisk ?? volume.awsElasticBlockStore ?? volume.rbd ?? volume.iscsi);
}

function sharesDisk(pod: Pod, other: Pod): boolean {
  return (pod.spec.volumes ?? [])
    .filter(isRestricted)
    .some((volume) => other.spec.volumes?.some((used) => isSameDisk(volume, used)) ?? false);
}

/** The same disk, and not read-only on both sides. */
function isSameDisk(one: Volume, other: Volume): boolean {
  const writes = (a: { readonly readOnly?: boolean }, b: { readonly readOnly?: boolean }): boolean =>
    !(a.readOnly && b.readOnly);
  if (one.gcePersistentDisk && other.gcePersistentDisk) {
    const [a, b] = [one.gcePersistentDisk, other.gcePersistentDisk];
    if (a.pdName === b.pdName && writes(a, b)) return true;
  }
  if (one.awsElasticBlockStore && one.awsElasticBlockStore.volumeID === other.awsElasticBlockStore?.volumeID)
    return true;
  if (one.iscsi && other.iscsi && one.iscsi.iqn === other.iscsi.iqn && writes(one.iscsi, other.iscsi)) return true;
  if (one.rbd && other.rbd) {
    const [a, b] = [one.rbd, other.rbd];
    const monitors = a.monitors.some((monitor) => b.monitors.includes(monitor));
    return monitors && (a.pool ?? 'rbd') === (b.pool ?? 'rbd') && a.image === b.image && writes(a, b);
  }
  return false;
}
