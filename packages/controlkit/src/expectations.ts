import { keyText, type ObjectKey } from '@kts/apimachinery';
import type { Clock } from '@kts/base';

/**
 * What a controller has asked for and its cache has not shown yet. While expectations of a key are open, the cache is
 * known to be behind, and acting on it would create or delete twice.
 *
 * Mirrors: pkg/controller/controller_utils.go, ControllerExpectations and UIDTrackingControllerExpectations (v1.36)
 */
export interface Expectations {
  /** Called before the creations are asked for. Replaces what was expected of the key before. */
  expectCreations(key: ObjectKey | string, count: number): void;
  /** Called before the deletions are asked for. Replaces what was expected of the key before. */
  expectDeletions(key: ObjectKey | string, uids: readonly string[]): void;
  /** An object appeared, or `count` creations failed and will never appear. */
  creationObserved(key: ObjectKey | string, count?: number): void;
  /** The object disappeared, is going away, or could not be deleted. A second time does nothing. */
  deletionObserved(key: ObjectKey | string, uid: string): void;
  /** Everything expected was seen, or has been open for too long to be still believed in. */
  satisfied(key: ObjectKey | string): boolean;
  /** The controller object is gone. */
  delete(key: ObjectKey | string): void;
}

/** After that time a lost event is more likely than a slow one. */
const EXPECTATION_TIMEOUT_MS = 5 * 60_000;

interface Expectation {
  creations: number;
  readonly deletions: Set<string>;
  readonly since: number;
}

export function createExpectations(clock: Pick<Clock, 'monotonic'>): Expectations {
  const open = new Map<string, Expectation>();
  const expect = (key: ObjectKey | string, creations: number, uids: readonly string[]): void => {
    open.set(textOf(key), { creations, deletions: new Set(uids), since: clock.monotonic() });
  };
  return {
    expectCreations: (key, count) => expect(key, count, []),
    expectDeletions: (key, uids) => expect(key, 0, uids),
    creationObserved: (key, count = 1) => {
      const expectation = open.get(textOf(key));
      if (expectation) expectation.creations -= count;
    },
    deletionObserved: (key, uid) => void open.get(textOf(key))?.deletions.delete(uid),
    satisfied: (key) => {
      const expectation = open.get(textOf(key));
      if (!expectation) return true;
      if (expectation.creations <= 0 && expectation.deletions.size === 0) return true;
      return clock.monotonic() - expectation.since > EXPECTATION_TIMEOUT_MS;
    },
    delete: (key) => void open.delete(textOf(key)),
  };
}

function textOf(key: ObjectKey | string): string {
  return typeof key === 'string' ? key : keyText(key);
}
