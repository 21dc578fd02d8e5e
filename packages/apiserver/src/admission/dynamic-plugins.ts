/** The plugins that ask policies and webhooks, and the hooks that they ask. */
import type {
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  MutatingWebhook,
  MutatingWebhookConfiguration,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  ValidatingWebhookConfiguration,
} from '@kts/api/types/admissionregistration-v1';

import type { AdmissionPlugin } from './admission.ts';
import type { DynamicAdmissionParts, DynamicMetrics, HookObjects, HookSource } from './dynamic-admission.ts';
import { HookIndex } from './matching/hook-index.ts';
import { mutatingPolicies, type MutatingHook } from './policy/mutating-policies.ts';
import { policyHooks } from './policy/policy-hook.ts';
import { validatingPolicies, type ValidatingHook } from './policy/validating-policies.ts';
import { conditionGate } from './webhook/condition-gate.ts';
import { mutatingWebhooks } from './webhook/mutating-webhooks.ts';
import { serviceResolver } from './webhook/service-endpoint.ts';
import { validatingWebhooks } from './webhook/validating-webhooks.ts';
import { createWebhookClient } from './webhook/webhook-client.ts';
import { webhookHooks, type WebhookHook } from './webhook/webhook-hook.ts';

export interface DynamicPlugins {
  readonly mutatingPolicies: AdmissionPlugin;
  readonly mutatingWebhooks: AdmissionPlugin;
  readonly validatingPolicies: AdmissionPlugin;
  readonly validatingWebhooks: AdmissionPlugin;
  /** All objects that a source has now, by name. */
  take(source: HookSource, objects: HookObjects): void;
  close(): void;
}

export function createDynamicPlugins(parts: DynamicAdmissionParts, metrics: DynamicMetrics): DynamicPlugins {
  const { catalog, live, authorizer, clock, random, log } = parts;
  const mutating = new HookIndex<WebhookHook<MutatingWebhook>>(catalog, ({ match }) => match);
  const validating = new HookIndex<WebhookHook>(catalog, ({ match }) => match);
  const mutatingHooks = new HookIndex<MutatingHook>(catalog, ({ match }) => match);
  const validatingHooks = new HookIndex<ValidatingHook>(catalog, ({ match }) => match);
  const client = createWebhookClient(parts.dial, serviceResolver(live, random));
  const conditions = conditionGate(authorizer);
  const webhooks = { live, client, conditions, metrics: metrics.webhooks, clock, random, log };
  const policies = { live, catalog, authorizer, clock };
  const known = new Map<HookSource, HookObjects>();
  const objectsOf = <T>(source: HookSource): ReadonlyMap<string, T> =>
    (known.get(source) ?? new Map()) as ReadonlyMap<string, T>;
  const changeMutatingPolicies = (): void =>
    mutatingHooks.set(
      policyHooks(
        objectsOf<MutatingAdmissionPolicy>('mutatingAdmissionPolicies'),
        objectsOf<MutatingAdmissionPolicyBinding>('mutatingAdmissionPolicyBindings'),
      ),
    );
  const changeValidatingPolicies = (): void =>
    validatingHooks.set(
      policyHooks(
        objectsOf<ValidatingAdmissionPolicy>('validatingAdmissionPolicies'),
        objectsOf<ValidatingAdmissionPolicyBinding>('validatingAdmissionPolicyBindings'),
      ),
    );
  const change: Readonly<Record<HookSource, () => void>> = {
    mutatingWebhookConfigurations: () =>
      mutating.set(webhookHooks(objectsOf<MutatingWebhookConfiguration>('mutatingWebhookConfigurations').values())),
    validatingWebhookConfigurations: () =>
      validating.set(
        webhookHooks(objectsOf<ValidatingWebhookConfiguration>('validatingWebhookConfigurations').values()),
      ),
    mutatingAdmissionPolicies: changeMutatingPolicies,
    mutatingAdmissionPolicyBindings: changeMutatingPolicies,
    validatingAdmissionPolicies: changeValidatingPolicies,
    validatingAdmissionPolicyBindings: changeValidatingPolicies,
  };
  return {
    mutatingPolicies: mutatingPolicies({ ...policies, hooks: mutatingHooks, metrics: metrics.mutating }),
    mutatingWebhooks: mutatingWebhooks({ ...webhooks, hooks: mutating }),
    validatingPolicies: validatingPolicies({ ...policies, hooks: validatingHooks, metrics: metrics.validating }),
    validatingWebhooks: validatingWebhooks({ ...webhooks, hooks: validating }),
    take(source, objects) {
      known.set(source, objects);
      change[source]();
    },
    close: () => client.close(),
  };
}
