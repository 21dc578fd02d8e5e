import { onAbort } from './on-abort.ts';

/** A signal that is aborted with its parent or on its own; `using` (or dispose) detaches it from the parent. */
export interface ChildSignal extends Disposable {
  readonly signal: AbortSignal;
  abort(reason?: unknown): void;
}

/**
 * Derives a signal from `parent` without leaking: unlike `AbortSignal.any`, disposing detaches it, so a long-lived parent
 * keeps nothing of a finished child.
 */
export function childSignal(parent: AbortSignal): ChildSignal {
  const controller = new AbortController();
  const abort = (reason?: unknown): void => controller.abort(reason);
  if (parent.aborted) abort(parent.reason);
  const subscription = parent.aborted ? undefined : onAbort(parent, () => abort(parent.reason));
  return {
    signal: controller.signal,
    abort,
    [Symbol.dispose]: () => subscription?.[Symbol.dispose](),
  };
}
