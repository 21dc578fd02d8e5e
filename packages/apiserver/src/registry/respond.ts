import { apiVersionOf } from '@kts/apimachinery';

import type { CacheEntry } from '../cache/entry.ts';
import type { ApiServerResponse, EntryList } from '../response.ts';
import { partialMetadata, partialMetadataEntry } from '../table/partial-metadata.ts';
import { hasDefaultRows, tableColumns, tableOf, tableRowEntries, type TableOptions } from '../table/table.ts';
import type { RequestScope } from './request-scope.ts';
import { internalGroup } from './kind-mismatch.ts';
import { presentEntry } from './resource-storage.ts';
import { checkViewFits, requestedView, type View } from './view.ts';

/** A page of a list. */
export interface EntryPage {
  /** As they are stored. */
  readonly entries: readonly CacheEntry[];
  readonly resourceVersion: string;
  readonly continueToken?: string;
  readonly remainingItemCount?: number;
}

export function objectResponse(status: number, object: object): ApiServerResponse {
  return { kind: 'object', status, object };
}

/** One object in the form that the client wants. */
export function entryResponse(scope: RequestScope, status: number, entry: CacheEntry): ApiServerResponse {
  const view = requestedView(scope.request);
  checkViewFits(view, false, internalKind(scope));
  switch (view.kind) {
    case 'object':
      return { kind: 'entry', status, entry };
    case 'table':
      return objectResponse(status, tableOf(scope.definition, entry.object(), tableOptions(scope, view)));
    case 'metadata':
    case 'metadataList':
      return objectResponse(status, partialMetadata(scope.definition, entry.object(), view.version));
  }
}

/** A list in the form that the client wants. */
export function listResponse(scope: RequestScope, page: EntryPage): ApiServerResponse {
  const { definition } = scope;
  const view = requestedView(scope.request);
  checkViewFits(view, true, internalKind(scope));
  const list = entryList(scope, page);
  switch (view.kind) {
    case 'object':
      return { kind: 'list', list };
    case 'table': {
      const options = tableOptions(scope, view);
      const apiVersion = `meta.k8s.io/${view.version}`;
      const entries = tableRowEntries(definition, page.entries, options);
      const columnDefinitions = tableColumns(definition);
      if (entries.length === 0 && hasDefaultRows(definition)) {
        const metadata = { resourceVersion: page.resourceVersion };
        return objectResponse(200, { kind: 'Table', apiVersion, metadata, columnDefinitions, rows: null });
      }
      const meta = { ...tokenOf(page.continueToken), apiVersion, listKind: 'Table', columnDefinitions, entries };
      return { kind: 'list', list: { ...withoutToken(list), ...meta } };
    }
    case 'metadata':
    case 'metadataList': {
      const apiVersion = `meta.k8s.io/${view.version}`;
      const entries = page.entries.map((entry) => partialMetadataEntry(definition, entry, view.version));
      const meta = { ...tokenOf(page.continueToken), apiVersion, listKind: 'PartialObjectMetadataList', entries };
      return { kind: 'list', list: { ...withoutToken(list), ...meta } };
    }
  }
}

/** Lists of custom resources always say where they go on, even if they do not. */
function entryList({ definition }: RequestScope, page: EntryPage): EntryList {
  const entries = definition.conversion ? page.entries.map((entry) => presentEntry(definition, entry)) : page.entries;
  return {
    apiVersion: apiVersionOf(definition),
    listKind: definition.listKind,
    resourceVersion: page.resourceVersion,
    ...tokenOf(page.continueToken ?? (definition.schema.name === '' ? '' : undefined)),
    ...(page.remainingItemCount === undefined ? {} : { remainingItemCount: page.remainingItemCount }),
    entries,
  };
}

function withoutToken({ continueToken: _token, ...list }: EntryList): EntryList {
  return list;
}

const tokenOf = (continueToken: string | undefined): Pick<EntryList, 'continueToken'> =>
  continueToken === undefined ? {} : { continueToken };

export function tableOptions(scope: RequestScope, view: Extract<View, { kind: 'table' }>): TableOptions {
  return { version: view.version, includeObject: view.includeObject, now: scope.registry.clock.now() };
}

/** Go's name of the internal type, which a message shows. */
function internalKind({ definition }: RequestScope): string {
  return `${internalGroup(definition.group)}.${definition.kind}`;
}
