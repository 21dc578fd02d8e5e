import type { KubeObject } from '@kts/apimachinery';
import type { AskedConversion, ResourceDefinition } from '@kts/api';

import { REGISTRY, type CacheFeed } from '../cache/cache-feed.ts';
import type { CacheEntry } from '../cache/entry.ts';
import { encodeStored, scanStored } from '../cache/stored-json.ts';
import { WatchCache } from '../cache/watch-cache.ts';
import { entryCodec } from './stored-codec.ts';

/** Where the objects of one resource are, whatever version a client speaks. */
export interface ResourceStorage {
  /** The version through which the storage was first reached; others differ in how they show its objects. */
  readonly definition: ResourceDefinition;
  readonly cache: WatchCache;
  readonly namespaced: boolean;
  /** `/registry/pods/` */
  readonly prefix: string;
  keyOf(namespace: string, name: string): string;
  /** What keys in that namespace begin with; all namespaces: the prefix. */
  prefixOf(namespace: string): string;
}

/** Fields by which so many watches select that the cache finds them by it. */
const INDEXED_FIELDS: Readonly<Record<string, string>> = { pods: 'spec.nodeName' };

export class ResourceStorages {
  readonly #feed: CacheFeed;
  readonly #seal: ((object: KubeObject) => void) | undefined;
  readonly #byPrefix = new Map<string, ResourceStorage>();

  constructor(feed: CacheFeed, seal?: (object: KubeObject) => void) {
    this.#feed = feed;
    this.#seal = seal;
  }

  /** The storage of a stored resource; versions of it share one. */
  of(definition: ResourceDefinition): ResourceStorage {
    let storage = this.#byPrefix.get(definition.storagePrefix);
    if (!storage) {
      storage = this.#make(definition);
      this.#byPrefix.set(definition.storagePrefix, storage);
      this.#feed.add(storage.cache);
    }
    return storage;
  }

  /** Drops the cache of a resource that is served no more; its watches end. */
  remove(definition: ResourceDefinition): void {
    const storage = this.#byPrefix.get(definition.storagePrefix);
    if (!storage) return;
    this.#byPrefix.delete(definition.storagePrefix);
    this.#feed.remove(storage.cache);
  }

  /** Resource names and object counts, for metrics. */
  *counts(): Iterable<readonly [prefix: string, count: number]> {
    for (const [prefix, storage] of this.#byPrefix) yield [prefix, storage.cache.size];
  }

  all(): Iterable<ResourceStorage> {
    return this.#byPrefix.values();
  }

  #make(definition: ResourceDefinition): ResourceStorage {
    const prefix = `${REGISTRY}${definition.storagePrefix}/`;
    const { namespaced } = definition;
    const indexedField = INDEXED_FIELDS[definition.storagePrefix];
    const cache = new WatchCache({
      prefix,
      codec: entryCodec(definition),
      ...(indexedField
        ? {
            indexedField,
            fieldOf: (entry: CacheEntry) => definition.behaviour.selectableFields?.(entry.object())[indexedField] ?? '',
          }
        : {}),
      ...(this.#seal ? { seal: this.#seal } : {}),
    });
    return {
      definition,
      cache,
      namespaced,
      prefix,
      keyOf: (namespace, name) => (namespaced ? `${prefix}${namespace}/${name}` : prefix + name),
      prefixOf: (namespace) => (namespaced && namespace ? `${prefix}${namespace}/` : prefix),
    };
  }
}

/**
 * Stored entries as a client of `definition` sees them: the entries themselves, or converted ones where objects are
 * stored in another version.
 */
export function presentEntry(definition: ResourceDefinition, entry: CacheEntry): CacheEntry {
  const { conversion } = definition;
  return !conversion || conversion.isCurrent?.(entry.revision) ? entry : convertedEntry(definition, entry);
}

/** The object in the request's version. */
export function presentObject(definition: ResourceDefinition, entry: CacheEntry): KubeObject {
  return presentEntry(definition, entry).object();
}

/** The same where a webhook may have to be asked for the object. */
export function presentWhenAsked(definition: ResourceDefinition, entry: CacheEntry): CacheEntry | Promise<CacheEntry> {
  const asking = askForObjects(definition, [entry]);
  return asking ? asking.then(() => presentEntry(definition, entry)) : presentEntry(definition, entry);
}

/** Resolves when the entries can be presented; nothing: at once. */
export function askForObjects(
  definition: ResourceDefinition,
  entries: readonly CacheEntry[],
): Promise<void> | undefined {
  const { conversion } = definition;
  if (!conversion?.asked) return undefined;
  const unknown = entries.filter(
    (entry) => !conversion.isCurrent?.(entry.revision) && !converted.get(entry)?.has(conversion),
  );
  return unknown.length === 0 ? undefined : askFor(definition, conversion.asked, unknown);
}

async function askFor(
  definition: ResourceDefinition,
  asked: AskedConversion<KubeObject>,
  entries: readonly CacheEntry[],
): Promise<void> {
  const objects = await asked.fromStorage(entries.map((entry) => entry.object()));
  for (const [index, entry] of entries.entries()) keepView(definition, entry, objects[index]!);
}

/** The object as it is stored. */
export function toStorageVersion(definition: ResourceDefinition, object: KubeObject): KubeObject | Promise<KubeObject> {
  const { conversion } = definition;
  return conversion ? (conversion.asked ?? conversion).toStorage(object) : object;
}

/** By entry and conversion: a custom resource's changes with its definition. */
const converted = new WeakMap<CacheEntry, WeakMap<object, CacheEntry>>();

function convertedEntry(definition: ResourceDefinition, entry: CacheEntry): CacheEntry {
  const conversion = definition.conversion!;
  const view = converted.get(entry)?.get(conversion);
  if (view) return view;
  const shown = conversion.fromStorage(entry.object());
  return conversion.asked ? viewOf(definition, entry, shown) : keepView(definition, entry, shown);
}

function keepView(definition: ResourceDefinition, entry: CacheEntry, shown: KubeObject): CacheEntry {
  const view = viewOf(definition, entry, shown);
  converted.getOrInsertComputed(entry, () => new WeakMap<object, CacheEntry>()).set(definition.conversion!, view);
  return view;
}

function viewOf({ behaviour }: ResourceDefinition, entry: CacheEntry, shown: KubeObject): CacheEntry {
  return shown === entry.object() ? entry : objectEntry(entry, shown, behaviour.coerce !== undefined);
}

/**
 * An entry for an object that is not in the cache as such; the bytes are made when somebody wants them. Items of lists
 * are without kind and version, but for those of custom resources.
 */
export function objectEntry(
  identity: Pick<CacheEntry, 'key' | 'namespace' | 'name' | 'revision'>,
  object: KubeObject,
  itemsCarryKind = false,
): CacheEntry {
  let bytes: Uint8Array | undefined;
  const encoded = (): Uint8Array => (bytes ??= encodeWhole(object));
  return {
    key: identity.key,
    namespace: identity.namespace,
    name: identity.name,
    revision: identity.revision,
    labels: object.metadata.labels,
    object: () => object,
    glance: () => object,
    jsonPieces: () => [encoded()],
    jsonItemPieces: () => {
      if (itemsCarryKind) return [encoded()];
      const layout = scanStored(encodeStored(object));
      return layout ? [OPEN, encoded().subarray(layout.metadataAt)] : [encoded()];
    },
    metadataPieces: () => [new TextEncoder().encode(JSON.stringify(object.metadata))],
  };
}

const OPEN = new TextEncoder().encode('{');

function encodeWhole(object: KubeObject): Uint8Array {
  const { kind, apiVersion, ...rest } = object;
  return new TextEncoder().encode(JSON.stringify({ kind, apiVersion, ...rest }));
}
