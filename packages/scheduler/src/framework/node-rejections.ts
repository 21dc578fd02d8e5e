import type { NodeInfo } from './node-info.ts';
import type { Rejection } from './plugin.ts';

/** The nodes that one search has rejected, and why. Of thousands of nodes, most have one of a few reasons. */
export class NodeRejections implements Iterable<readonly [NodeInfo, Rejection]> {
  readonly #nodes: NodeInfo[] = [];
  readonly #rejections: Rejection[] = [];

  constructor(rejections: Iterable<readonly [NodeInfo, Rejection]> = []) {
    for (const [node, rejection] of rejections) this.add(node, rejection);
  }

  /** A node is added once. */
  add(node: NodeInfo, rejection: Rejection): void {
    this.#nodes.push(node);
    this.#rejections.push(rejection);
  }

  get size(): number {
    return this.#nodes.length;
  }

  of(nodeName: string): Rejection | undefined {
    const index = this.#nodes.findIndex(({ name }) => name === nodeName);
    return index === -1 ? undefined : this.#rejections[index];
  }

  /** How many nodes have each rejection. */
  tally(): ReadonlyMap<Rejection, number> {
    const counts = new Map<Rejection, number>();
    let last: Rejection | undefined;
    let run = 0;
    const flush = (): void => {
      if (last !== undefined) counts.set(last, (counts.get(last) ?? 0) + run);
    };
    for (const rejection of this.#rejections) {
      if (rejection !== last) {
        flush();
        last = rejection;
        run = 0;
      }
      run++;
    }
    flush();
    return counts;
  }

  /** Those that pods which go away might make room on. */
  resolvable(): readonly NodeInfo[] {
    return this.#nodes.filter((_, index) => this.#rejections[index]!.code === 'Unschedulable');
  }

  *[Symbol.iterator](): IterableIterator<readonly [NodeInfo, Rejection]> {
    for (const [index, node] of this.#nodes.entries()) yield [node, this.#rejections[index]!];
  }
}
