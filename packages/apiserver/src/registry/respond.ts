import type { PartialObjectMetadataList, Table } from '@kts/apimachinery';
import { apiVersionOf } from '@kts/apimachinery';

import type { CacheEntry } from '../cache/entry.ts';
import type { ApiServerResponse, EntryList } from '../response.ts';
import { partialMetadata } from '../table/partial-metadata.ts';
import { emptyTable, tableOf, tableRow, type TableOptions } from '../table/table.ts';
import type { RequestScope } from './request-scope.ts';
import { presentEntry } from './resource-storage.ts';
import { checkViewFits, requestedView, type View } from './view.ts';

/** Entries turned into rows or metadata before other requests get their turn. */
const ENTRIES_PER_TURN = 200;

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
      return objectResponse(status, tableOf(scope.definition, entry, tableOptions(scope, view)));
    case 'metadata':
    case 'metadataList':
      return objectResponse(status, partialMetadata(entry.object(), view.version));
  }
}

/** A list in the form that the client wants. */
export async function listResponse(scope: RequestScope, page: EntryPage): Promise<ApiServerResponse> {
  const { definition } = scope;
  const view = requestedView(scope.request);
  checkViewFits(view, true, internalKind(scope));
  if (view.kind === 'object') return { kind: 'list', list: entryList(scope, page) };
  const metadata = {
    resourceVersion: page.resourceVersion,
    ...(page.continueToken ? { continue: page.continueToken } : {}),
    ...(page.remainingItemCount === undefined ? {} : { remainingItemCount: page.remainingItemCount }),
  };
  if (view.kind === 'table') {
    const options = tableOptions(scope, view);
    const rows = await mapInTurns(page.entries, (entry) => tableRow(definition, entry, options));
    const table: Table = { ...emptyTable(definition, view.version, metadata), rows };
    return objectResponse(200, table);
  }
  const items = await mapInTurns(page.entries, (entry) => partialMetadata(entry.object(), view.version));
  const list = { kind: 'PartialObjectMetadataList', apiVersion: `meta.k8s.io/${view.version}`, metadata, items };
  return objectResponse(200, list satisfies PartialObjectMetadataList);
}

function entryList({ definition }: RequestScope, page: EntryPage): EntryList {
  const entries = definition.conversion ? page.entries.map((entry) => presentEntry(definition, entry)) : page.entries;
  return {
    apiVersion: apiVersionOf(definition),
    listKind: definition.listKind,
    resourceVersion: page.resourceVersion,
    ...(page.continueToken ? { continueToken: page.continueToken } : {}),
    ...(page.remainingItemCount === undefined ? {} : { remainingItemCount: page.remainingItemCount }),
    entries,
  };
}

export function tableOptions(scope: RequestScope, view: Extract<View, { kind: 'table' }>): TableOptions {
  return { version: view.version, includeObject: view.includeObject, now: scope.registry.clock.now() };
}

/** Maps without keeping the event loop for long. */
async function mapInTurns<A, B>(items: readonly A[], map: (item: A) => B): Promise<B[]> {
  const mapped: B[] = [];
  for (const [index, item] of items.entries()) {
    if (index > 0 && index % ENTRIES_PER_TURN === 0) await new Promise<void>((resolve) => setImmediate(resolve));
    mapped.push(map(item));
  }
  return mapped;
}

/** Go's name of the internal type, which a message shows. */
function internalKind({ definition }: RequestScope): string {
  const group = definition.group === '' ? 'core' : definition.group.split('.', 1)[0]!;
  return `${group}.${definition.kind}`;
}
