import type {
  Namespace,
  PersistentVolume,
  PersistentVolumeClaim,
  ReplicationController,
  Service,
} from '@kts/api/types/core-v1';
import type { ReplicaSet, StatefulSet } from '@kts/api/types/apps-v1';
import type { PodDisruptionBudget } from '@kts/api/types/policy-v1';
import type { CSIDriver, CSINode, CSIStorageCapacity, StorageClass, VolumeAttachment } from '@kts/api/types/storage-v1';
import type { ObjectKey } from '@kts/apimachinery';
import type { NodeInfo } from './node-info.ts';
import type { NodeList } from './node-list.ts';
import type { PodInfo } from './pod-info.ts';

/** Read access to the objects of one resource. */
export interface Lister<T> {
  get(key: ObjectKey): T | undefined;
  list(namespace?: string): readonly T[];
}

/** What plugins look at besides pods and nodes. */
export interface Listers {
  readonly namespaces: Lister<Namespace>;
  readonly services: Lister<Service>;
  readonly replicationControllers: Lister<ReplicationController>;
  readonly replicaSets: Lister<ReplicaSet>;
  readonly statefulSets: Lister<StatefulSet>;
  readonly podDisruptionBudgets: Lister<PodDisruptionBudget>;
  readonly persistentVolumes: Lister<PersistentVolume>;
  readonly persistentVolumeClaims: Lister<PersistentVolumeClaim>;
  readonly storageClasses: Lister<StorageClass>;
  readonly csiNodes: Lister<CSINode>;
  readonly csiDrivers: Lister<CSIDriver>;
  readonly csiStorageCapacities: Lister<CSIStorageCapacity>;
  readonly volumeAttachments: Lister<VolumeAttachment>;
}

/** An image as the scheduler sees it: its size as first reported, and how many nodes have it. */
export interface ImageState {
  readonly sizeBytes: number;
  readonly nodes: number;
}

/** The cluster at one instant, as one scheduling cycle sees it. */
export interface Snapshot {
  /** Zones take turns, so that a search of consecutive nodes meets all of them. */
  readonly nodes: NodeList;
  /** Positions in `nodes` by name. */
  readonly index: ReadonlyMap<string, number>;
  readonly images: ReadonlyMap<string, ImageState>;
  /** Pods that wait for their victims to leave a node, by node. */
  readonly nominated: ReadonlyMap<string, readonly PodInfo[]>;
  readonly listers: Listers;
  /** Where the search for feasible nodes begins. */
  readonly startNodeIndex: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export function nodeNamed(snapshot: Snapshot, name: string): NodeInfo | undefined {
  const index = snapshot.index.get(name);
  return index === undefined ? undefined : snapshot.nodes.at(index);
}
