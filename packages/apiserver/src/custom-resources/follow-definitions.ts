/**
 * Serves custom resources while their definitions exist: adds them to the catalog, says so in their status, and removes
 * them with all their objects.
 *
 * Mirrors: staging/src/k8s.io/apiextensions-apiserver/pkg/controller/{status,establish,finalizer} (v1.36)
 * Differs: objects of a deleted definition are removed by the server that follows it, without a finalizer.
 */
import { formatTime, type Logger } from '@kts/base';
import { deepEqual, type Draft } from '@kts/apimachinery';
import { customResourceDefinitions, type ResourceDefinition } from '@kts/api';
import type { CustomResourceDefinition, CustomResourceDefinitionCondition } from '@kts/api/types/apiextensions-v1';

import { REGISTRY } from '../cache/cache-feed.ts';
import type { Registry } from '../registry/deps.ts';
import { updateStored } from '../registry/update-stored.ts';
import { customDefinitions } from './custom-definition.ts';

const DELETE_PAGE_KEYS = 500;

/** Starts to follow; everything that is defined already is served when this resolves. `close` stops it. */
export async function followDefinitions(registry: Registry, log: Logger): Promise<{ close(): void }> {
  const stop = new AbortController();
  const storage = registry.storages.of(customResourceDefinitions);
  await registry.feed.ready(storage.cache);
  const served = new Map<string, ResourceDefinition[]>();
  const watcher = storage.cache.watch({ scope: storage.cache.prefix, bookmarks: false, from: 'state' });
  watcher?.start({
    send: (events) => {
      for (const { type, object } of events) {
        const crd = object() as CustomResourceDefinition;
        if (type === 'DELETED') withdraw(registry, served, crd);
        else serve(registry, served, crd);
        const after = type === 'DELETED' ? removeObjects(registry, crd) : establish(registry, crd, stop.signal);
        after.catch((error: unknown) => {
          if (!stop.signal.aborted) log.warn('cannot follow a definition', { name: crd.metadata.name, error });
        });
      }
      return true;
    },
    end: () => {},
  });
  return {
    close: () => {
      stop.abort();
      watcher?.close();
    },
  };
}

function serve(registry: Registry, served: Map<string, ResourceDefinition[]>, crd: CustomResourceDefinition): void {
  const definitions = customDefinitions(crd);
  for (const old of served.get(crd.metadata.name) ?? []) {
    if (!definitions.some(({ version }) => version === old.version)) registry.catalog.remove(old);
  }
  for (const definition of definitions) registry.catalog.add(definition);
  served.set(crd.metadata.name, definitions);
}

function withdraw(registry: Registry, served: Map<string, ResourceDefinition[]>, crd: CustomResourceDefinition): void {
  for (const definition of served.get(crd.metadata.name) ?? []) {
    registry.catalog.remove(definition);
    registry.storages.remove(definition);
  }
  served.delete(crd.metadata.name);
}

/** Names and conditions in the status, once they are true. */
async function establish(registry: Registry, crd: CustomResourceDefinition, signal: AbortSignal): Promise<void> {
  const now = formatTime(registry.clock.now());
  const scope = { registry, namespace: '', signal };
  await updateStored<CustomResourceDefinition>(
    scope,
    customResourceDefinitions,
    crd.metadata.name,
    false,
    (current) => {
      const status = establishedStatus(current, now);
      if (deepEqual(current.status, status)) return undefined;
      return (draft) => void (draft.status = status);
    },
  );
}

/** The status of a definition that is served. Pure. */
export function establishedStatus(
  { spec, status }: CustomResourceDefinition,
  now: string,
): Draft<NonNullable<CustomResourceDefinition['status']>> {
  const { names, versions } = spec;
  const stored = versions.find(({ storage }) => storage)?.name;
  const storedVersions = [...new Set([...(status?.storedVersions ?? []), ...(stored ? [stored] : [])])];
  const conditions = [
    condition(status?.conditions, 'NamesAccepted', 'NoConflicts', 'no conflicts found', now),
    condition(status?.conditions, 'Established', 'InitialNamesAccepted', 'the initial names have been accepted', now),
  ];
  const others = (status?.conditions ?? []).filter(({ type }) => type !== 'NamesAccepted' && type !== 'Established');
  const acceptedNames = {
    ...names,
    listKind: names.listKind || `${names.kind}List`,
    singular: names.singular || names.kind.toLowerCase(),
  };
  return { ...status, conditions: [...others, ...conditions], acceptedNames, storedVersions } as Draft<
    NonNullable<CustomResourceDefinition['status']>
  >;
}

function condition(
  conditions: readonly CustomResourceDefinitionCondition[] | undefined,
  type: string,
  reason: string,
  message: string,
  now: string,
): CustomResourceDefinitionCondition {
  const present = conditions?.find((one) => one.type === type && one.status === 'True');
  return present ?? { type, status: 'True', lastTransitionTime: now, reason, message };
}

/** Everything that was stored of a resource that is no more. */
async function removeObjects({ store }: Registry, crd: CustomResourceDefinition): Promise<void> {
  const prefix = `${REGISTRY}${crd.spec.group}/${crd.spec.names.plural}/`;
  for (;;) {
    const page = await store.list({ prefix, limit: DELETE_PAGE_KEYS });
    if (!page.ok || page.items.length === 0) return;
    for (const { key } of page.items) await store.delete(key);
  }
}
