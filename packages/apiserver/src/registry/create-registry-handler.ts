import type { KubeObject } from '@kts/apimachinery';
import type { Clock, Logger, Random } from '@kts/base';
import type { Store } from '@kts/store';

import { admissionChain } from '../admission/admission.ts';
import { defaultPlugins } from '../admission/default-plugins.ts';
import { liveObjects, type LiveObjects } from '../admission/live-objects.ts';
import type { Authorizer } from '../authorization/authorizer.ts';
import { CacheFeed } from '../cache/cache-feed.ts';
import type { ResourceCatalog } from '../discovery/catalog.ts';
import type { Handler } from '../response.ts';
import { specialHandlers } from '../subresources/special-handlers.ts';
import type { Registry } from './deps.ts';
import { registryHandler } from './handler.ts';
import { ResourceStorages } from './resource-storage.ts';

export interface RegistryHandlerDeps {
  readonly store: Store;
  readonly catalog: ResourceCatalog;
  readonly authorizer: Authorizer;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Applied to every object that a cache hands out; tests freeze. */
  readonly seal?: (object: KubeObject) => void;
}

/** The registry of a server: its handler, and what has to be started and stopped with it. */
export interface RegistryServer {
  readonly handler: Handler;
  /** What other parts of the server look objects up in. */
  readonly live: LiveObjects;
  readonly registry: Registry;
  /** Begins to follow the store; nothing is answered before. */
  start(): Promise<void>;
  /** Ends all watches. */
  close(): void;
}

export function createRegistryHandler(deps: RegistryHandlerDeps): RegistryServer {
  const feed = new CacheFeed(deps.store, deps.log);
  const storages = new ResourceStorages(feed, deps.seal);
  const live = liveObjects(storages, feed);
  const registry: Registry = {
    store: deps.store,
    feed,
    storages,
    catalog: deps.catalog,
    admission: admissionChain(defaultPlugins(live, deps.random)),
    hooks: new Map(),
    authorizer: deps.authorizer,
    clock: deps.clock,
    random: deps.random,
    log: deps.log,
  };
  return {
    handler: registryHandler(registry, specialHandlers()),
    live,
    registry,
    start: () => feed.start(),
    close: () => feed.close(),
  };
}
