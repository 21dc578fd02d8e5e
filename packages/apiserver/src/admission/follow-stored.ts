import type { KubeObject } from '@kts/apimachinery';
import type { Logger } from '@kts/base';
import type { ResourceDefinition } from '@kts/api';

import type { CacheFeed } from '../cache/cache-feed.ts';
import type { Watcher } from '../cache/watcher.ts';
import type { ResourceStorages } from '../registry/resource-storage.ts';

/** Where objects are followed from. */
export interface StoredObjects {
  readonly storages: ResourceStorages;
  readonly feed: CacheFeed;
  readonly log: Logger;
}

/**
 * Keeps `onChange` up with all objects of a resource, by name, in the turn in which the cache takes a change: with an
 * embedded store whoever has written finds the effect. Resolves when what existed before has been handed on.
 */
export async function followStored<T extends KubeObject>(
  { storages, feed, log }: StoredObjects,
  resource: ResourceDefinition<T>,
  onChange: (objects: ReadonlyMap<string, T>) => void,
): Promise<{ close(): void }> {
  const { cache } = storages.of(resource);
  const present = (stored: KubeObject): T => resource.conversion?.fromStorage(stored) ?? (stored as T);
  let closed = false;
  let watcher: Watcher | undefined;
  const follow = async (): Promise<void> => {
    await feed.ready(cache);
    if (closed) return;
    const objects = new Map<string, T>();
    for (const entry of cache.range(cache.prefix)) objects.set(entry.name, present(entry.object()));
    if (objects.size > 0) onChange(objects);
    watcher = cache.watch({ scope: cache.prefix, bookmarks: false, from: 'now' });
    watcher?.start({
      send: (events) => {
        for (const { type, object } of events) {
          const stored = object() as KubeObject;
          if (type === 'DELETED') objects.delete(stored.metadata.name);
          else objects.set(stored.metadata.name, present(stored));
        }
        onChange(objects);
        return true;
      },
      // A cache that has lost its place ends its watches and is loaded again.
      end: () => {
        if (closed) return;
        follow().catch((error: unknown) => {
          if (!closed) log.warn('cannot follow objects', { resource: resource.plural, error });
        });
      },
    });
  };
  await follow();
  return {
    close: () => {
      closed = true;
      watcher?.close();
    },
  };
}
