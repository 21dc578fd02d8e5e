/**
 * Mirrors: staging/src/k8s.io/apiserver/pkg/storage/etcd3/compact.go (v1.36)
 * Differs: there is no key by which several servers agree whose turn it is, because compacting twice does no harm.
 */
import type { Clock, Logger } from '@kts/base';
import { StoreClosedError, type Store } from '@kts/store';

/** History is kept for this long at least, and for twice as long at most. */
export const COMPACTION_INTERVAL_MS = 5 * 60 * 1000;

/** Forgets old history again and again, so that neither store nor memory grows with every write. */
export async function compactRegularly(
  store: Pick<Store, 'compact' | 'revision'>,
  clock: Pick<Clock, 'sleep'>,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  let old = await store.revision();
  while (!signal.aborted) {
    await clock.sleep(COMPACTION_INTERVAL_MS, signal).catch(() => {});
    if (signal.aborted) return;
    try {
      const now = await store.revision();
      if (old > 0) await store.compact(old);
      old = now;
    } catch (error) {
      if (error instanceof StoreClosedError) return;
      log.warn('compacting the store failed', { error });
    }
  }
}
