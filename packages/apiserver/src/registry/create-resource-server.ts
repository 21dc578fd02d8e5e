import type { KubeObject } from '@kts/apimachinery';

import { measuredAdmission } from '../admission/admission-metrics.ts';
import type { FindKind } from '../admission/owner-references.ts';
import { storageMetrics } from '../metrics/storage-metrics.ts';
import { admissionChain } from '../admission/admission.ts';
import { choosePlugins } from '../admission/default-plugins.ts';
import { createDynamicAdmission } from '../admission/dynamic-admission.ts';
import { liveObjects } from '../admission/live-objects.ts';
import { resourceQuota } from '../admission/resource-quota.ts';
import { CacheFeed } from '../cache/cache-feed.ts';
import { followDefinitions } from '../custom-resources/follow-definitions.ts';
import { validatedDefinitions } from '../custom-resources/validated-definitions.ts';
import type { ResourceServer, ResourceServerParts } from '../resource-server.ts';
import { rbacHooks } from './rbac-hooks.ts';
import { serviceHooks } from '../services/service-hooks.ts';
import { dialDirectly } from '../subresources/socket-backend.ts';
import { specialHandlers } from '../subresources/special-handlers.ts';
import { claimHooks } from './claim-hooks.ts';
import { runBookmarks } from './bookmarks.ts';
import type { Registry } from './deps.ts';
import { registryHandler } from './handler.ts';
import { ResourceStorages } from './resource-storage.ts';

export interface ResourceServerOptions {
  /** Applied to every object that a cache hands out; tests freeze. */
  readonly seal?: (object: KubeObject) => void;
}

/** Storage, caches, admission and the verbs of a server. */
export function createResourceServer(parts: ResourceServerParts & ResourceServerOptions): ResourceServer {
  const { store, catalog, authorizer, clock, random, log } = parts;
  const feed = new CacheFeed(store, log);
  const storages = new ResourceStorages(feed, parts.seal);
  const live = liveObjects(storages, feed);
  catalog.add(validatedDefinitions());
  const { dial = dialDirectly } = parts;
  const findKind: FindKind = (group, version, kind) => catalog.findKind(group, version, kind);
  const dynamic = createDynamicAdmission({ storages, feed, catalog, live, authorizer, dial, clock, random, log });
  const admission = measuredAdmission(
    admissionChain(
      choosePlugins(
        { live, authorizer, findKind, random, dynamic: dynamic.plugins, quota: resourceQuota(live, () => registry) },
        parts.admissionPlugins,
      ),
    ),
    clock,
  );
  const registry: Registry = {
    store,
    feed,
    storages,
    catalog,
    admission: admission.chain,
    hooks: new Map([
      ['services/specs', serviceHooks(parts.serviceRanges)],
      ...rbacHooks(parts.escalation),
      ...claimHooks(live),
    ]),
    authorizer,
    clock,
    random,
    log,
  };
  const bookmarks = runBookmarks(registry);
  let following: { close(): void } | undefined;
  return {
    handler: registryHandler(registry, specialHandlers(parts)),
    metrics: [
      ...admission.metrics,
      ...dynamic.metrics,
      ...storageMetrics(
        () => catalog.all(),
        () => storages.counts(),
      ),
    ],
    count: ({ resource }) => (resource?.storagePrefix ? storages.of(resource).cache.size : 0),
    start: async () => {
      await feed.start();
      following = await followDefinitions({ registry, live, dial });
      await dynamic.start();
      bookmarks.start();
    },
    close: () => {
      following?.close();
      dynamic.close();
      bookmarks.stop();
      feed.close();
    },
  };
}
