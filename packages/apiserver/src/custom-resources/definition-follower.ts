/**
 * Serves custom resources while their definitions exist: adds them to the catalog, says so in their status, and removes
 * them with all their objects.
 *
 * Mirrors: staging/src/k8s.io/apiextensions-apiserver/pkg/controller and .../pkg/apiserver/customresource_handler.go (v1.36)
 */
import { formatTime } from '@kts/base';
import { deepEqual, isNotFound, type Draft } from '@kts/apimachinery';
import { customResourceDefinitions, type ResourceDefinition } from '@kts/api';
import type { CustomResourceDefinition } from '@kts/api/types/apiextensions-v1';

import type { Registry } from '../registry/deps.ts';
import { serviceResolver } from '../admission/webhook/service-endpoint.ts';
import { createWebhookClient, type WebhookClient } from '../admission/webhook/webhook-client.ts';
import { updateStored } from '../registry/update-stored.ts';
import { conversionWebhook } from './conversion-webhook.ts';
import {
  customDefinition,
  customDefinitions,
  storageVersionOf,
  type CustomDefinitionOptions,
} from './custom-definition.ts';
import { isTrue, planDefinitionStatus } from './definition-status.ts';
import { finalizeDefinition } from './delete-instances.ts';
import { loadRules, type RulesOf } from './load-rules.ts';
import type { FollowedDefinitions } from './follow-definitions.ts';
import { CLEANUP_FINALIZER } from './plan-definition-delete.ts';
import { UnreadSchemas, type DefinitionSource } from './unread-schemas.ts';

/** A definition whose resources are in the catalog. */
interface Served {
  readonly crd: CustomResourceDefinition;
  readonly unread: UnreadSchemas;
  readonly definitions: readonly ResourceDefinition[];
  readonly options: CustomDefinitionOptions;
}

/** Takes up one change after the other: names are given to who comes first. */
export class DefinitionFollower {
  readonly #registry: Registry;
  readonly #client: WebhookClient;
  readonly #log: Registry['log'];
  readonly #stop = new AbortController();
  readonly #known = new Map<string, CustomResourceDefinition>();
  readonly #served = new Map<string, Served>();
  readonly #finalizing = new Set<string>();
  #work: Promise<void> = Promise.resolve();

  constructor({ registry, live, dial }: FollowedDefinitions) {
    this.#registry = registry;
    this.#client = createWebhookClient(dial, serviceResolver(live, registry.random));
    this.#log = registry.log;
  }

  take(type: string, crd: CustomResourceDefinition): void {
    this.#work = this.#work.then(() => this.#take(type, crd)).catch((error: unknown) => this.#report(crd, error));
  }

  settled(): Promise<void> {
    return this.#work;
  }

  close(): void {
    this.#stop.abort();
    this.#client.close();
  }

  async #take(type: string, crd: CustomResourceDefinition): Promise<void> {
    if (this.#stop.signal.aborted) return;
    const { name } = crd.metadata;
    if (type === 'DELETED') {
      this.#known.delete(name!);
      this.#withdraw(crd);
    } else {
      this.#known.set(name!, withoutVersions(crd));
      await this.#serve(crd);
      this.#finalize(crd);
      await this.#settleStatus(crd);
    }
    for (const other of this.#group(crd)) {
      if (!deepEqual(other.spec.names, other.status?.acceptedNames)) await this.#settleStatus(other);
    }
  }

  /** The other definitions of the same group. */
  #group({ spec, metadata }: CustomResourceDefinition): readonly CustomResourceDefinition[] {
    return [...this.#known.values()].filter(
      (other) => other.spec.group === spec.group && other.metadata.name !== metadata.name,
    );
  }

  async #serve(crd: CustomResourceDefinition): Promise<void> {
    if (!isTrue(crd.status, 'NamesAccepted') && !isTrue(crd.status, 'Established')) return this.#withdraw(crd);
    const before = this.#served.get(crd.metadata.name!);
    const source = this.#sourceOf(crd);
    if (before && isSameDefinition(before.crd, crd)) return before.unread.moveTo(source);
    const { catalog } = this.#registry;
    const options = this.#optionsOf(crd, await loadRules(crd));
    const unread = new UnreadSchemas(crd, source);
    const definitions = customDefinitions(unread.definition, options);
    for (const old of before?.definitions ?? []) {
      if (!definitions.some(({ version }) => version === old.version)) catalog.remove(old);
    }
    // Watches show objects as the definition wanted them when they began: they have to begin anew.
    if (before)
      this.#registry.storages.remove(customDefinition(before.crd, storageVersionOf(before.crd), before.options));
    for (const definition of definitions) catalog.add(definition);
    this.#served.set(crd.metadata.name!, { crd: unread.definition, unread, definitions, options });
  }

  /** The stored bytes, which are in memory anyway. */
  #sourceOf(crd: CustomResourceDefinition): DefinitionSource {
    const storage = this.#registry.storages.of(customResourceDefinitions);
    const entry = storage.cache.get(storage.keyOf('', crd.metadata.name!));
    return entry && String(entry.revision) === crd.metadata.resourceVersion ? entry : { object: () => crd };
  }

  #optionsOf(crd: CustomResourceDefinition, rules: RulesOf): CustomDefinitionOptions {
    const { metadata } = crd;
    const { clock, random } = this.#registry;
    return {
      convert: conversionWebhook({ client: this.#client, clock, random }, crd),
      since: Number(metadata.resourceVersion),
      rules,
      isTerminating: () => isTrue(this.#known.get(metadata.name!)?.status, 'Terminating'),
    };
  }

  #withdraw(crd: CustomResourceDefinition): void {
    const { name } = crd.metadata;
    const before = this.#served.get(name!);
    if (!before) return;
    this.#served.delete(name!);
    for (const definition of before.definitions) this.#registry.catalog.remove(definition);
    this.#registry.storages.remove(customDefinition(before.crd, storageVersionOf(before.crd), before.options));
  }

  /** Names and conditions in the status, once they are true. */
  async #settleStatus(crd: CustomResourceDefinition): Promise<void> {
    const { name } = crd.metadata;
    const scope = { registry: this.#registry, namespace: '', signal: this.#stop.signal };
    const plan = (current: CustomResourceDefinition) => {
      const now = formatTime(this.#registry.clock.now());
      return planDefinitionStatus(current, this.#group(current), now);
    };
    if (!plan(crd)) return;
    const options = { dryRun: false, trackedAs: 'status' };
    try {
      const written = await updateStored<CustomResourceDefinition>(
        scope,
        customResourceDefinitions,
        name!,
        options,
        (current) => {
          const status = plan(current);
          return status && ((draft) => void (draft.status = status as Draft<typeof status>));
        },
      );
      this.#known.set(name!, withoutVersions(written));
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  #finalize(crd: CustomResourceDefinition): void {
    const { name, deletionTimestamp, finalizers } = crd.metadata;
    if (!deletionTimestamp || !finalizers?.includes(CLEANUP_FINALIZER) || this.#finalizing.has(name!)) return;
    this.#finalizing.add(name!);
    const options = this.#served.get(name!)?.options ?? this.#optionsOf(crd, () => undefined);
    const instances = customDefinition(crd, storageVersionOf(crd), options);
    finalizeDefinition(this.#registry, crd, instances, this.#stop.signal)
      .catch((error: unknown) => this.#report(crd, error))
      .finally(() => this.#finalizing.delete(name!));
  }

  #report({ metadata }: CustomResourceDefinition, error: unknown): void {
    if (!this.#stop.signal.aborted) this.#log.warn('cannot follow a definition', { name: metadata.name, error });
  }
}

/** As much as others have to know of a definition. */
function withoutVersions(crd: CustomResourceDefinition): CustomResourceDefinition {
  return { ...crd, spec: { ...crd.spec, versions: [] } };
}

/** Whether two states of a definition make the same resources. */
function isSameDefinition(before: CustomResourceDefinition, crd: CustomResourceDefinition): boolean {
  if (before.metadata.uid !== crd.metadata.uid) return false;
  const names = deepEqual(before.status?.acceptedNames, crd.status?.acceptedNames);
  return names && (before.metadata.generation === crd.metadata.generation || deepEqual(before.spec, crd.spec));
}
