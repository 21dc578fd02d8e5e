/**
 * Runs `work(0..count-1)` in batches of 1, 2, 4, ... so that a failure that hits all of them (a quota, an admission rule)
 * costs one request and not `count`. Stops after the first batch with a failure.
 *
 * Mirrors: pkg/controller/replicaset/replica_set.go, slowStartBatch (v1.36)
 */
export async function slowStartBatch(
  count: number,
  initialBatchSize: number,
  work: (index: number) => Promise<void>,
): Promise<SlowStartResult> {
  let successes = 0;
  let next = 0;
  for (let size = Math.min(count, initialBatchSize); size > 0; size = Math.min(2 * size, count - next)) {
    const batch = Array.from({ length: size }, (_, offset) => work(next + offset));
    const results = await Promise.allSettled(batch);
    next += size;
    successes += results.filter((result) => result.status === 'fulfilled').length;
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) return { successes, skipped: count - next, failure: { error: failed.reason } };
  }
  return { successes, skipped: 0 };
}

export interface SlowStartResult {
  readonly successes: number;
  /** How many were never tried. Their expectations must be taken back by the caller. */
  readonly skipped: number;
  /** The first failure, by index. */
  readonly failure?: { readonly error: unknown };
}
