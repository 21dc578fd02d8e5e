/**
 * The resources that quotas are about: each is watched from the moment on that a quota first asks for it.
 *
 * Mirrors: pkg/controller/resourcequota/resource_quota_monitor.go (v1.36)
 * Differs: watches what quotas name, and not everything that could be named.
 */
import { builtinResources } from '@kts/api';
import { groupResourceText, type KubeObject, type ResourceType } from '@kts/apimachinery';
import type { ControllerContext, Informer } from '@kts/controlkit';

import { discoverResources } from '../discovery/server-resources.ts';

const DISCOVERY_PERIOD_MS = 30_000;

/** Called with a resource (`deployments.apps`) and a namespace whose quotas may have been freed. */
export interface QuotaResourceHandlers {
  readonly onDelete: (resource: string, object: KubeObject) => void;
  readonly onUpdate: (resource: string, old: KubeObject, object: KubeObject) => void;
}

export class QuotaResources {
  readonly #handlers: QuotaResourceHandlers;
  readonly #types = new Map<string, ResourceType<KubeObject>>();
  readonly #informers = new Map<string, Informer<KubeObject>>();
  #discoveredAt = -Infinity;

  constructor(handlers: QuotaResourceHandlers) {
    this.#handlers = handlers;
    for (const type of builtinResources)
      this.#types.set(groupResourceText(type), type as unknown as ResourceType<KubeObject>);
  }

  /** The cache of a resource; undefined for one that the server is not known to have. */
  informer(resource: string, { informers }: ControllerContext): Informer<KubeObject> | undefined {
    const known = this.#informers.get(resource);
    const type = this.#types.get(resource);
    if (known || !type) return known;
    const informer = informers.get(type);
    informer.subscribe({
      onDelete: (object) => this.#handlers.onDelete(resource, object),
      onUpdate: (old, object) => this.#handlers.onUpdate(resource, old, object),
    });
    this.#informers.set(resource, informer);
    return informer;
  }

  /** Asks the server for resources that are not built in, now and then. */
  async discover({ client, clock, signal }: ControllerContext): Promise<void> {
    if (clock.monotonic() - this.#discoveredAt < DISCOVERY_PERIOD_MS) return;
    this.#discoveredAt = clock.monotonic();
    const { resources } = await discoverResources(client, signal);
    for (const type of resources) {
      const isUsable =
        type.namespaced && ['create', 'list', 'watch', 'delete'].every((verb) => type.verbs.includes(verb));
      if (isUsable) this.#types.getOrInsert(groupResourceText(type), type);
    }
  }
}
