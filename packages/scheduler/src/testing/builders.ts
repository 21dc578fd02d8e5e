import type { Container, Node, NodeSpec, NodeStatus, Pod, PodSpec, PodStatus } from '@kts/api/types/core-v1';
import { keyText, parseTime, type KubeObject, type Quantity } from '@kts/apimachinery';
import { ClusterCache } from '../framework/cluster-cache.ts';
import type { Lister, Listers, Snapshot } from '../framework/snapshot.ts';

/** Objects and clusters for tests, with everything that a test does not say filled in. */
type Amounts = Readonly<Record<string, Quantity>>;
type Labels = Readonly<Record<string, string>>;

const CREATED = '2026-01-01T00:00:00Z';

export interface NodeOptions extends Partial<NodeSpec> {
  readonly labels?: Labels;
  /** Default: 4 CPUs, 8 GiB, 110 pods. */
  readonly allocatable?: Amounts;
  readonly status?: NodeStatus;
}

/** A node that is ready and, unless it says otherwise, labelled with its host name. */
export function node(name: string, { labels, allocatable, status, ...spec }: NodeOptions = {}): Node {
  const amounts = { cpu: '4', memory: '8Gi', pods: '110', ...allocatable };
  return {
    metadata: {
      name,
      uid: `uid-${name}`,
      resourceVersion: '1',
      creationTimestamp: CREATED,
      labels: { 'kubernetes.io/hostname': name, ...labels },
    },
    spec,
    status: { capacity: amounts, allocatable: amounts, ...status },
  };
}

export interface PodOptions extends Partial<PodSpec> {
  readonly namespace?: string;
  readonly labels?: Labels;
  /** Of its only container. */
  readonly requests?: Amounts;
  readonly container?: Partial<Container>;
  readonly status?: PodStatus;
  readonly deletionTimestamp?: string;
}

export function pod(name: string, options: PodOptions = {}): Pod {
  const { namespace = 'default', labels, requests, container, status, deletionTimestamp, ...spec } = options;
  return {
    metadata: {
      name,
      namespace,
      uid: `uid-${namespace}-${name}`,
      resourceVersion: '1',
      creationTimestamp: CREATED,
      ...(labels && { labels }),
      ...(deletionTimestamp && { deletionTimestamp }),
    },
    spec: {
      schedulerName: 'default-scheduler',
      containers: [{ name: 'c', ...(requests && { resources: { requests } }), ...container }],
      ...spec,
    },
    ...(status && { status }),
  };
}

/** Objects besides pods and nodes, by the name of their lister. */
export type ObjectsByLister = { readonly [K in keyof Listers]?: readonly ItemOf<Listers[K]>[] };

type ItemOf<L> = L extends Lister<infer T> ? T : never;

export interface ClusterOptions extends Partial<Omit<Snapshot, 'nodes' | 'index' | 'images' | 'listers'>> {
  readonly nodes?: readonly Node[];
  /** Those with a `nodeName` run there; the others are ignored. */
  readonly pods?: readonly Pod[];
  readonly objects?: ObjectsByLister;
}

/** A cluster at one instant. */
export function cluster({ nodes = [], pods = [], objects = {}, ...rest }: ClusterOptions = {}): Snapshot {
  const cache = new ClusterCache();
  for (const one of nodes) cache.setNode(one);
  for (const one of pods) if (one.spec.nodeName) cache.setPod(one);
  return {
    ...cache.view(),
    nominated: new Map(),
    startNodeIndex: 0,
    now: parseTime(CREATED) + 86_400_000,
    listers: listers(objects),
    ...rest,
  };
}

export function listers(objects: ObjectsByLister = {}): Listers {
  return {
    namespaces: lister(objects.namespaces),
    services: lister(objects.services),
    replicationControllers: lister(objects.replicationControllers),
    replicaSets: lister(objects.replicaSets),
    statefulSets: lister(objects.statefulSets),
    podDisruptionBudgets: lister(objects.podDisruptionBudgets),
    persistentVolumes: lister(objects.persistentVolumes),
    persistentVolumeClaims: lister(objects.persistentVolumeClaims),
    storageClasses: lister(objects.storageClasses),
    csiNodes: lister(objects.csiNodes),
    csiDrivers: lister(objects.csiDrivers),
    csiStorageCapacities: lister(objects.csiStorageCapacities),
    volumeAttachments: lister(objects.volumeAttachments),
  };
}

function lister<T extends KubeObject>(items: readonly T[] = []): Lister<T> {
  const byKey = new Map(items.map((item) => [keyText(item.metadata), item]));
  return {
    get: (key) => byKey.get(keyText(key)),
    list: (namespace) => items.filter(({ metadata }) => !namespace || metadata.namespace === namespace),
  };
}
