/**
 * Objects as rows, the way `kubectl get` shows them.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/registry/rest/table.go (v1.36)
 */
import type { KubeObject, Table, TableColumnDefinition, TableRow } from '@kts/apimachinery';
import type { Cell, ResourceDefinition } from '@kts/api';

import type { CacheEntry } from '../cache/entry.ts';
import { presentEntry, presentObject } from '../registry/resource-storage.ts';
import type { IncludeObject } from '../registry/view.ts';
import type { ListEntry } from '../response.ts';
import { metadataPieces, partialMetadata, partialMetadataHead } from './partial-metadata.ts';

export interface TableOptions {
  /** `v1` or `v1beta1` of `meta.k8s.io`. */
  readonly version: string;
  readonly includeObject: IncludeObject;
  readonly now: number;
}

const ROW_END = Buffer.from('}}');

function tableRow(definition: ResourceDefinition, object: KubeObject, options: TableOptions): TableRow {
  const conditions = definition.behaviour.rowConditions?.(object) ?? [];
  const cells = cellsOf(definition, object, options);
  const row = conditions.length > 0 ? { cells, conditions } : { cells };
  return { ...row, object: rowObject(definition, object, options) } as unknown as TableRow;
}

function rowObject(definition: ResourceDefinition, object: KubeObject, options: TableOptions): object | null {
  switch (options.includeObject) {
    case 'None':
      return null;
    case 'Metadata':
      return partialMetadata(definition, object, options.version);
    case 'Object':
      return object;
  }
}

/** A row of a long table: made when it is written, from the entry's own bytes as far as that goes. */
export function tableRowEntry(definition: ResourceDefinition, entry: CacheEntry, options: TableOptions): ListEntry {
  const row = (): TableRow => tableRow(definition, presentObject(definition, entry), options);
  return {
    object: row,
    jsonItemPieces: () => {
      if (options.includeObject !== 'Metadata') return [Buffer.from(JSON.stringify(row()))];
      const shown = presentEntry(definition, entry);
      const object = shown.glance();
      const cells = JSON.stringify(cellsOf(definition, object, options));
      const conditions = definition.behaviour.rowConditions?.(object) ?? [];
      const finished = conditions.length > 0 ? `,"conditions":${JSON.stringify(conditions)}` : '';
      const head = `{"cells":${cells}${finished},"object":${partialMetadataHead(options.version)}`;
      return [Buffer.from(head), ...metadataPieces(definition, shown), ROW_END];
    },
  };
}

/** The rows of a list, in the order that the kind wants. */
export function tableRowEntries(
  definition: ResourceDefinition,
  entries: readonly CacheEntry[],
  options: TableOptions,
): readonly ListEntry[] {
  const { behaviour } = definition;
  const inOrder = behaviour.compareRows
    ? entries
        .map((entry) => ({ entry, object: presentObject(definition, entry) }))
        .sort((a, b) => behaviour.compareRows!(a.object, b.object))
        .map(({ entry }) => entry)
    : entries;
  return inOrder.map((entry) => tableRowEntry(definition, entry, options));
}

/** A table of one object, which is in the request's version: the answer to a GET, and the object of a watch event. */
export function tableOf(definition: ResourceDefinition, object: KubeObject, options: TableOptions): Table {
  const metadata = { resourceVersion: object.metadata.resourceVersion };
  return {
    kind: 'Table',
    apiVersion: `meta.k8s.io/${options.version}`,
    metadata,
    columnDefinitions: tableColumns(definition),
    rows: [tableRow(definition, object, options)],
  };
}

/** A bookmark as a table: its row has no values, but always tells what the bookmark marks. */
export function bookmarkTable(definition: ResourceDefinition, bookmark: KubeObject, options: TableOptions): Table {
  const { metadata } = bookmark;
  const includeObject = metadata.annotations && options.includeObject === 'None' ? 'Metadata' : options.includeObject;
  const cells = definition.columns.map(({ type }) => EMPTY_CELLS[type] ?? '');
  return {
    kind: 'Table',
    apiVersion: `meta.k8s.io/${options.version}`,
    metadata: { resourceVersion: metadata.resourceVersion },
    columnDefinitions: tableColumns(definition),
    rows: [{ cells, object: rowObject(definition, bookmark, { ...options, includeObject }) } as unknown as TableRow],
  };
}

const EMPTY_CELLS: Readonly<Record<string, Cell>> = { integer: 0, number: 0, boolean: false };

export function tableColumns(definition: ResourceDefinition): TableColumnDefinition[] {
  return definition.columns.map((column) => ({
    name: column.name,
    type: column.type,
    format: column.format ?? '',
    description: column.description ?? '',
    priority: column.priority ?? 0,
  }));
}

/** Whether rows of the kind are made by the default convertor, which writes no rows as `null`. */
export function hasDefaultRows(definition: ResourceDefinition): boolean {
  return definition.columns[1]?.name === 'Created At';
}

function cellsOf(definition: ResourceDefinition, object: KubeObject, { now }: TableOptions): readonly Cell[] {
  return definition.behaviour.cells?.(object, now) ?? defaultCells(object);
}

function defaultCells(object: KubeObject): readonly Cell[] {
  return [object.metadata.name, object.metadata.creationTimestamp ?? '<unknown>'];
}
