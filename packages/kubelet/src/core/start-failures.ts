import type { StartFailure } from '../status/container-statuses.ts';

/** Why containers did not start at their last try: it explains their waiting state. */
export class StartFailures {
  readonly #failures = new Map<string, Map<string, StartFailure>>();

  get(uid: string, container: string): StartFailure | undefined {
    return this.#failures.get(uid)?.get(container);
  }

  update(uid: string, outcomes: ReadonlyMap<string, StartFailure | undefined>): void {
    const failures = this.#failures.getOrInsertComputed(uid, () => new Map());
    for (const [name, failure] of outcomes) {
      if (failure) failures.set(name, failure);
      else failures.delete(name);
    }
  }

  retain(uids: ReadonlySet<string>): void {
    for (const uid of this.#failures.keys()) if (!uids.has(uid)) this.#failures.delete(uid);
  }
}
