import type { Pod } from '@kts/api/types/core-v1';
import type { PodInfo } from '../framework/pod-info.ts';

/**
 * Pods that wait for a node on which room is being made for them.
 *
 * Mirrors: pkg/scheduler/backend/queue/nominator.go (v1.36)
 */
export class Nominations {
  readonly #nodes = new Map<string, string>();
  #byNode: ReadonlyMap<string, readonly PodInfo[]> = new Map();

  /** Of each node, in order of nomination. A new map after every change. */
  get byNode(): ReadonlyMap<string, readonly PodInfo[]> {
    return this.#byNode;
  }

  /** @param node the node, or an empty string for none; absent: what the pod's status says. */
  set(info: PodInfo, node = info.pod.status?.nominatedNodeName ?? ''): void {
    this.delete(info.uid);
    if (node === '') return;
    this.#nodes.set(info.uid, node);
    this.#byNode = new Map(this.#byNode).set(node, [...(this.#byNode.get(node) ?? []), info]);
  }

  /** A nomination that the pod's status does not show yet survives an update. */
  update(before: Pod, after: PodInfo): void {
    const unwritten = !before.status?.nominatedNodeName && !after.pod.status?.nominatedNodeName;
    this.set(after, unwritten ? (this.#nodes.get(after.uid) ?? '') : undefined);
  }

  delete(uid: string): void {
    const node = this.#nodes.get(uid);
    if (node === undefined) return;
    this.#nodes.delete(uid);
    const rest = this.#byNode.get(node)!.filter((other) => other.uid !== uid);
    const byNode = new Map(this.#byNode);
    if (rest.length > 0) byNode.set(node, rest);
    else byNode.delete(node);
    this.#byNode = byNode;
  }
}
