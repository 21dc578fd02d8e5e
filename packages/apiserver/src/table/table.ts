/**
 * Objects as rows, the way `kubectl get` shows them.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/registry/rest/table.go (v1.36)
 */
import type { KubeObject, Table, TableColumnDefinition, TableRow } from '@kts/apimachinery';
import type { Cell, ResourceDefinition } from '@kts/api';

import type { CacheEntry } from '../cache/entry.ts';
import { presentObject } from '../registry/resource-storage.ts';
import type { IncludeObject } from '../registry/view.ts';
import { partialMetadata } from './partial-metadata.ts';

export interface TableOptions {
  /** `v1` or `v1beta1` of `meta.k8s.io`. */
  readonly version: string;
  readonly includeObject: IncludeObject;
  readonly now: number;
}

/** A table without rows. */
export function emptyTable(definition: ResourceDefinition, version: string, metadata: Table['metadata']): Table {
  return {
    kind: 'Table',
    apiVersion: `meta.k8s.io/${version}`,
    metadata: metadata ?? {},
    columnDefinitions: columnsOf(definition),
    rows: [],
  };
}

export function tableRow(definition: ResourceDefinition, entry: CacheEntry, options: TableOptions): TableRow {
  const object = presentObject(definition, entry);
  const cells = definition.behaviour.cells?.(object, options.now) ?? defaultCells(object);
  switch (options.includeObject) {
    case 'None':
      return { cells, object: null } as unknown as TableRow;
    case 'Metadata':
      return { cells, object: partialMetadata(object, options.version) } as unknown as TableRow;
    case 'Object':
      return { cells, object } as unknown as TableRow;
  }
}

/** A table of one object: the answer to a GET, and the object of a watch event. */
export function tableOf(definition: ResourceDefinition, entry: CacheEntry, options: TableOptions): Table {
  const metadata = { resourceVersion: presentObject(definition, entry).metadata.resourceVersion };
  return { ...emptyTable(definition, options.version, metadata), rows: [tableRow(definition, entry, options)] };
}

function columnsOf(definition: ResourceDefinition): TableColumnDefinition[] {
  return definition.columns.map((column) => ({
    name: column.name,
    type: column.type,
    format: column.format ?? '',
    description: column.description ?? '',
    priority: column.priority ?? 0,
  }));
}

function defaultCells(object: KubeObject): readonly Cell[] {
  return [object.metadata.name, object.metadata.creationTimestamp ?? '<unknown>'];
}
