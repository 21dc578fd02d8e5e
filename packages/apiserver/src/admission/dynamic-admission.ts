/**
 * What users add to admission: policies and webhooks. They take effect with the write that makes them.
 *
 * Mirrors: the order in pkg/kubeapiserver/options/plugins.go (v1.36)
 */
import type { Clock, Logger, Metric, Random } from '@kts/base';
import {
  mutatingAdmissionPolicies,
  mutatingAdmissionPolicyBindings,
  mutatingWebhookConfigurations,
  validatingAdmissionPolicies,
  validatingAdmissionPolicyBindings,
  validatingWebhookConfigurations,
  type ResourceDefinition,
} from '@kts/api';
import type { MutatingWebhook } from '@kts/api/types/admissionregistration-v1';

import type { Authorizer } from '../authorization/authorizer.ts';
import type { ResourceCatalog } from '../discovery/catalog.ts';
import type { Dial } from '../subresources/socket-backend.ts';
import type { AdmissionPlugin } from './admission.ts';
import { followStored, type StoredObjects } from './follow-stored.ts';
import type { LiveObjects } from './live-objects.ts';
import { HookIndex } from './matching/hook-index.ts';
import { mutatingPolicies, type MutatingHook } from './policy/mutating-policies.ts';
import { paramAccess } from './policy/param-access.ts';
import { policyHooks, type AdmissionPolicy, type PolicyBinding, type PolicyHook } from './policy/policy-hook.ts';
import { createPolicyMetrics } from './policy/policy-metrics.ts';
import { validatingPolicies, type ValidatingHook } from './policy/validating-policies.ts';
import { conditionGate } from './webhook/condition-gate.ts';
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
  const { catalog, live, authorizer, clock, random, log } = parts;
  const mutating = new HookIndex<WebhookHook<MutatingWebhook>>(catalog, ({ match }) => match);
  const validating = new HookIndex<WebhookHook>(catalog, ({ match }) => match);
  const mutatingHooks = new HookIndex<MutatingHook>(catalog, ({ match }) => match);
  const validatingHooks = new HookIndex<ValidatingHook>(catalog, ({ match }) => match);
  const client = createWebhookClient(parts.dial, serviceResolver(live, random));
  const webhookMetrics = createWebhookMetrics(clock);
  const conditions = conditionGate(authorizer);
  const webhooks = { live, client, conditions, metrics: webhookMetrics, clock, random, log };
  const mutatingMetrics = createPolicyMetrics('mutating', clock);
  const validatingMetrics = createPolicyMetrics('validating', clock);
  const policies = { live, catalog, authorizer, clock };
  const followers: { close(): void }[] = [];
  return {
    plugins: [
      paramAccess(policies),
      mutatingPolicies({ ...policies, hooks: mutatingHooks, metrics: mutatingMetrics }),
      mutatingWebhooks({ ...webhooks, hooks: mutating }),
      validatingPolicies({ ...policies, hooks: validatingHooks, metrics: validatingMetrics }),
      validatingWebhooks({ ...webhooks, hooks: validating }),
    ],
    metrics: [webhookMetrics, mutatingMetrics, validatingMetrics].flatMap(({ metrics }) => metrics),
    start: async () => {
      const started = await Promise.all([
        followStored(parts, mutatingWebhookConfigurations, (configurations) =>
          mutating.set(webhookHooks(configurations.values())),
        ),
        followStored(parts, validatingWebhookConfigurations, (configurations) =>
          validating.set(webhookHooks(configurations.values())),
        ),
        ...followPolicies(parts, mutatingAdmissionPolicies, mutatingAdmissionPolicyBindings, mutatingHooks),
        ...followPolicies(parts, validatingAdmissionPolicies, validatingAdmissionPolicyBindings, validatingHooks),
      ]);
      followers.push(...started);
    },
    close: () => {
      for (const follower of followers) follower.close();
      client.close();
    },
  };
}

function followPolicies<P extends AdmissionPolicy, B extends PolicyBinding>(
  stored: StoredObjects,
  policyResource: ResourceDefinition<P>,
  bindingResource: ResourceDefinition<B>,
  index: HookIndex<PolicyHook<P, B>>,
): readonly Promise<{ close(): void }>[] {
  let policies: ReadonlyMap<string, P> = new Map();
  let bindings: ReadonlyMap<string, B> = new Map();
  return [
    followStored(stored, policyResource, (objects) => {
      policies = objects;
      index.set(policyHooks(policies, bindings));
    }),
    followStored(stored, bindingResource, (objects) => {
      bindings = objects;
      index.set(policyHooks(policies, bindings));
    }),
  ];
}
