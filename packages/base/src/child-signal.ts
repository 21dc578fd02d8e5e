/** A signal that is aborted with its parent or on its own; `using` (or dispose) detaches it from the parent. */
export interface ChildSignal extends Disposable {
  readonly signal: AbortSignal;
  abort(reason?: unknown): void;
}

/** A parent may have thousands of children; looking through as many listeners for each of them would be slow. */
const childrenOf = new WeakMap<AbortSignal, Set<AbortController>>();

/**
 * Derives a signal from `parent` without leaking: unlike `AbortSignal.any`, disposing detaches it, so a long-lived parent
 * keeps nothing of a finished child.
 */
export function childSignal(parent: AbortSignal): ChildSignal {
  const controller = new AbortController();
  if (parent.aborted) controller.abort(parent.reason);
  else attach(controller, parent);
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    [Symbol.dispose]: () => detach(controller, parent),
  };
}

function attach(child: AbortController, parent: AbortSignal): void {
  let children = childrenOf.get(parent);
  if (!children) {
    childrenOf.set(parent, (children = new Set()));
    parent.addEventListener('abort', abortChildren, { once: true });
  }
  children.add(child);
}

function detach(child: AbortController, parent: AbortSignal): void {
  const children = childrenOf.get(parent);
  if (!children?.delete(child) || children.size > 0) return;
  childrenOf.delete(parent);
  parent.removeEventListener('abort', abortChildren);
}

function abortChildren({ currentTarget }: Event): void {
  const parent = currentTarget as AbortSignal;
  for (const child of childrenOf.get(parent) ?? []) child.abort(parent.reason);
  childrenOf.delete(parent);
}
