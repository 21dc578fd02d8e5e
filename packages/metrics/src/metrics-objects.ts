/**
 * The objects of `metrics.k8s.io/v1beta1`, and their tables. Pure.
 *
 * Mirrors: metrics-server pkg/api/table.go, pkg/storage/types.go (v0.8)
 */
import {
  formatDuration,
  formatQuantity,
  quantityAdd,
  quantityOf,
  ZERO_QUANTITY,
  type New,
  type Quantity,
} from '@kts/apimachinery';
import type { Node, Pod } from '@kts/api/types/core-v1';
import type * as v1beta1 from '@kts/api/types/metrics-v1beta1';
import { formatTime } from '@kts/base';

import type { PodUsage, Usage } from './usage.ts';

/** They are kept nowhere, so they have no identity. */
export type NodeMetrics = New<v1beta1.NodeMetrics>;
export type PodMetrics = New<v1beta1.PodMetrics>;

export const GROUP_VERSION = 'metrics.k8s.io/v1beta1';

export function nodeMetrics({ metadata }: Node, usage: Usage, now: number): NodeMetrics {
  return {
    kind: 'NodeMetrics',
    apiVersion: GROUP_VERSION,
    metadata: { name: metadata.name, creationTimestamp: formatTime(now), ...labelsOf(metadata) },
    ...measured(usage),
    usage: quantities(usage),
  };
}

export function podMetrics({ metadata }: Pod, usage: PodUsage, now: number): PodMetrics {
  const { name, namespace } = metadata;
  return {
    kind: 'PodMetrics',
    apiVersion: GROUP_VERSION,
    metadata: { name, namespace, creationTimestamp: formatTime(now), ...labelsOf(metadata) },
    ...measured(usage),
    containers: usage.containers.map((one) => ({ name: one.name, usage: quantities(one) })),
  };
}

function labelsOf({ labels }: Node['metadata']): Pick<Node['metadata'], 'labels'> {
  return labels ? { labels } : {};
}

function measured({ atMs, windowMs }: Pick<Usage, 'atMs' | 'windowMs'>): Pick<NodeMetrics, 'timestamp' | 'window'> {
  return { timestamp: formatTime(atMs), window: formatDuration(BigInt(windowMs) * 1_000_000n) };
}

function quantities({ cpuNanoCores, memoryBytes }: Usage): Readonly<Record<string, Quantity>> {
  return {
    cpu: formatQuantity({ unscaled: BigInt(cpuNanoCores), scale: -9, format: 'decimalSI' }),
    memory: formatQuantity(quantityOf(memoryBytes, 'binarySI')),
  };
}

/** A list; what has a `kind` in an object of its own has none here. */
export function metricsList(items: readonly (NodeMetrics | PodMetrics)[], kind: string): object {
  const bare = items.map(({ kind: _kind, apiVersion: _apiVersion, ...item }) => item);
  return { kind: `${kind}List`, apiVersion: GROUP_VERSION, metadata: {}, items: bare };
}

const NAME_COLUMN = { name: 'Name', type: 'string', format: 'name', description: 'Name of the resource', priority: 0 };

/** How much of the objects a table has, as the `includeObject` of the request says. */
export type IncludeObject = 'None' | 'Metadata' | 'Object';

/** A `meta.k8s.io` Table. Without rows it has no columns either. */
export function metricsTable(
  items: readonly (NodeMetrics | PodMetrics)[],
  apiVersion: string,
  include: IncludeObject,
): object {
  const rows = items.map((item) => ({ item, usage: totalUsage(item) }));
  const names = rows.length > 0 ? Object.keys(rows[0]!.usage).sort() : [];
  const column = (name: string, format: string): object => ({
    name,
    type: 'string',
    format,
    description: '',
    priority: 0,
  });
  const columns = [NAME_COLUMN, ...names.map((name) => column(name, 'quantity')), column('Window', 'duration')];
  return {
    kind: 'Table',
    apiVersion,
    metadata: {},
    columnDefinitions: rows.length > 0 ? columns : null,
    rows: rows.map(({ item, usage }) => ({
      cells: [item.metadata.name ?? '', ...names.map((name) => usage[name] ?? '0'), item.window],
      object: includedObject(item, apiVersion, include),
    })),
  };
}

function includedObject({ metadata, ...item }: NodeMetrics | PodMetrics, apiVersion: string, include: IncludeObject) {
  if (include === 'None') return null;
  return include === 'Object' ? { ...item, metadata } : { kind: 'PartialObjectMetadata', apiVersion, metadata };
}

function totalUsage(item: NodeMetrics | PodMetrics): Readonly<Record<string, Quantity>> {
  if ('usage' in item) return item.usage;
  const names = new Set(item.containers.flatMap(({ usage }) => Object.keys(usage)));
  const total = (name: string): Quantity =>
    formatQuantity(item.containers.reduce((sum, { usage }) => quantityAdd(sum, usage[name] ?? '0'), ZERO_QUANTITY));
  return Object.fromEntries([...names].map((name) => [name, total(name)]));
}
