import {
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  resourceClaims,
  resourceClaimTemplates,
  resourceSlices,
  volumeAttributesClasses,
} from '@kts/api';
import type { Pod } from '@kts/api/types/core-v1';

import { when } from '../lazy/lazy-controller.ts';
import { lazily, type ControllerEntry } from './controller-entry.ts';

/** Volumes and devices. */
export const STORAGE_ENTRIES: readonly ControllerEntry[] = [
  {
    name: 'persistentvolume-binder-controller',
    eventSource: 'persistentvolume-controller',
    make: lazily([when(persistentVolumes), when(persistentVolumeClaims)], async ({ pvClaimBinderSyncPeriodMs }) => {
      const { persistentVolumeControllers } = await import('../persistentvolume/persistentvolume-controller.ts');
      return persistentVolumeControllers(pvClaimBinderSyncPeriodMs);
    }),
  },
  {
    name: 'persistentvolume-attach-detach-controller',
    eventSource: 'attachdetach-controller',
    make: lazily(
      [when(persistentVolumes, ({ spec }) => spec?.csi !== undefined)],
      async ({ disableForceDetachOnTimeout: disableForceDetach }) => {
        const { attachDetachController } = await import('../attachdetach/attachdetach-controller.ts');
        return [attachDetachController({ disableForceDetach })];
      },
    ),
  },
  {
    name: 'persistentvolume-expander-controller',
    eventSource: 'volume_expand',
    make: lazily([when(persistentVolumeClaims)], async () => {
      const { volumeExpandController } = await import('../volumeexpand/volume-expand-controller.ts');
      return [volumeExpandController];
    }),
  },
  {
    name: 'persistentvolumeclaim-protection-controller',
    eventSource: 'persistentvolumeclaim-protection-controller',
    make: lazily([when(persistentVolumeClaims)], async () => {
      const { claimProtectionController } = await import('../volumeprotection/volume-protection.ts');
      return [claimProtectionController];
    }),
  },
  {
    name: 'persistentvolume-protection-controller',
    eventSource: 'persistentvolume-protection-controller',
    make: lazily([when(persistentVolumes)], async () => {
      const { volumeProtectionController } = await import('../volumeprotection/volume-protection.ts');
      return [volumeProtectionController];
    }),
  },
  {
    name: 'volumeattributesclass-protection-controller',
    eventSource: 'volumeattributesclass-protection-controller',
    make: lazily([when(volumeAttributesClasses)], async () => {
      const { volumeAttributesClassProtection } =
        await import('../vacprotection/volume-attributes-class-protection.ts');
      return [volumeAttributesClassProtection];
    }),
  },
  {
    name: 'ephemeral-volume-controller',
    eventSource: 'ephemeral_volume',
    make: lazily([when(pods, hasEphemeralVolumes)], async () => {
      const { ephemeralVolumeController } = await import('../ephemeralvolume/ephemeral-volume-controller.ts');
      return [ephemeralVolumeController];
    }),
  },
  {
    name: 'resourceclaim-controller',
    eventSource: 'resource_claim',
    make: lazily([when(resourceClaims), when(resourceClaimTemplates), when(pods, hasResourceClaims)], async () => {
      const { resourceClaimControllers } = await import('../resourceclaim/resourceclaim-controllers.ts');
      return resourceClaimControllers();
    }),
  },
  {
    name: 'device-taint-eviction-controller',
    eventSource: 'device-taint-eviction-controller',
    make: lazily([when(resourceSlices)], async () => {
      const { deviceTaintEvictionController } =
        await import('../devicetainteviction/device-taint-eviction-controller.ts');
      return [deviceTaintEvictionController()];
    }),
  },
];

function hasEphemeralVolumes({ spec }: Pod): boolean {
  return spec.volumes?.some(({ ephemeral }) => ephemeral !== undefined) ?? false;
}

function hasResourceClaims({ spec, status }: Pod): boolean {
  return (spec.resourceClaims?.length ?? 0) > 0 || status?.extendedResourceClaimStatus !== undefined;
}
