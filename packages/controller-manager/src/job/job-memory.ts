/**
 * What the Job controller remembers of its Jobs between two looks at them. All of it may be lost: it only bridges the
 * time until the caches show it, or shortens a wait.
 *
 * Mirrors: pkg/controller/job/tracking_utils.go, backoff_utils.go (v1.36)
 */
import { keyText, type ObjectKey } from '@kts/apimachinery';

import { NO_FAILURES, type BackoffRecord } from './job-backoff.ts';

export interface JobMemory {
  backoffOf(key: ObjectKey): BackoffRecord;
  setBackoff(key: ObjectKey, record: BackoffRecord): void;
  /** Uids of pods whose finalizers are being removed. */
  removingOf(key: ObjectKey): ReadonlySet<string>;
  expectRemovals(key: ObjectKey, uids: readonly string[]): void;
  /** The cache shows the pod without the finalizer, or the removal failed. */
  removalObserved(key: ObjectKey, uid: string): void;
  /** The Job is gone, or has ended. */
  forget(key: ObjectKey): void;
}

export function createJobMemory(): JobMemory {
  const backoffs = new Map<string, BackoffRecord>();
  const removing = new Map<string, Set<string>>();
  return {
    backoffOf: (key) => backoffs.get(keyText(key)) ?? NO_FAILURES,
    setBackoff: (key, record) => {
      if (record.failuresSinceSuccess === 0) backoffs.delete(keyText(key));
      else backoffs.set(keyText(key), record);
    },
    removingOf: (key) => new Set(removing.get(keyText(key))),
    expectRemovals: (key, uids) => {
      const set = removing.getOrInsertComputed(keyText(key), () => new Set());
      for (const uid of uids) set.add(uid);
    },
    removalObserved: (key, uid) => void removing.get(keyText(key))?.delete(uid),
    forget: (key) => {
      backoffs.delete(keyText(key));
      removing.delete(keyText(key));
    },
  };
}
