/** A signal that is aborted with its parent or on its own; `using` (or dispose) detaches it from the parent. */
export interface ChildSignal extends Disposable {
  readonly signal: AbortSignal;
  abort(reason?: unknown): void;
}

/** The children of a parent, which may be thousands: one listener for all, and leaving takes no search. */
interface Family {
  readonly children: Set<AbortController>;
  readonly onAbort: () => void;
}

const families = new WeakMap<AbortSignal, Family>();

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
  let family = families.get(parent);
  if (!family) {
    families.set(parent, (family = newFamily(parent)));
    parent.addEventListener('abort', family.onAbort, { once: true });
  }
  family.children.add(child);
}

function detach(child: AbortController, parent: AbortSignal): void {
  const family = families.get(parent);
  if (!family?.children.delete(child) || family.children.size > 0) return;
  families.delete(parent);
  parent.removeEventListener('abort', family.onAbort);
}

/** The listener knows its parent by itself: an event within an event has lost its `currentTarget` in Node 26. */
function newFamily(parent: AbortSignal): Family {
  const children = new Set<AbortController>();
  return {
    children,
    onAbort: () => {
      for (const child of children) child.abort(parent.reason);
      families.delete(parent);
    },
  };
}
