import type { Clock, Logger, Random } from '@kts/base';
import type { Store } from '@kts/store';

import type { AdmissionChain } from '../admission/admission.ts';
import type { Authorizer } from '../authorization/authorizer.ts';
import type { CacheFeed } from '../cache/cache-feed.ts';
import type { ResourceCatalog } from '../discovery/catalog.ts';
import type { ResourceHooks } from './resource-hooks.ts';
import type { ResourceStorages } from './resource-storage.ts';

/** What every verb works with. Made once per server. */
export interface Registry {
  readonly store: Store;
  readonly feed: CacheFeed;
  readonly storages: ResourceStorages;
  readonly catalog: ResourceCatalog;
  readonly admission: AdmissionChain;
  /** By storage prefix. */
  readonly hooks: ReadonlyMap<string, ResourceHooks>;
  /** For what only a request's content shows: creation by PUT, escalation in roles. */
  readonly authorizer: Authorizer;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}
