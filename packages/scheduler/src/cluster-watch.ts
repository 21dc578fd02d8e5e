import {
  csiDrivers,
  csiNodes,
  csiStorageCapacities,
  deviceClasses,
  namespaces,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  podDisruptionBudgets,
  pods,
  replicaSets,
  resourceClaims,
  resourceSlices,
  replicationControllers,
  services,
  statefulSets,
  storageClasses,
  volumeAttachments,
} from '@kts/api';
import type { Pod } from '@kts/api/types/core-v1';
import type { KubeObject } from '@kts/apimachinery';
import type { Informer, Informers } from '@kts/controlkit';
import { nodeUpdateEvents, podUpdateEvents, type OtherResource } from './framework/cluster-event.ts';
import type { ClusterCache } from './framework/cluster-cache.ts';
import type { Listers } from './framework/snapshot.ts';
import type { SchedulingQueue } from './queue/scheduling-queue.ts';

/**
 * Keeps the cache and the queue in step with the cluster.
 *
 * Mirrors: pkg/scheduler/eventhandlers.go (v1.36)
 */
export interface ClusterWatch {
  readonly informers: Informers;
  readonly cache: ClusterCache;
  readonly queue: SchedulingQueue;
  readonly isResponsible: (pod: Pod) => boolean;
  /** Something may have become schedulable. */
  readonly wake: () => void;
}

export function informerListers(informers: Informers): Listers {
  return {
    namespaces: informers.get(namespaces),
    services: informers.get(services),
    replicationControllers: informers.get(replicationControllers),
    replicaSets: informers.get(replicaSets),
    statefulSets: informers.get(statefulSets),
    podDisruptionBudgets: informers.get(podDisruptionBudgets),
    persistentVolumes: informers.get(persistentVolumes),
    persistentVolumeClaims: informers.get(persistentVolumeClaims),
    storageClasses: informers.get(storageClasses),
    csiNodes: informers.get(csiNodes),
    csiDrivers: informers.get(csiDrivers),
    csiStorageCapacities: informers.get(csiStorageCapacities),
    volumeAttachments: informers.get(volumeAttachments),
  };
}

/** Returns how to stop. */
export function watchCluster(watch: ClusterWatch): () => void {
  const stops = [watchNodes(watch), watchPods(watch), ...watchOthers(watch)];
  return () => stops.forEach((stop) => stop());
}

function watchNodes({ informers, cache, queue, wake }: ClusterWatch): () => void {
  return informers.get(nodes).subscribe({
    onAdd: (after) => {
      cache.setNode(after);
      queue.move('Node/Add', { after });
      wake();
    },
    onUpdate: (before, after) => {
      cache.setNode(after);
      if (!queue.isQuiet) for (const event of nodeUpdateEvents(before, after)) queue.move(event, { before, after });
      wake();
    },
    onDelete: (before) => {
      cache.removeNode(before.metadata.name);
      queue.move('Node/Delete', { before });
      wake();
    },
  });
}

function watchPods(watch: ClusterWatch): () => void {
  const add = (pod: Pod): void => {
    if (pod.spec.nodeName) addAssigned(watch, pod);
    else if (watch.isResponsible(pod)) watch.queue.add(pod);
  };
  return watch.informers.get(pods).subscribe({
    onAdd: (pod) => {
      if (!isTerminal(pod)) add(pod);
      watch.wake();
    },
    onUpdate: (before, after) => {
      // A pod that has ended frees its place as if it were deleted.
      if (isTerminal(before)) return;
      if (isTerminal(after)) remove(watch, before);
      else update(watch, before, after);
      watch.wake();
    },
    onDelete: (pod) => {
      if (isTerminal(pod)) watch.cache.removePod(pod.metadata.uid);
      else remove(watch, pod);
      watch.wake();
    },
  });
}

function addAssigned({ cache, queue }: ClusterWatch, pod: Pod): void {
  cache.setPod(pod);
  queue.delete(pod.metadata.uid);
  queue.move('Pod/Add', { after: pod });
}

function update(watch: ClusterWatch, before: Pod, after: Pod): void {
  const { cache, queue } = watch;
  if (before.spec.nodeName) {
    cache.setPod(after);
    if (!queue.isQuiet) for (const event of podUpdateEvents(before, after)) queue.move(event, { before, after });
  } else if (after.spec.nodeName) {
    addAssigned(watch, after);
  } else if (watch.isResponsible(after) && !cache.isAssumed(after.metadata.uid)) {
    queue.update(before, after);
    const nominated = before.status?.nominatedNodeName;
    if (nominated && nominated !== after.status?.nominatedNodeName) freeNomination(watch, before);
  }
}

function remove(watch: ClusterWatch, pod: Pod): void {
  const { cache, queue } = watch;
  const { uid } = pod.metadata;
  const assumed = cache.isAssumed(uid);
  queue.delete(uid);
  cache.removePod(uid);
  if (pod.spec.nodeName || assumed) queue.move('Pod/Delete', { before: pod });
  else if (pod.status?.nominatedNodeName) freeNomination(watch, pod);
}

/** Pods that had to yield to a nominated pod may fit now. */
function freeNomination({ queue }: ClusterWatch, pod: Pod): void {
  queue.move('Pod/Delete', { before: pod }, ({ priority }) => priority <= (pod.spec.priority ?? 0));
}

function isTerminal({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

function watchOthers({ informers, queue, wake }: ClusterWatch): readonly (() => void)[] {
  const watchOther = <T extends KubeObject>(resource: OtherResource, informer: Informer<T>): (() => void) =>
    informer.subscribe({
      onAdd: (after) => {
        queue.move(`${resource}/Add`, { after });
        wake();
      },
      onUpdate: (before, after) => {
        queue.move(`${resource}/Update`, { before, after });
        wake();
      },
      onDelete: (before) => {
        queue.move(`${resource}/Delete`, { before });
        wake();
      },
    });
  return [
    watchOther('PersistentVolume', informers.get(persistentVolumes)),
    watchOther('PersistentVolumeClaim', informers.get(persistentVolumeClaims)),
    watchOther('StorageClass', informers.get(storageClasses)),
    watchOther('CSINode', informers.get(csiNodes)),
    watchOther('CSIDriver', informers.get(csiDrivers)),
    watchOther('CSIStorageCapacity', informers.get(csiStorageCapacities)),
    watchOther('VolumeAttachment', informers.get(volumeAttachments)),
    watchOther('ResourceClaim', informers.get(resourceClaims)),
    watchOther('ResourceSlice', informers.get(resourceSlices)),
    watchOther('DeviceClass', informers.get(deviceClasses)),
  ];
}
