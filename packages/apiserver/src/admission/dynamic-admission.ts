/**
 * What users add to admission: policies and webhooks. They take effect with the write that makes them, and so does the
 * loading of the code that serves them: requests that come while it is under way wait for it.
 *
 * Mirrors: the order in pkg/kubeapiserver/options/plugins.go (v1.36)
 */
import type { Clock, Logger, Metric, Random } from '@kts/base';
import type { KubeObject } from '@kts/apimachinery';
import {
  mutatingAdmissionPolicies,
  mutatingAdmissionPolicyBindings,
  mutatingWebhookConfigurations,
  validatingAdmissionPolicies,
  validatingAdmissionPolicyBindings,
  validatingWebhookConfigurations,
  type ResourceDefinition,
} from '@kts/api';

import type { Authorizer } from '../authorization/authorizer.ts';
import type { ResourceCatalog } from '../discovery/catalog.ts';
import type { Dial } from '../subresources/socket-backend.ts';
import type { AdmissionPlugin } from './admission.ts';
import type { DynamicPlugins } from './dynamic-plugins.ts';
import { followStored, type StoredObjects } from './follow-stored.ts';
import type { LiveObjects } from './live-objects.ts';
import { paramAccess } from './policy/param-access.ts';
import { createPolicyMetrics, type PolicyMetrics } from './policy/policy-metrics.ts';
import { createWebhookMetrics, type WebhookMetrics } from './webhook/webhook-metrics.ts';

export interface DynamicAdmissionParts extends StoredObjects {
  readonly catalog: ResourceCatalog;
  readonly live: LiveObjects;
  readonly authorizer: Authorizer;
  readonly dial: Dial;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

export interface DynamicAdmission {
  /** In the order in which they run. */
  readonly plugins: readonly AdmissionPlugin[];
  readonly metrics: readonly Metric[];
  /** Resolves when everything that was stored before takes effect. */
  start(): Promise<void>;
  close(): void;
}

export interface DynamicMetrics {
  readonly webhooks: WebhookMetrics;
  readonly mutating: PolicyMetrics;
  readonly validating: PolicyMetrics;
}

/** What makes hooks, by the name under which plugins take it up. */
const SOURCES = {
  mutatingWebhookConfigurations,
  validatingWebhookConfigurations,
  mutatingAdmissionPolicies,
  mutatingAdmissionPolicyBindings,
  validatingAdmissionPolicies,
  validatingAdmissionPolicyBindings,
} as const;

export type HookSource = keyof typeof SOURCES;
export type HookObjects = ReadonlyMap<string, KubeObject>;

export function createDynamicAdmission(parts: DynamicAdmissionParts): DynamicAdmission {
  const { live, catalog, authorizer, clock } = parts;
  const metrics: DynamicMetrics = {
    webhooks: createWebhookMetrics(clock),
    mutating: createPolicyMetrics('mutating', clock),
    validating: createPolicyMetrics('validating', clock),
  };
  const served = new ServedHooks(parts, metrics);
  const followers: { close(): void }[] = [];
  return {
    plugins: [
      paramAccess({ live, catalog, authorizer }),
      served.admitting('MutatingAdmissionPolicy', ({ mutatingPolicies }) => mutatingPolicies),
      served.admitting('MutatingAdmissionWebhook', ({ mutatingWebhooks }) => mutatingWebhooks),
      served.validating('ValidatingAdmissionPolicy', ({ validatingPolicies }) => validatingPolicies),
      served.validating('ValidatingAdmissionWebhook', ({ validatingWebhooks }) => validatingWebhooks),
    ],
    metrics: Object.values(metrics).flatMap((each: { readonly metrics: readonly Metric[] }) => each.metrics),
    start: async () => {
      const sources = Object.entries(SOURCES) as unknown as readonly [HookSource, ResourceDefinition][];
      const follow = ([source, resource]: (typeof sources)[number]): Promise<{ close(): void }> =>
        followStored(parts, resource, (objects) => served.take(source, objects));
      followers.push(...(await Promise.all(sources.map(follow))));
    },
    close: () => {
      for (const follower of followers) follower.close();
      served.close();
    },
  };
}

/** The plugins that ask hooks, loaded with the first hook. */
class ServedHooks {
  readonly #parts: DynamicAdmissionParts;
  readonly #metrics: DynamicMetrics;
  readonly #objects = new Map<HookSource, HookObjects>();
  #loading: Promise<DynamicPlugins> | undefined;
  #loaded: DynamicPlugins | undefined;

  constructor(parts: DynamicAdmissionParts, metrics: DynamicMetrics) {
    this.#parts = parts;
    this.#metrics = metrics;
  }

  take(source: HookSource, objects: HookObjects): void {
    this.#objects.set(source, objects);
    if (this.#loaded) this.#loaded.take(source, objects);
    else if (!this.#loading) {
      this.#loading = this.#load();
      // Requests that wait for it are told.
      this.#loading.catch((error: unknown) => this.#parts.log.error('cannot load dynamic admission', { error }));
    }
  }

  admitting(name: string, pluginOf: (plugins: DynamicPlugins) => AdmissionPlugin): AdmissionPlugin {
    return {
      name,
      admit: (attributes, reinvocation) => {
        if (this.#loaded) return pluginOf(this.#loaded).admit?.(attributes, reinvocation);
        return this.#loading?.then((plugins) => pluginOf(plugins).admit?.(attributes, reinvocation));
      },
    };
  }

  validating(name: string, pluginOf: (plugins: DynamicPlugins) => AdmissionPlugin): AdmissionPlugin {
    return {
      name,
      validate: (attributes) => {
        if (this.#loaded) return pluginOf(this.#loaded).validate?.(attributes);
        return this.#loading?.then((plugins) => pluginOf(plugins).validate?.(attributes));
      },
    };
  }

  close(): void {
    this.#loaded?.close();
  }

  async #load(): Promise<DynamicPlugins> {
    const { createDynamicPlugins } = await import('./dynamic-plugins.ts');
    const plugins = createDynamicPlugins(this.#parts, this.#metrics);
    for (const [source, objects] of this.#objects) plugins.take(source, objects);
    this.#loaded = plugins;
    return plugins;
  }
}
