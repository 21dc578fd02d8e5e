import type { KubeObject } from '@kts/apimachinery';
import type { ResourceDefinition } from '@kts/api';

import type { CacheFeed } from '../cache/cache-feed.ts';
import type { ResourceStorages } from '../registry/resource-storage.ts';

/** The objects that the server has in its caches, for plugins that decide by other objects than the one at hand. */
export interface LiveObjects {
  get<T extends KubeObject>(resource: ResourceDefinition<T>, namespace: string, name: string): Promise<T | undefined>;
  /** Empty namespace: all. */
  list<T extends KubeObject>(resource: ResourceDefinition<T>, namespace: string): Promise<readonly T[]>;
}

export function liveObjects(storages: ResourceStorages, feed: CacheFeed): LiveObjects {
  return {
    async get<T extends KubeObject>(resource: ResourceDefinition<T>, namespace: string, name: string) {
      const storage = storages.of(resource);
      const loading = feed.ready(storage.cache);
      if (loading) await loading;
      return storage.cache.get(storage.keyOf(namespace, name))?.object() as T | undefined;
    },
    async list<T extends KubeObject>(resource: ResourceDefinition<T>, namespace: string) {
      const storage = storages.of(resource);
      const loading = feed.ready(storage.cache);
      if (loading) await loading;
      return storage.cache.range(storage.prefixOf(namespace)).map((entry) => entry.object() as T);
    },
  };
}
