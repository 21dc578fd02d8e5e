/**
 * Mirrors: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/watch.go and storage/cacher/cacher.go Watch (v1.36)
 */
import { apiVersionOf, badRequest, expired, type KubeObject } from '@kts/apimachinery';
import type { ResourceDefinition } from '@kts/api';
import type { Revision } from '@kts/store';

import { objectFrame, type EntryView } from '../cache/cache-event.ts';
import type { CacheEntry } from '../cache/entry.ts';
import type { Watcher } from '../cache/watcher.ts';
import type { ApiServerResponse, WatchStream, WatchStreamEvent } from '../response.ts';
import { partialMetadata } from '../table/partial-metadata.ts';
import { bookmarkTable, tableOf } from '../table/table.ts';
import { emptyObject } from './empty-object.ts';
import { parseListOptions, type ListOptions } from './list-options.ts';
import type { RequestScope } from './request-scope.ts';
import { askForObjects, presentObject } from './resource-storage.ts';
import { awaitVersion, parseResourceVersion } from './resource-version.ts';
import { tableOptions } from './respond.ts';
import { parseSelection, type Selection } from './selectors.ts';
import { requestedView, type View } from './view.ts';
import { watchConverted } from './watch-converted.ts';
import { watchInView } from './watch-in-view.ts';

/** Watches without a timeout of their own end between this and twice this, so that clients spread over servers. */
const WATCH_SECONDS_MIN = 1_800;
const INITIAL_EVENTS_END = 'k8s.io/initial-events-end';

/** GET with `watch=true`. */
export async function watchResource(scope: RequestScope): Promise<ApiServerResponse> {
  const { request, registry, storage, definition } = scope;
  const options = parseListOptions(request.query, true);
  const selection = parseSelection(definition, options.labelSelector, options.fieldSelector);
  const name = checkedName(scope, selection);
  const view = requestedView(request);
  const from = parseResourceVersion(options.resourceVersion);
  const loading = registry.feed.ready(storage.cache);
  if (loading) await loading;
  if (options.resourceVersion !== '0' && (from === 0 || options.sendInitialEvents)) {
    await awaitVersion(scope, options.resourceVersion);
  }
  const watcher = openWatch(scope, options, selection, name, view, from);
  const stream = watcher ? withTimeout(scope, options, watcher) : expiredWatch(scope, from);
  const converted = definition.conversion?.asked ? watchConverted(stream) : stream;
  return { kind: 'watch', watch: watchInView(converted, definition, view) };
}

/** A name in the path or query and one in the field selector have to agree. */
function checkedName({ name }: RequestScope, selection: Selection): string {
  if (name && selection.name !== undefined && selection.name !== name) {
    throw badRequest("fieldSelector metadata.name doesn't match requested name");
  }
  return name || selection.name || '';
}

function openWatch(
  scope: RequestScope,
  options: ListOptions,
  selection: Selection,
  name: string,
  view: View,
  from: Revision,
): Watcher | undefined {
  const { storage, definition } = scope;
  const { cache } = storage;
  const namespace = scope.namespace || selection.namespace || '';
  const exactKey = name && (namespace || !storage.namespaced) ? storage.keyOf(namespace, name) : undefined;
  const prefix = storage.prefixOf(namespace);
  const indexedValue = cache.indexedField && selection.valueOf(cache.indexedField);
  const state = exactKey ? [cache.get(exactKey)].filter((entry) => entry !== undefined) : cache.range(prefix);
  const entryView = entryViewOf(scope, view, selection);
  const matches = entryView?.selects ? undefined : selection.matches;
  const marksEnd = options.sendInitialEvents === true && options.allowWatchBookmarks;
  return cache.watch({
    scope: exactKey ?? prefix,
    ...(matches ? { matches } : {}),
    ...(indexedValue ? { indexedValue } : {}),
    ...(entryView ? { view: entryView } : {}),
    bookmarks: options.allowWatchBookmarks,
    from: startOf(options, from),
    state: indexedValue ? [...cache.byField(indexedValue)] : state,
    ...(marksEnd ? { afterState: bookmarkFrame(definition, cache.revision, entryView, true) } : {}),
  });
}

function startOf(options: ListOptions, from: Revision): Revision | 'now' | 'state' {
  if (options.sendInitialEvents === true) return 'state';
  if (from > 0) return from;
  return options.sendInitialEvents === false ? 'now' : 'state';
}

function entryViewOf(scope: RequestScope, view: View, { matches, readsObjects }: Selection): EntryView | undefined {
  const { definition } = scope;
  const shown = shownAs(scope, view);
  if (!shown || !definition.conversion?.asked) return shown;
  const ready = (entry: CacheEntry): Promise<void> | undefined => askForObjects(definition, [entry]);
  return { ...shown, ready, ...(matches && readsObjects ? { selects: matches } : {}) };
}

function shownAs(scope: RequestScope, view: View): EntryView | undefined {
  const { definition } = scope;
  const version = apiVersionOf(definition);
  switch (view.kind) {
    case 'table': {
      const options = tableOptions(scope, view);
      return {
        id: `table ${version} ${view.version} ${view.includeObject} ${Math.floor(options.now / 1000)}`,
        object: (entry: CacheEntry) => ({
          ...tableOf(definition, presentObject(definition, entry), options),
          columnDefinitions: null,
        }),
        bookmark: (object: KubeObject) => ({
          ...bookmarkTable(definition, object, options),
          columnDefinitions: null,
        }),
      };
    }
    case 'metadata':
    case 'metadataList':
      return {
        id: `metadata ${view.version}`,
        object: (entry: CacheEntry) => partialMetadata(definition, presentObject(definition, entry), view.version),
        bookmark: (object: KubeObject) => partialMetadata(definition, object, view.version),
      };
    case 'object':
      if (!definition.conversion) return undefined;
      return { id: version, object: (entry: CacheEntry) => presentObject(definition, entry) };
  }
}

/** Says how far a watch has come, in an otherwise empty object. */
export function bookmarkFrame(
  definition: ResourceDefinition,
  revision: Revision,
  view: EntryView | undefined,
  endsState = false,
): WatchStreamEvent {
  const metadata = {
    resourceVersion: String(revision),
    ...(endsState ? { annotations: { [INITIAL_EVENTS_END]: 'true' } } : {}),
  };
  return objectFrame('BOOKMARK', () => {
    const object = emptyObject(definition, metadata as Partial<KubeObject['metadata']>);
    return view?.bookmark ? view.bookmark(object) : object;
  });
}

/** Ends the watch after its time; a client then starts another one. */
function withTimeout({ registry }: RequestScope, options: ListOptions, watcher: Watcher): WatchStream {
  const seconds = options.timeoutSeconds || WATCH_SECONDS_MIN * (1 + registry.random.next());
  const timer = registry.clock.after(seconds * 1000, () => watcher.end());
  watcher.onEnd(() => timer.cancel());
  return watcher;
}

/** The events asked for are gone: the client has to list again. */
function expiredWatch({ storage }: RequestScope, from: Revision): WatchStream {
  const { status } = expired(`too old resource version: ${from} (${storage.cache.floor})`);
  const listeners: (() => void)[] = [];
  const ended = (): void => listeners.splice(0).forEach((listener) => listener());
  return {
    start: (sink) => {
      sink.send([objectFrame('ERROR', () => status)]);
      sink.end();
      ended();
    },
    drained: () => {},
    close: ended,
    onEnd: (listener) => void listeners.push(listener),
  };
}
