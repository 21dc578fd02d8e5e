import type { NodeInfo } from './node-info.ts';
import { NodeList } from './node-list.ts';

/** How much a node adds to a sum over all nodes (`sign` 1), or takes away with it (-1). */
export type Contribution<T> = (sum: T, node: NodeInfo, sign: 1 | -1) => void;

interface Remembered<T> {
  nodes: NodeList;
  readonly sum: T;
}

/**
 * Sums over all nodes of a snapshot, such as "pods that match this selector, by zone". A sum is a pure function of the
 * node list; it is remembered and brought up to date from one list to the next by what differs, so asking for it in
 * every cycle costs the time of what the last cycle changed and not of the whole cluster.
 *
 * A sum that was handed out is valid until this object is asked again about another list.
 */
export class Aggregates<T> {
  readonly #empty: () => T;
  readonly #max: number;
  readonly #remembered = new Map<string, Remembered<T>>();

  /** @param max how many sums to remember; the one not asked for longest is forgotten first. */
  constructor(empty: () => T, max: number) {
    this.#empty = empty;
    this.#max = max;
  }

  /** @param key must be equal only for contributions that are equal. */
  of(key: string, nodes: NodeList, contribution: Contribution<T>): T {
    const entry = this.#remembered.get(key) ?? { nodes: NodeList.empty, sum: this.#empty() };
    if (entry.nodes !== nodes) {
      NodeList.diff(entry.nodes, nodes, (gone, come) => {
        if (gone !== undefined) contribution(entry.sum, gone, -1);
        if (come !== undefined) contribution(entry.sum, come, 1);
      });
      entry.nodes = nodes;
    }
    this.#remembered.delete(key);
    this.#remembered.set(key, entry);
    if (this.#remembered.size > this.#max) this.#remembered.delete(this.#remembered.keys().next().value!);
    return entry.sum;
  }
}

/** Adds to a count, and forgets it when it becomes zero. */
export function count<K>(counts: Map<K, number>, key: K, change: number): void {
  const sum = (counts.get(key) ?? 0) + change;
  if (sum === 0) counts.delete(key);
  else counts.set(key, sum);
}
