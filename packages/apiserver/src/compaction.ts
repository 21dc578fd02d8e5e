/**
 * Mirrors: staging/src/k8s.io/apiserver/pkg/storage/etcd3/compact.go (v1.36)
 * Differs: there is no key by which several servers agree whose turn it is, because compacting twice does no harm.
 */
import type { Clock, Logger } from '@kts/base';
import { StoreClosedError, type Store } from '@kts/store';

export const COMPACTION_INTERVAL_MS = 5 * 60 * 1000;

/**
 * Forgets old history again and again, so that neither store nor memory grows with every write. What happened is kept for
 * one interval at least, and for two at most.
 */
export async function compactRegularly(
  store: Pick<Store, 'compact' | 'revision'>,
  intervalMs: number,
  { clock, log }: { readonly clock: Pick<Clock, 'sleep'>; readonly log: Logger },
  signal: AbortSignal,
): Promise<void> {
  if (intervalMs === 0) return;
  let old = 0;
  while (!signal.aborted) {
    try {
      const now = await store.revision();
      if (old > 0) await store.compact(old);
      old = now;
    } catch (error) {
      if (error instanceof StoreClosedError) return;
      log.warn('compacting the store failed', { error });
    }
    await clock.sleep(intervalMs, signal).catch(() => {});
  }
}
