import { deepEqual } from '@kts/apimachinery';

import { cloneJson, type ObjectDraft } from '../registry/object-draft.ts';

/**
 * Which of the hooks that have seen an object want to see it again, and have reason to.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/admission/plugin/webhook/mutating/reinvocationcontext.go (v1.36)
 */
export class ReinvokedHooks {
  #invoked = new Set<string>();
  readonly #again = new Set<string>();
  #output: ObjectDraft | undefined;

  /** A hook that wants to be asked again has been asked. */
  add(id: string): void {
    this.#invoked.add(id);
  }

  /** The object has changed since: who was asked so far is to be asked again. */
  requireAgain(): void {
    for (const id of this.#invoked) this.#again.add(id);
    this.#invoked = new Set();
  }

  isToBeAskedAgain(id: string): boolean {
    return this.#again.has(id);
  }

  /** Notes how the object left the hooks. */
  leave(object: ObjectDraft | undefined): void {
    this.#output = this.#invoked.size > 0 && object ? cloneJson(object) : undefined;
  }

  /** At the second round: whether other plugins have changed the object since it left the hooks. */
  enterAgain(object: ObjectDraft | undefined): void {
    if (this.#output && !deepEqual(this.#output, object)) this.requireAgain();
  }
}
