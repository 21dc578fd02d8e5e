/**
 * Mirrors: staging/src/k8s.io/apiserver/pkg/storage/etcd3/store.go GetList and storage/cacher/delegator.go (v1.36)
 */
import { badRequest, expired, StatusError } from '@kts/apimachinery';
import type { Revision } from '@kts/store';

import type { CacheEntry } from '../cache/entry.ts';
import { storedEntry } from '../cache/stored-entry.ts';
import type { ApiServerResponse } from '../response.ts';
import { decodeContinue, encodeContinue } from './continue-token.ts';
import { parseListOptions, type ListOptions } from './list-options.ts';
import type { RequestScope } from './request-scope.ts';
import { askForObjects } from './resource-storage.ts';
import { awaitVersion, parseListVersion } from './resource-version.ts';
import { listResponse, type EntryPage } from './respond.ts';
import { parseSelection, type Selection } from './selectors.ts';
import { entryCodec } from './stored-codec.ts';

/** Entries matched against selectors before other requests get their turn. */
const MATCHES_PER_TURN = 500;

const CONTINUE_EXPIRED =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.';
const VERSION_EXPIRED = 'The resourceVersion for the provided list is too old.';

/** GET of a collection. */
export async function listResource(scope: RequestScope): Promise<ApiServerResponse> {
  const options = parseListOptions(scope.request.query, false);
  const page = await listEntries(scope, options);
  await askForObjects(scope.definition, page.entries);
  return listResponse(scope, page);
}

/** What a list is of: a state, a part of it, and where its page begins. */
interface Source {
  readonly entries: readonly CacheEntry[];
  readonly revision: Revision;
}

/** A page of entries as they are stored. Throws BadRequest, Invalid, Expired. */
export async function listEntries(scope: RequestScope, options: ListOptions): Promise<EntryPage> {
  const selection = parseSelection(scope.definition, options.labelSelector, options.fieldSelector);
  const source = options.continueToken ? await continued(scope, options) : await fromStart(scope, options, selection);
  const limit = options.resourceVersion === '0' && !options.continueToken ? 0 : Math.max(0, options.limit);
  if (selection.readsObjects) await askForObjects(scope.definition, source.entries);
  const { entries, rest } = await select(source.entries, selection, limit);
  const page = { entries, resourceVersion: String(source.revision) };
  if (rest === undefined) return page;
  scope.storage.cache.keepSnapshot();
  const after = entries.at(-1)!.key.slice(scope.storage.prefixOf(scope.namespace).length);
  return {
    ...page,
    continueToken: encodeContinue({ revision: source.revision, after }),
    ...(selection.matches ? {} : { remainingItemCount: rest }),
  };
}

async function fromStart(scope: RequestScope, options: ListOptions, selection: Selection): Promise<Source> {
  const { storage, registry } = scope;
  const { cache } = storage;
  const version = parseListVersion(options.resourceVersion);
  if (options.resourceVersionMatch === 'Exact') {
    return stateAt(scope, version, undefined, expired(VERSION_EXPIRED));
  }
  if (options.resourceVersion !== '0') await awaitVersion(scope, options.resourceVersion);
  const loading = registry.feed.ready(cache);
  if (loading) await loading;
  return { entries: candidates(scope, selection), revision: cache.revision };
}

/** As few entries as the selection allows, in order. */
function candidates(scope: RequestScope, selection: Selection): readonly CacheEntry[] {
  const { storage } = scope;
  const namespace = scope.namespace || selection.namespace || '';
  const name = scope.name || selection.name;
  if (name && (namespace || !storage.namespaced)) {
    const entry = storage.cache.get(storage.keyOf(namespace, name));
    return entry ? [entry] : [];
  }
  const node = storage.cache.indexedField && selection.valueOf(storage.cache.indexedField);
  if (node) {
    const prefix = storage.prefixOf(namespace);
    const entries = [...storage.cache.byField(node)].filter(({ key }) => key.startsWith(prefix));
    return entries.sort((a, b) => (a.key < b.key ? -1 : 1));
  }
  return storage.cache.range(storage.prefixOf(namespace));
}

async function continued(scope: RequestScope, options: ListOptions): Promise<Source> {
  const { revision, after } = decodeContinue(options.continueToken);
  if (options.resourceVersion !== '' && options.resourceVersion !== '0') {
    throw badRequest('specifying resource version is not allowed when using continue');
  }
  const key = scope.storage.prefixOf(scope.namespace) + after;
  const loading = scope.registry.feed.ready(scope.storage.cache);
  if (loading) await loading;
  if (revision < 0) {
    await awaitVersion(scope, '');
    const { cache } = scope.storage;
    return { entries: cache.range(scope.storage.prefixOf(scope.namespace), key), revision: cache.revision };
  }
  return stateAt(scope, revision, key, continueExpired(after));
}

/** The token in the answer goes on from the same place, in whatever state there is by then. */
function continueExpired(after: string): Error {
  const { status } = expired(CONTINUE_EXPIRED);
  const metadata = { continue: encodeContinue({ revision: -1, after }) };
  return new StatusError({ ...status, metadata });
}

/** An older state: kept by the cache for lists under way, else from the store's history. */
async function stateAt(
  scope: RequestScope,
  revision: Revision,
  after: string | undefined,
  gone: Error,
): Promise<Source> {
  const { storage, registry } = scope;
  const prefix = storage.prefixOf(scope.namespace);
  await awaitVersion(scope, String(revision));
  const kept = storage.cache.rangeAt(revision, prefix, after);
  if (kept) return { entries: kept, revision };
  const result = await registry.store.list({ prefix, revision, ...(after === undefined ? {} : { after }) });
  if (!result.ok) throw gone;
  const codec = entryCodec(scope.definition);
  const entries = result.items.map((item) => {
    const cached = storage.cache.get(item.key);
    return cached?.revision === item.revision ? cached : storedEntry(item, codec);
  });
  return { entries, revision };
}

/** The first `limit` matches, and how many entries follow them, matching or not (undefined: none). */
async function select(
  entries: readonly CacheEntry[],
  { matches }: Selection,
  limit: number,
): Promise<{ readonly entries: readonly CacheEntry[]; readonly rest: number | undefined }> {
  if (!matches) {
    if (limit === 0 || entries.length <= limit) return { entries, rest: undefined };
    return { entries: entries.slice(0, limit), rest: entries.length - limit };
  }
  const found: CacheEntry[] = [];
  for (const [index, entry] of entries.entries()) {
    if (index > 0 && index % MATCHES_PER_TURN === 0) await new Promise<void>((resolve) => setImmediate(resolve));
    if (limit > 0 && found.length === limit) return { entries: found, rest: entries.length - index };
    if (matches(entry)) found.push(entry);
  }
  return { entries: found, rest: undefined };
}
