import type { NodeInfo } from './node-info.ts';

const CHUNK_BITS = 6;
const CHUNK = 1 << CHUNK_BITS;

/**
 * The nodes of a snapshot as a persistent vector: replacing one of 5,000 nodes copies 64 references and a spine of 79,
 * and everything else is shared. Two versions can be compared in the time of what differs.
 */
export class NodeList {
  readonly #chunks: readonly (readonly NodeInfo[])[];
  readonly length: number;

  private constructor(chunks: readonly (readonly NodeInfo[])[], length: number) {
    this.#chunks = chunks;
    this.length = length;
  }

  static of(nodes: readonly NodeInfo[]): NodeList {
    const chunks: NodeInfo[][] = [];
    for (let start = 0; start < nodes.length; start += CHUNK) chunks.push(nodes.slice(start, start + CHUNK));
    return new NodeList(chunks, nodes.length);
  }

  /** `index` must be in [0, length). */
  at(index: number): NodeInfo {
    return this.#chunks[index >> CHUNK_BITS]![index & (CHUNK - 1)]!;
  }

  with(index: number, node: NodeInfo): NodeList {
    const chunks = this.#chunks.slice();
    const chunk = chunks[index >> CHUNK_BITS]!.slice();
    chunk[index & (CHUNK - 1)] = node;
    chunks[index >> CHUNK_BITS] = chunk;
    return new NodeList(chunks, this.length);
  }

  *[Symbol.iterator](): IterableIterator<NodeInfo> {
    for (const chunk of this.#chunks) yield* chunk;
  }

  /** Calls `change` for every position at which the two lists hold different nodes; one side may be missing. */
  static diff(
    before: NodeList,
    after: NodeList,
    change: (gone: NodeInfo | undefined, come: NodeInfo | undefined) => void,
  ): void {
    const count = Math.max(before.#chunks.length, after.#chunks.length);
    for (let index = 0; index < count; index++) {
      const old = before.#chunks[index];
      const now = after.#chunks[index];
      if (old === now) continue;
      const size = Math.max(old?.length ?? 0, now?.length ?? 0);
      for (let at = 0; at < size; at++) if (old?.[at] !== now?.[at]) change(old?.[at], now?.[at]);
    }
  }

  static readonly empty = NodeList.of([]);
}
