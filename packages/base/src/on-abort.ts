/** What waits for one signal. All share one listener: the cost of adding and removing one grows with their number. */
interface Waiting {
  readonly callbacks: Set<() => void>;
  readonly listener: () => void;
}

const waitingFor = new WeakMap<AbortSignal, Waiting>();

/**
 * Calls back when `signal` is aborted, unless the subscription was disposed of before. Signals that live long may have
 * thousands of subscriptions at a time; once disposed, nothing of one is left behind. A signal that is aborted already
 * calls nobody back: look at `signal.aborted` first.
 */
export function onAbort(signal: AbortSignal, callback: () => void): Disposable {
  // One callback may be given several times.
  const own = (): void => callback();
  let waiting = waitingFor.get(signal);
  if (!waiting) {
    waiting = waitFor(signal);
    waitingFor.set(signal, waiting);
  }
  const { callbacks, listener } = waiting;
  callbacks.add(own);
  return {
    [Symbol.dispose]: () => {
      if (!callbacks.delete(own) || callbacks.size > 0) return;
      signal.removeEventListener('abort', listener);
      waitingFor.delete(signal);
    },
  };
}

/** Resolves when the signal is aborted, or at once if it is. For waits that end with the owner of the signal. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => void onAbort(signal, resolve));
}

function waitFor(signal: AbortSignal): Waiting {
  const callbacks = new Set<() => void>();
  const listener = (): void => {
    waitingFor.delete(signal);
    for (const callback of callbacks) {
      callbacks.delete(callback);
      callback();
    }
  };
  signal.addEventListener('abort', listener, { once: true });
  return { callbacks, listener };
}
