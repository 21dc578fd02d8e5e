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
 * logged and left out: a server without it can still be repaired, one that does not start cannot. Answers what writes
 * the status of those without one, which upstream leaves to controllers, and for which nobody has to wait.
 */
export async function ensureObjects(
  client: Client,
  groups: readonly (readonly WantedObject[])[],
  log: Logger,
): Promise<() => Promise<void>> {
  const unfinished: Unfinished[] = [];
  for (const wanted of groups) {
    const byResource = Map.groupBy(wanted, (item) => item.resource);
    const existing = new Map<ResourceType, ReadonlyMap<string, KubeObject>>();
    await Promise.all(
      [...byResource].map(async ([resource, items]) => existing.set(resource, await findExisting(client, items))),
    );
    unfinished.push(...withoutStatus(wanted, existing));
    await forEachLimit(planBootstrap(wanted, existing), WRITES_AT_A_TIME, (step) =>
      unlessRefused(step.wanted, log, async () => {
        const object = await applyStep(client, step);
        if (object && step.wanted.status) unfinished.push({ object, wanted: step.wanted });
      }),
    );
  }
  return () => forEachLimit(unfinished, WRITES_AT_A_TIME, (each) => writeStatus(client, each, log));
}

/** An object that has no status yet. */
interface Unfinished {
  readonly object: KubeObject;
  readonly wanted: WantedObject;
}

/** Objects whose status a server did not come to write. */
function withoutStatus(
  wanted: readonly WantedObject[],
  existing: ReadonlyMap<ResourceType, ReadonlyMap<string, KubeObject>>,
): readonly Unfinished[] {
  return wanted.flatMap((item) => {
    const object = item.status && existing.get(item.resource)?.get(keyText(metadataOf(item.object)));
    const { status } = (object ?? {}) as { readonly status?: { readonly conditions?: readonly unknown[] } };
    return object && !status?.conditions?.length ? [{ object, wanted: item }] : [];
  });
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

/** The object if it is a new one. */
async function applyStep(client: Client, step: BootstrapStep): Promise<KubeObject | undefined> {
  const { resource, manager, object } = step.wanted;
  const options = { fieldManager: manager };
  if (step.do === 'create') return client.create(resource, object as KubeObject, options);
  await client.update(resource, step.object as KubeObject, options);
  return undefined;
}

function writeStatus(client: Client, { object, wanted }: Unfinished, log: Logger): Promise<void> {
  const { resource, status, manager } = wanted;
  return unlessRefused(wanted, log, async () => {
    await client.updateStatus(resource, { ...object, status } as KubeObject, { fieldManager: manager });
  });
}

async function unlessRefused(
  { resource, object }: WantedObject,
  log: Logger,
  write: () => Promise<void>,
): Promise<void> {
  try {
    await write();
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
