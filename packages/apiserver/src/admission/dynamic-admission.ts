/**
 * What users add to admission: policies and webhooks. They take effect with the write that makes them.
 *
 * Mirrors: the order in pkg/kubeapiserver/options/plugins.go (v1.36)
 */
import type { Clock, Logger, Metric, Random } from '@kts/base';
import { internalError } from '@kts/apimachinery';
import { mutatingWebhookConfigurations, validatingWebhookConfigurations } from '@kts/api';
import type { MutatingWebhook } from '@kts/api/types/admissionregistration-v1';

import type { Authorizer } from '../authorization/authorizer.ts';
import type { ResourceCatalog } from '../discovery/catalog.ts';
import type { Dial } from '../subresources/socket-backend.ts';
import type { AdmissionPlugin } from './admission.ts';
import { followStored, type StoredObjects } from './follow-stored.ts';
import type { LiveObjects } from './live-objects.ts';
import { HookIndex } from './matching/hook-index.ts';
import { mutatingWebhooks } from './webhook/mutating-webhooks.ts';
import { serviceResolver } from './webhook/service-endpoint.ts';
import { validatingWebhooks } from './webhook/validating-webhooks.ts';
import { createWebhookClient } from './webhook/webhook-client.ts';
import { webhookHooks, type WebhookHook } from './webhook/webhook-hook.ts';
import { createWebhookMetrics } from './webhook/webhook-metrics.ts';

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

export function createDynamicAdmission(parts: DynamicAdmissionParts): DynamicAdmission {
  const { catalog, live, clock, random, log } = parts;
  const mutating = new HookIndex<WebhookHook<MutatingWebhook>>(catalog, ({ match }) => match);
  const validating = new HookIndex<WebhookHook>(catalog, ({ match }) => match);
  const client = createWebhookClient(parts.dial, serviceResolver(live, random));
  const webhookMetrics = createWebhookMetrics(clock);
  const conditions = (): Promise<boolean> => Promise.reject(internalError('expressions cannot be evaluated'));
  const webhooks = { live, client, conditions, metrics: webhookMetrics, clock, random, log };
  const followers: { close(): void }[] = [];
  return {
    plugins: [
      mutatingWebhooks({ ...webhooks, hooks: mutating }),
      validatingWebhooks({ ...webhooks, hooks: validating }),
    ],
    metrics: webhookMetrics.metrics,
    start: async () => {
      followers.push(
        await followStored(parts, mutatingWebhookConfigurations, (configurations) =>
          mutating.set(webhookHooks(configurations.values())),
        ),
        await followStored(parts, validatingWebhookConfigurations, (configurations) =>
          validating.set(webhookHooks(configurations.values())),
        ),
      );
    },
    close: () => {
      for (const follower of followers) follower.close();
      client.close();
    },
  };
}
