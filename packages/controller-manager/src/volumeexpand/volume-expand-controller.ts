/**
 * Says on claims that want more room that somebody else has to give it.
 *
 * Mirrors: pkg/controller/volume/expand/expand_controller.go (v1.36)
 * Differs: volume types inside of Kubernetes that have moved to CSI drivers are not sent on to those.
 */
import { persistentVolumeClaims, persistentVolumes } from '@kts/api';
import type { PersistentVolume, PersistentVolumeClaim } from '@kts/api/types/core-v1';
import { quantityCompare } from '@kts/apimachinery';
import { defineController, type AnyControllerDefinition } from '@kts/controlkit';

const PRE_RESIZE_ANNOTATION = 'volume.alpha.kubernetes.io/pre-resize-capacity';

interface Observed {
  readonly claim: PersistentVolumeClaim;
  readonly volume: PersistentVolume;
}

export const volumeExpandController: AnyControllerDefinition = defineController<
  PersistentVolumeClaim,
  Observed,
  boolean
>({
  name: 'persistentvolume-expander-controller',
  for: persistentVolumeClaims,
  concerns: ({ status }) => status?.phase === 'Bound',
  changed: (old, claim) => isMore(requestOf(claim), requestOf(old)) || isMore(capacityOf(claim), capacityOf(old)),
  reads: [persistentVolumes],
  observe: (key, { informers }) => {
    const claim = informers.get(persistentVolumeClaims).get(key);
    const name = claim?.spec.volumeName;
    const volume = name ? informers.get(persistentVolumes).get({ name }) : undefined;
    return claim && volume?.spec?.claimRef?.uid === claim.metadata.uid ? { claim, volume } : undefined;
  },
  plan: awaitsExpansion,
  apply: async (isAwaiting, { claim }, { events }) => {
    if (!isAwaiting) return;
    events.event(claim, 'Normal', 'ExternalExpanding', 'waiting for an external controller to expand this PVC');
  },
});

/** It asks for more than it has, or is being resized already. */
export function awaitsExpansion({ claim, volume }: Observed): boolean {
  const isResizing = volume.metadata.annotations?.[PRE_RESIZE_ANNOTATION] !== undefined;
  return isResizing || isMore(requestOf(claim), capacityOf(claim));
}

function requestOf({ spec }: PersistentVolumeClaim): string {
  return spec.resources?.requests?.['storage'] ?? '0';
}

function capacityOf({ status }: PersistentVolumeClaim): string {
  return status?.capacity?.['storage'] ?? '0';
}

function isMore(a: string, b: string): boolean {
  return quantityCompare(a, b) > 0;
}
