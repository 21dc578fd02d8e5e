import { childSignal, type ChildSignal } from './child-signal.ts';

/**
 * Owns the asynchronous work of one component. The first task that fails aborts its siblings, and `done` reports that
 * failure once all of them have stopped. Nothing started here outlives `done`.
 */
export class TaskGroup {
  readonly #child: ChildSignal;
  readonly #tasks = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | undefined;

  constructor(parent: AbortSignal) {
    this.#child = childSignal(parent);
  }

  /** Aborted when the parent is, when a task has failed, or by `stop`. */
  get signal(): AbortSignal {
    return this.#child.signal;
  }

  /** Starts a task. A rejection after the group was stopped counts as the normal end of the task. */
  start(task: (signal: AbortSignal) => Promise<void>): void {
    const running = task(this.signal)
      .catch((error: unknown) => {
        if (this.signal.aborted) return;
        this.#failure = { error };
        this.#child.abort(error);
      })
      .finally(() => this.#tasks.delete(running));
    this.#tasks.add(running);
  }

  stop(): void {
    this.#child.abort();
  }

  /** Resolves when every task has ended; rejects with the first failure. */
  async done(): Promise<void> {
    while (this.#tasks.size > 0) await Promise.all(this.#tasks);
    this.#child[Symbol.dispose]();
    if (this.#failure) throw this.#failure.error;
  }
}

/** Runs `work` for every item with at most `limit` at a time. The first failure is thrown once those under way ended. */
export async function forEachLimit<T>(
  items: Iterable<T>,
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const iterator = items[Symbol.iterator]();
  const failures: unknown[] = [];
  const lane = async (): Promise<void> => {
    for (let next = iterator.next(); !next.done && failures.length === 0; next = iterator.next()) {
      try {
        await work(next.value);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: limit }, lane));
  if (failures.length > 0) throw failures[0];
}
