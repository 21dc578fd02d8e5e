import { referenceText, type ObjectReference } from './object-reference.ts';

const ENTRIES_MAX = 500;

/**
 * Owners that are known not to exist: uids are never used again, so that stays true.
 *
 * Mirrors: pkg/controller/garbagecollector/uid_cache.go (v1.36)
 */
export class AbsentOwners {
  readonly #texts = new Set<string>();

  add(owner: ObjectReference): void {
    this.#texts.add(referenceText(owner));
    if (this.#texts.size <= ENTRIES_MAX) return;
    const [oldest = ''] = this.#texts;
    this.#texts.delete(oldest);
  }

  has(owner: ObjectReference): boolean {
    return this.#texts.has(referenceText(owner));
  }
}
