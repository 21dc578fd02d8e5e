import type { Pod } from '@kts/api/types/core-v1';
import type { ResourceClaim } from '@kts/api/types/resource-v1';
import { deepEqual } from '@kts/apimachinery';
import { findPodClaims } from '../devices/pod-resource-claims.ts';
import { always, hint, type EventObjects } from '../framework/cluster-event.ts';
import type { Plugin } from '../framework/plugin.ts';
import type { Lister } from '../framework/snapshot.ts';

/**
 * After which events a pod that DynamicResources rejected is worth another try.
 *
 * Mirrors: the queueing hints of pkg/scheduler/framework/plugins/dynamicresources/dynamicresources.go (v1.36)
 */
export function dynamicResourcesEvents(claims: Lister<ResourceClaim>): NonNullable<Plugin['requeueOn']> {
  const mayFit = hint<ResourceClaim>((pod, objects) => mayFitAfterClaim(pod, objects, claims));
  return {
    'Node/Add': always,
    'Node/UpdateLabels': always,
    'Node/UpdateAllocatable': always,
    'ResourceClaim/Add': mayFit,
    'ResourceClaim/Update': mayFit,
    'Pod/UpdateGeneratedResourceClaims': hint<Pod>(
      (pod, { after }) => pod.metadata.uid === after!.metadata.uid && typeof findPodClaims(after!, claims) !== 'string',
    ),
    'DeviceClass/Add': always,
    'DeviceClass/Update': always,
    'ResourceSlice/Add': always,
    'ResourceSlice/Update': always,
  };
}

function mayFitAfterClaim(
  pod: Pod,
  { before, after }: EventObjects<ResourceClaim>,
  claims: Lister<ResourceClaim>,
): boolean {
  const found = findPodClaims(pod, claims);
  if (typeof found === 'string') return false;
  // Devices became free.
  if (before?.status?.allocation !== undefined && after!.status?.allocation === undefined) return true;
  if (!found.some(({ metadata }) => metadata.uid === after!.metadata.uid)) return false;
  return before === undefined || !deepEqual(before.status, after!.status);
}
