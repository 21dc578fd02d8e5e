import { StatusError } from '@kts/apimachinery';
import { backoffMs, type BackoffOptions } from '@kts/base';

/**
 * What a reflector does next, as a pure state machine:
 *
 *     list ──ok──> watch ──ended──> watch (from the last version seen)
 *      │ ^           │
 *      │ └── wait ───┤ expired, broken, ended at once
 *      └── failed ───┘   refused for now (unreachable, 429): wait, then watch again
 *
 * Mirrors: staging/src/k8s.io/client-go/tools/cache/reflector.go (v1.36)
 * Differs: no resync and no streamed lists; a first list is not paged, since servers answer version 0 from memory.
 */
export type ReflectorState = ListState | WatchState | WaitState;

interface Progress {
  /** Of the last list or event; empty before the first list. */
  readonly resourceVersion: string;
  /** Waits in a row, for the back-off; and when the last one began. */
  readonly waits: number;
  readonly lastWaitAt: number;
}
export interface ListState extends Progress {
  readonly phase: 'list';
  /** The version asked for: `0` is any, empty is the newest. */
  readonly from: string;
}
export interface WatchState extends Progress {
  readonly phase: 'watch';
}
export interface WaitState extends Progress {
  readonly phase: 'wait';
  readonly ms: number;
  readonly next: ListState | WatchState;
}

export type ReflectorInput =
  | { readonly type: 'listed'; readonly resourceVersion: string }
  | { readonly type: 'list failed'; readonly error: unknown }
  /** `events`: how many came, bookmarks included. */
  | {
      readonly type: 'watch ended';
      readonly resourceVersion: string;
      readonly events: number;
      readonly lastedMs: number;
    }
  | { readonly type: 'watch failed'; readonly resourceVersion: string; readonly error: unknown }
  | { readonly type: 'waited' };

const BACKOFF: BackoffOptions = { initialMs: 800, factor: 2, maxMs: 30_000 };
/** After so long without waiting the back-off starts from its beginning. */
const BACKOFF_RESET_MS = 120_000;
/** A watch that ends sooner and without an event counts as failed. */
const WATCH_MS_MIN = 1_000;

export const initialReflectorState: ReflectorState = {
  phase: 'list',
  from: '0',
  resourceVersion: '',
  waits: 0,
  lastWaitAt: -Infinity,
};

/** @param now monotonic milliseconds  @param jitter a random number in [0, 1): waits are up to doubled by it */
export function stepReflector(
  state: ReflectorState,
  input: ReflectorInput,
  now: number,
  jitter: number,
): ReflectorState {
  const { waits, lastWaitAt } = state;
  switch (input.type) {
    case 'listed':
      return { phase: 'watch', resourceVersion: input.resourceVersion, waits, lastWaitAt };
    case 'list failed': {
      const version = state.resourceVersion;
      const newest: ListState = { phase: 'list', from: '', resourceVersion: version, waits, lastWaitAt };
      const unavailable = isExpired(input.error) || isTooLargeResourceVersion(input.error);
      if (unavailable && state.phase === 'list' && state.from !== '') return newest;
      return wait(unavailable ? newest : relist(state, version), now, jitter);
    }
    case 'watch ended': {
      const seen = { ...state, resourceVersion: input.resourceVersion };
      if (input.lastedMs < WATCH_MS_MIN && input.events === 0)
        return wait(relist(seen, input.resourceVersion), now, jitter);
      return { phase: 'watch', resourceVersion: input.resourceVersion, waits, lastWaitAt };
    }
    case 'watch failed': {
      const version = input.resourceVersion;
      if (isRefusedForNow(input.error)) {
        return wait({ phase: 'watch', resourceVersion: version, waits, lastWaitAt }, now, jitter);
      }
      return wait(relist(state, version), now, jitter);
    }
    case 'waited':
      return state.phase === 'wait' ? { ...state.next, waits, lastWaitAt } : state;
  }
}

function relist(state: ReflectorState, resourceVersion: string): ListState {
  return {
    phase: 'list',
    from: resourceVersion || '0',
    resourceVersion,
    waits: state.waits,
    lastWaitAt: state.lastWaitAt,
  };
}

function wait(next: ListState | WatchState, now: number, jitter: number): WaitState {
  const waits = now - next.lastWaitAt > BACKOFF_RESET_MS ? 1 : next.waits + 1;
  const ms = backoffMs(BACKOFF, waits) * (1 + jitter);
  return { phase: 'wait', ms, next, resourceVersion: next.resourceVersion, waits, lastWaitAt: now };
}

export function isExpired(error: unknown): boolean {
  return StatusError.is(error) && (error.reason === 'Expired' || error.reason === 'Gone');
}

function isTooLargeResourceVersion(error: unknown): boolean {
  if (!StatusError.is(error)) return false;
  const causes = error.status.details?.causes ?? [];
  return causes.some((cause) => cause.reason === 'ResourceVersionTooLarge');
}

/** The server is not there or asks to come back later; what was seen so far stays valid. */
function isRefusedForNow(error: unknown): boolean {
  return StatusError.is(error) ? error.reason === 'TooManyRequests' : true;
}
