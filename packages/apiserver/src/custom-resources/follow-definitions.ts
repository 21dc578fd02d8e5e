/** Serves custom resources from the first definition on, with which the code that does it is loaded. */
import { customResourceDefinitions } from '@kts/api';
import type { CustomResourceDefinition } from '@kts/api/types/apiextensions-v1';

import type { LiveObjects } from '../admission/live-objects.ts';
import type { Registry } from '../registry/deps.ts';
import type { Dial } from '../subresources/socket-backend.ts';
import type { DefinitionFollower } from './definition-follower.ts';

/** Where definitions are, and how their conversion webhooks are reached. */
export interface FollowedDefinitions {
  readonly registry: Registry;
  readonly live: LiveObjects;
  readonly dial: Dial;
}

/** Starts to follow; everything that is defined already is served when this resolves. `close` stops it. */
export async function followDefinitions(followed: FollowedDefinitions): Promise<{ close(): void }> {
  const { registry } = followed;
  const { cache } = registry.storages.of(customResourceDefinitions);
  await registry.feed.ready(cache);
  let follower: DefinitionFollower | undefined;
  let closed = false;
  let taken: Promise<void> = Promise.resolve();
  const take = async (type: string, crd: CustomResourceDefinition): Promise<void> => {
    follower ??= new (await import('./definition-follower.ts')).DefinitionFollower(followed);
    if (closed) follower.close();
    follower.take(type, crd);
  };
  const watcher = cache.watch({ scope: cache.prefix, bookmarks: false, from: 'state' });
  watcher?.start({
    send: (events) => {
      for (const { type, object } of events) {
        taken = taken
          .then(() => take(type, object() as CustomResourceDefinition))
          .catch((error: unknown) => registry.log.error('cannot serve custom resources', { error }));
      }
      return true;
    },
    end: () => {},
  });
  await taken;
  await follower?.settled();
  return {
    close: () => {
      closed = true;
      follower?.close();
      watcher?.close();
    },
  };
}
