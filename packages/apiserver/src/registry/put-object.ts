import { canonicalObject, deepEqual, failure, type KubeObject, type ObjectSchema } from '@kts/apimachinery';
import type { ResourceDefinition } from '@kts/api';
import type { KeyValue, PutOptions, Revision } from '@kts/store';

import type { CacheEntry } from '../cache/entry.ts';
import { decodeStoredJson, storedEntry, withResourceVersion } from '../cache/stored-entry.ts';
import { encodeStored } from '../cache/stored-json.ts';
import type { BodyType } from './decode-body.ts';
import type { Registry } from './deps.ts';
import { asObject, type ObjectDraft } from './object-draft.ts';
import { objectEntry, toStorageVersion, type ResourceStorage } from './resource-storage.ts';
import { entryCodec } from './stored-codec.ts';

/** etcd's limit for one request; larger objects could not be moved to a replicated store. */
export const STORED_BYTES_MAX = 1.5 * 1024 * 1024;

export interface WriteTarget {
  readonly registry: Registry;
  readonly definition: ResourceDefinition;
  readonly storage: ResourceStorage;
  readonly key: string;
}

export type PutOutcome =
  | { readonly ok: true; readonly entry: CacheEntry }
  /** Somebody else was faster; `current` is what there is now. */
  | { readonly ok: false; readonly current: CacheEntry | undefined };

/**
 * Writes an object if the stored one is still `existing` (undefined: if there is none). The object passes into the
 * cache and must not be changed afterwards. Nothing is written if nothing has changed, or for a dry run.
 */
export async function putObject(
  target: WriteTarget,
  draft: ObjectDraft,
  existing: CacheEntry | undefined,
  dryRun: boolean,
): Promise<PutOutcome> {
  const { registry, definition, storage, key } = target;
  if (!existing && !dryRun && isVersioned(draft)) {
    throw failure('', 'resourceVersion should not be set on objects to be created', undefined, 500);
  }
  delete (draft.metadata as { selfLink?: string }).selfLink;
  const object = await toStorageVersion(definition, canonicalForm(definition, asObject(draft)));
  const isNoted = definition.behaviour.writesFirstUpdate === true;
  if (existing && sameObject(object, existing) && (dryRun || !isNoted || !isJustCreated(target, existing))) {
    return { ok: true, entry: existing };
  }
  if (dryRun) return { ok: true, entry: unwrittenEntry(target, object, existing) };
  const bytes = encodeStored(object);
  if (bytes.length > STORED_BYTES_MAX) {
    throw failure('RequestEntityTooLarge', 'etcdserver: request is too large');
  }
  storage.cache.expectWrite(key, bytes, object);
  const result = await registry.store.put(key, bytes, putOptions(definition, object, existing));
  if (!result.ok) {
    storage.cache.forgetWrite(key);
    return { ok: false, current: result.current && entryOf(target, result.current) };
  }
  if (isNoted && !existing) noteCreation(target, result.revision);
  return { ok: true, entry: writtenEntry(target, bytes, object, result.revision) };
}

/** Creations that are remembered until the first update; what is forgotten is a revision more or less. */
const CREATIONS_NOTED_MAX = 1000;
const creations = new WeakMap<ResourceStorage, Map<string, Revision>>();

function noteCreation({ storage, key }: WriteTarget, revision: Revision): void {
  const noted = creations.getOrInsertComputed(storage, () => new Map<string, Revision>());
  if (noted.size >= CREATIONS_NOTED_MAX) noted.delete(noted.keys().next().value!);
  noted.set(key, revision);
}

function isJustCreated({ storage, key }: WriteTarget, { revision }: CacheEntry): boolean {
  return creations.get(storage)?.get(key) === revision;
}

/** Custom objects are kept as they are; their metadata is of a built-in type. */
export function canonicalForm(definition: BodyType, object: KubeObject): KubeObject {
  if (!definition.behaviour?.coerce) return canonicalObject(definition.schema, object);
  const metadata = definition.schema.fields.get('metadata')!.schema as ObjectSchema;
  return { ...object, metadata: canonicalObject(metadata, object.metadata) };
}

/** Removes an object if it is still `existing`. */
export async function removeObject(
  target: WriteTarget,
  existing: CacheEntry,
): Promise<
  { readonly ok: true; readonly revision: Revision } | { readonly ok: false; readonly current: CacheEntry | undefined }
> {
  const result = await target.registry.store.delete(target.key, { expect: existing.revision });
  if (result.ok) return { ok: true, revision: result.revision };
  return { ok: false, current: result.current && entryOf(target, result.current) };
}

/** The stored object as it is now, from the cache. Resolves at once unless the cache has yet to be loaded. */
export async function currentEntry(target: WriteTarget): Promise<CacheEntry | undefined> {
  const loading = target.registry.feed.ready(target.storage.cache);
  if (loading) await loading;
  return target.storage.cache.get(target.key);
}

/** The stored object as it is now, from the store itself. */
export async function freshEntry(target: WriteTarget): Promise<CacheEntry | undefined> {
  const item = await target.registry.store.get(target.key);
  return item && entryOf(target, item);
}

function entryOf({ storage, definition }: WriteTarget, item: KeyValue): CacheEntry {
  const cached = storage.cache.get(item.key);
  if (cached?.revision === item.revision) return cached;
  return storedEntry(item, entryCodec(definition));
}

function writtenEntry(
  { storage, key }: WriteTarget,
  value: Uint8Array,
  object: KubeObject,
  revision: Revision,
): CacheEntry {
  const cached = storage.cache.get(key);
  if (cached?.revision === revision) return cached;
  const fresh = withResourceVersion(object, revision);
  return storedEntry({ key, value, revision }, { namespaced: storage.namespaced, decode: decodeStoredJson }, fresh);
}

function unwrittenEntry({ key }: WriteTarget, object: KubeObject, existing: CacheEntry | undefined): CacheEntry {
  const { metadata } = object;
  const shown = existing ? withResourceVersion(object, existing.revision) : object;
  const identity = { key, namespace: metadata.namespace ?? '', name: metadata.name };
  return objectEntry({ ...identity, revision: existing?.revision ?? 0 }, shown);
}

function isVersioned({ metadata }: ObjectDraft): boolean {
  return Boolean(metadata.resourceVersion) && metadata.resourceVersion !== '0';
}

function sameObject(object: KubeObject, existing: CacheEntry): boolean {
  const old = existing.object();
  const { metadata, ...rest } = object;
  const { metadata: oldMetadata, ...oldRest } = old;
  return (
    deepEqual(rest, oldRest) && deepEqual({ ...metadata, resourceVersion: '' }, { ...oldMetadata, resourceVersion: '' })
  );
}

function putOptions(definition: ResourceDefinition, object: KubeObject, existing: CacheEntry | undefined): PutOptions {
  const ttlSeconds = definition.behaviour.ttlSeconds?.(object);
  return { expect: existing?.revision ?? 0, ...(ttlSeconds === undefined ? {} : { ttlSeconds }) };
}
