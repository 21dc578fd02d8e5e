import {
  isAlreadyExists,
  isConflict,
  isNotFound,
  keyText,
  StatusError,
  type KubeObject,
  type ResourceType,
} from '@kts/apimachinery';
import { forEachLimit, type Logger } from '@kts/base';
import type { Client } from '@kts/client';

import type { WantedObject } from './bootstrap-objects.ts';

/** Writes at a time: enough for the store to make many of them durable at once. */
const WRITES_AT_A_TIME = 64;
const READ_ONE_BY_ONE_MAX = 4;

export type BootstrapStep =
  | { readonly do: 'create'; readonly wanted: WantedObject }
  | { readonly do: 'update'; readonly wanted: WantedObject; readonly object: object };

/** What has to be written so that every wanted object exists. `existing` is by resource and key. */
export function planBootstrap(
  wanted: readonly WantedObject[],
  existing: ReadonlyMap<ResourceType, ReadonlyMap<string, KubeObject>>,
): readonly BootstrapStep[] {
  const steps: BootstrapStep[] = [];
  for (const item of wanted) {
    const found = existing.get(item.resource)?.get(keyText(metadataOf(item.object)));
    const object = found && item.reconcile?.(found, item.object);
    if (!found) steps.push({ do: 'create', wanted: item });
    else if (object) steps.push({ do: 'update', wanted: item, object });
  }
  return steps;
}

/**
 * Makes wanted objects exist, group after group. Other servers may be doing the same. An object that is refused is
 * logged and left out: a server without it can still be repaired, one that does not start cannot.
 */
export async function ensureObjects(
  client: Client,
  groups: readonly (readonly WantedObject[])[],
  log: Logger,
): Promise<void> {
  for (const wanted of groups) {
    const byResource = Map.groupBy(wanted, (item) => item.resource);
    const existing = new Map<ResourceType, ReadonlyMap<string, KubeObject>>();
    await Promise.all(
      [...byResource].map(async ([resource, items]) => existing.set(resource, await findExisting(client, items))),
    );
    await forEachLimit(planBootstrap(wanted, existing), WRITES_AT_A_TIME, (step) => applyStep(client, step, log));
  }
}

/** Few objects are read one by one: there may be very many others of their kind. */
async function findExisting(client: Client, items: readonly WantedObject[]): Promise<ReadonlyMap<string, KubeObject>> {
  const { resource } = items[0]!;
  const found = new Map<string, KubeObject>();
  if (items.length > READ_ONE_BY_ONE_MAX) {
    for (const object of (await client.list(resource)).items) found.set(keyText(object.metadata), object);
    return found;
  }
  for (const item of items) {
    const key = metadataOf(item.object);
    try {
      found.set(keyText(key), await client.get(resource, key));
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
  return found;
}

async function applyStep(client: Client, step: BootstrapStep, log: Logger): Promise<void> {
  const { resource, manager, status, object } = step.wanted;
  const options = { fieldManager: manager };
  try {
    if (step.do === 'update') {
      await client.update(resource, step.object as KubeObject, options);
      return;
    }
    const created = await client.create(resource, object as KubeObject, options);
    if (status) await client.updateStatus(resource, { ...created, status } as KubeObject, options);
  } catch (error) {
    // Another server was faster; what it wrote is as good.
    if (isAlreadyExists(error) || isConflict(error)) return;
    if (!StatusError.is(error)) throw error;
    log.error('bootstrap object refused', { resource: resource.plural, name: metadataOf(object).name, error });
  }
}

function metadataOf(object: object): { readonly name: string; readonly namespace?: string } {
  return (object as { metadata: { name: string; namespace?: string } }).metadata;
}
