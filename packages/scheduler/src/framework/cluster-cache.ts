import type { Node, Pod } from '@kts/api/types/core-v1';
import { nodeInfoOf, withNode, withoutPod, withPod, withPodChanged, type NodeInfo } from './node-info.ts';
import { NodeList } from './node-list.ts';
import { assignedTo, podInfoOf, type PodInfo } from './pod-info.ts';
import type { ImageState, Snapshot } from './snapshot.ts';
import { zoneOf, zonesInTurn } from './zones.ts';

type NodesView = Pick<Snapshot, 'nodes' | 'index' | 'images'>;

/** A pod the cache places on a node. */
interface Placed {
  readonly info: PodInfo;
  readonly node: string;
  /** Decided here, but not yet seen as bound. */
  readonly assumed: boolean;
}

/**
 * The nodes and the pods on them, as the informers report them and as the scheduler itself has just decided. `view` is
 * a persistent value: it costs what has changed since the last one, and later changes do not touch it.
 *
 * Mirrors: pkg/scheduler/backend/cache/cache.go (v1.36)
 * Differs: snapshots share structure instead of being copied by generation; an assumption has no time limit, because
 * it ends with the binding, and the binding always ends.
 */
export class ClusterCache {
  readonly #nodes = new Map<string, NodeInfo>();
  readonly #placed = new Map<string, Placed>();
  /** Pods whose node is not known (yet), by node name. */
  readonly #homeless = new Map<string, Map<string, PodInfo>>();
  readonly #images = new Map<string, { readonly sizeBytes: number; readonly nodes: Set<string> }>();
  readonly #changed = new Set<string>();
  #nodesCameOrWent = true;
  #imagesChanged = true;
  #view: NodesView = { nodes: NodeList.empty, index: new Map(), images: new Map() };

  setNode(node: Node): void {
    const { name } = node.metadata;
    const old = this.#nodes.get(name);
    // A node whose zone changed goes to the end of its new zone, as one that was added again.
    if (old === undefined || zoneOf(old.node) !== zoneOf(node)) {
      this.#nodes.delete(name);
      this.#nodesCameOrWent = true;
    }
    this.#setInfo(old ? withNode(old, node) : nodeInfoOf(node, this.#homeless.get(name)?.values()));
    this.#homeless.delete(name);
    if (old?.node.status?.images !== node.status?.images) {
      if (old) this.#forgetImages(old.node);
      this.#rememberImages(node);
    }
  }

  removeNode(name: string): void {
    const info = this.#nodes.get(name);
    if (info === undefined) return;
    this.#nodes.delete(name);
    this.#nodesCameOrWent = true;
    this.#forgetImages(info.node);
    if (info.pods.length > 0) this.#homeless.set(name, new Map(info.pods.map((pod) => [pod.uid, pod])));
  }

  /** A pod that is bound, new or changed. It confirms or corrects an assumption. */
  setPod(pod: Pod): void {
    this.#place({ info: podInfoOf(pod), node: pod.spec.nodeName!, assumed: false });
  }

  removePod(uid: string): void {
    const placed = this.#placed.get(uid);
    if (placed === undefined) return;
    this.#placed.delete(uid);
    const info = this.#nodes.get(placed.node);
    if (info) this.#setInfo(withoutPod(info, uid));
    const homeless = this.#homeless.get(placed.node);
    homeless?.delete(uid);
    if (homeless?.size === 0) this.#homeless.delete(placed.node);
  }

  /** Counts the pod as running on the node from now on. */
  assumePod(info: PodInfo, node: string): PodInfo {
    const assumed = assignedTo(info, node);
    this.#place({ info: assumed, node, assumed: true });
    return assumed;
  }

  /** Takes an assumption back, unless the pod has been seen as bound meanwhile. */
  forgetPod(uid: string): void {
    if (this.isAssumed(uid)) this.removePod(uid);
  }

  get sizes(): Readonly<Record<'nodes' | 'pods' | 'assumed_pods', number>> {
    const assumed = this.#placed.values().reduce((sum, placed) => sum + (placed.assumed ? 1 : 0), 0);
    return { nodes: this.#nodes.size, pods: this.#placed.size, assumed_pods: assumed };
  }

  isAssumed(uid: string): boolean {
    return this.#placed.get(uid)?.assumed ?? false;
  }

  /** The nodes as they are now. */
  view(): NodesView {
    if (this.#nodesCameOrWent) {
      const nodes = zonesInTurn([...this.#nodes.values()]);
      this.#view = {
        ...this.#view,
        nodes: NodeList.of(nodes),
        index: new Map(nodes.map((info, index) => [info.name, index])),
      };
      this.#nodesCameOrWent = false;
    } else if (this.#changed.size > 0) {
      let { nodes } = this.#view;
      for (const name of this.#changed) nodes = nodes.with(this.#view.index.get(name)!, this.#nodes.get(name)!);
      this.#view = { ...this.#view, nodes };
    }
    this.#changed.clear();
    if (this.#imagesChanged) this.#view = { ...this.#view, images: this.#imageStates() };
    this.#imagesChanged = false;
    return this.#view;
  }

  #place(placed: Placed): void {
    const { uid } = placed.info;
    const old = this.#placed.get(uid);
    const home = old?.node === placed.node ? this.#nodes.get(placed.node) : undefined;
    if (old !== undefined && home !== undefined) {
      this.#placed.set(uid, placed);
      this.#setInfo(withPodChanged(home, old.info, placed.info));
      return;
    }
    this.removePod(uid);
    this.#placed.set(uid, placed);
    const info = this.#nodes.get(placed.node);
    if (info) this.#setInfo(withPod(info, placed.info));
    else this.#homeless.getOrInsert(placed.node, new Map()).set(uid, placed.info);
  }

  #setInfo(info: NodeInfo): void {
    this.#nodes.set(info.name, info);
    this.#changed.add(info.name);
  }

  #rememberImages(node: Node): void {
    for (const { names, sizeBytes = 0 } of node.status?.images ?? []) {
      // An image without a name has null there.
      for (const name of names ?? [])
        this.#images.getOrInsert(name, { sizeBytes, nodes: new Set() }).nodes.add(node.metadata.name);
    }
    this.#imagesChanged = true;
  }

  #forgetImages(node: Node): void {
    for (const name of node.status?.images?.flatMap((image) => image.names ?? []) ?? []) {
      const image = this.#images.get(name);
      image?.nodes.delete(node.metadata.name);
      if (image?.nodes.size === 0) this.#images.delete(name);
    }
    this.#imagesChanged = true;
  }

  #imageStates(): ReadonlyMap<string, ImageState> {
    return new Map([...this.#images].map(([name, { sizeBytes, nodes }]) => [name, { sizeBytes, nodes: nodes.size }]));
  }
}
