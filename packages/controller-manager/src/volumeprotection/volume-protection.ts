/**
 * Volumes and claims stay while they are used, even if they have been deleted: a finalizer holds them.
 *
 * Mirrors: pkg/controller/volume/pvcprotection, pkg/controller/volume/pvprotection, pkg/controller/volume/protectionutil
 * (v1.36)
 */
import { persistentVolumeClaims, persistentVolumes, pods } from '@kts/api';
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '@kts/api/types/core-v1';
import type { KubeObject, ObjectKey } from '@kts/apimachinery';
import {
  controllerRefOf,
  defineController,
  isControlledBy,
  watching,
  type AnyControllerDefinition,
  type ControllerContext,
} from '@kts/controlkit';

import { isPodTerminal } from '../pods/pod-state.ts';

export const CLAIM_FINALIZER = 'kubernetes.io/pvc-protection';
export const VOLUME_FINALIZER = 'kubernetes.io/pv-protection';

const BY_CLAIM = 'claimsOfPod';

export type ProtectionStep = 'add' | 'remove' | 'nothing';

/** @param isUsed asked only for an object that is about to go */
export function planProtection({ metadata }: KubeObject, finalizer: string, isUsed: boolean): ProtectionStep {
  const isHeld = metadata.finalizers?.includes(finalizer) ?? false;
  if (metadata.deletionTimestamp === undefined) return isHeld ? 'nothing' : 'add';
  return isHeld && !isUsed ? 'remove' : 'nothing';
}

interface ObservedVolume {
  readonly volume: PersistentVolume;
}

export const volumeProtectionController: AnyControllerDefinition = defineController<
  PersistentVolume,
  ObservedVolume,
  ProtectionStep
>({
  name: 'persistentvolume-protection-controller',
  for: persistentVolumes,
  observe: (key, { informers }) => {
    const volume = informers.get(persistentVolumes).get(key);
    return volume && { volume };
  },
  plan: ({ volume }) => planProtection(volume, VOLUME_FINALIZER, volume.status?.phase === 'Bound'),
  apply: async (step, { volume }, { client, signal }) => {
    if (step === 'nothing') return;
    await client.update(persistentVolumes, withFinalizer(volume, VOLUME_FINALIZER, step), { signal });
  },
});

interface ObservedClaim {
  readonly claim: PersistentVolumeClaim;
  readonly pods: readonly Pod[];
}

export const claimProtectionController: AnyControllerDefinition = defineController<
  PersistentVolumeClaim,
  ObservedClaim,
  ProtectionStep
>({
  name: 'persistentvolumeclaim-protection-controller',
  for: persistentVolumeClaims,
  watches: [watching(pods, { map: releasedClaims })],
  setup: ({ informers }) => {
    informers.get(pods).addIndex(BY_CLAIM, (pod) => claimNames(pod).map((name) => `${pod.metadata.namespace}/${name}`));
  },
  observe: (key, { informers }) => {
    const claim = informers.get(persistentVolumeClaims).get(key);
    return claim && { claim, pods: informers.get(pods).byIndex(BY_CLAIM, `${key.namespace}/${key.name}`) };
  },
  plan: ({ claim, pods: users }) => {
    const isUsed = users.some((pod) => usesClaim(pod, claim));
    return planProtection(claim, CLAIM_FINALIZER, isUsed);
  },
  apply: async (step, { claim }, { client, signal }) => {
    if (step === 'nothing') return;
    // The cache may not know the newest pods, and a volume that is lost is lost for good: the server is asked too.
    if (step === 'remove') {
      const { items } = await client.list(pods, { namespace: claim.metadata.namespace, signal });
      if (items.some((pod) => usesClaim(pod, claim))) return;
    }
    await client.update(persistentVolumeClaims, withFinalizer(claim, CLAIM_FINALIZER, step), { signal });
  },
});

/** Only pods that have a node use anything. An ephemeral claim ends with its pod's containers. */
export function usesClaim(pod: Pod, claim: PersistentVolumeClaim): boolean {
  if (!pod.spec.nodeName) return false;
  const { deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata;
  const isShutDown = deletionTimestamp !== undefined && deletionGracePeriodSeconds === 0;
  return (pod.spec.volumes ?? []).some(({ name, persistentVolumeClaim, ephemeral }) => {
    if (persistentVolumeClaim) return persistentVolumeClaim.claimName === claim.metadata.name;
    if (!ephemeral || isShutDown || `${pod.metadata.name}-${name}` !== claim.metadata.name) return false;
    return controllerRefOf(claim) !== undefined && isControlledBy(claim, pod);
  });
}

/** Of a pod that has ended, gone, or not begun. */
function releasedClaims(pod: Pod, { informers }: ControllerContext): readonly ObjectKey[] {
  const { namespace } = pod.metadata;
  const isThere = informers.get(pods).get(pod.metadata)?.metadata.uid === pod.metadata.uid;
  if (isThere && !isPodTerminal(pod) && pod.spec.nodeName) return [];
  return claimNames(pod).map((name) => ({ namespace, name }));
}

function claimNames({ metadata, spec }: Pod): readonly string[] {
  return (spec.volumes ?? []).flatMap(({ name, persistentVolumeClaim, ephemeral }) => {
    if (persistentVolumeClaim) return [persistentVolumeClaim.claimName];
    return ephemeral ? [`${metadata.name}-${name}`] : [];
  });
}

export function withFinalizer<T extends KubeObject>(object: T, finalizer: string, step: 'add' | 'remove'): T {
  const others = (object.metadata.finalizers ?? []).filter((each) => each !== finalizer);
  const finalizers = step === 'add' ? [...others, finalizer] : others;
  return { ...object, metadata: { ...object.metadata, finalizers } };
}
