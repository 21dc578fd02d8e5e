/**
 * Reads metrics from the servers that have them: resources, custom and external ones.
 *
 * Mirrors: pkg/controller/podautoscaler/metrics/client.go, staging/src/k8s.io/metrics/pkg/client (v1.36)
 */
import type { CrossVersionObjectReference } from '@kts/api/types/autoscaling-v2';
import {
  isNotFound,
  parseApiVersion,
  parseDuration,
  parseTime,
  type KubeObject,
  type Quantity,
  type ResourceType,
} from '@kts/apimachinery';
import type { Client } from '@kts/client';

import { errorMessage } from '../pods/pod-control.ts';
import { MetricError, milli, type PodMetric, type PodMetrics } from './replica-count.ts';
import type { TargetResources } from './target-resources.ts';

export interface MetricsClient {
  /** Usage of a resource of each pod, or of one of its containers if that has a name. */
  resource(namespace: string, resource: string, selector: string, container: string): Promise<PodMetrics>;
  pods(namespace: string, metric: string, selector: string, metricSelector: string): Promise<PodMetrics>;
  /** In thousandths. */
  object(
    namespace: string,
    metric: string,
    object: CrossVersionObjectReference,
    metricSelector: string,
  ): Promise<number>;
  /** All values of the metric, in thousandths. */
  external(namespace: string, metric: string, metricSelector: string): Promise<readonly number[]>;
}

/** Where a custom metric does not say over how long it was measured. */
const CUSTOM_WINDOW_MS = 60_000;
const CUSTOM_GROUP = 'custom.metrics.k8s.io';
const EXTERNAL_GROUP = 'external.metrics.k8s.io';

const POD_METRICS: ResourceType<PodMetricsObject> = {
  group: 'metrics.k8s.io',
  version: 'v1beta1',
  kind: 'PodMetrics',
  plural: 'pods',
  namespaced: true,
};

interface PodMetricsObject extends KubeObject {
  readonly timestamp: string;
  readonly window: string;
  readonly containers: readonly { readonly name: string; readonly usage: Readonly<Record<string, Quantity>> }[];
}

interface MetricValue {
  readonly describedObject: { readonly name: string };
  readonly timestamp: string;
  readonly windowSeconds?: number;
  readonly value: Quantity;
}

export function createMetricsClient(client: Client, resources: TargetResources, signal: AbortSignal): MetricsClient {
  return {
    resource: (namespace, resource, selector, container) =>
      explained('resource', async () => {
        const { items } = await client.list(POD_METRICS, { namespace, labelSelector: selector, signal });
        if (items.length === 0) throw new NoMetrics('resource');
        return new Map(items.flatMap((item) => podUsage(item, resource, container)));
      }),
    pods: (namespace, metric, labelSelector, metricLabelSelector) =>
      explained('custom', async () => {
        const query = queryOf({ labelSelector, metricLabelSelector });
        const version = await customVersion(client, signal);
        const items = await customValues(client, `${customPrefix(version, namespace)}/pods/*/${metric}`, query, signal);
        if (items.length === 0) throw new NoMetrics('custom');
        return new Map(items.map((item) => [item.describedObject.name, customUsage(item)]));
      }),
    object: (namespace, metric, object, metricLabelSelector) =>
      explained('custom', async () => {
        const version = await customVersion(client, signal);
        const query = queryOf({ metricLabelSelector });
        const path = await describedPath(version, namespace, metric, object, resources);
        const items = await customValues(client, path, query, signal);
        if (items.length !== 1) {
          throw new Error(
            `the custom metrics API server returned ${items.length} results when we asked for exactly one`,
          );
        }
        return milli(items[0]!.value);
      }),
    external: (namespace, metric, labelSelector) =>
      explained('external', async () => {
        const type = {
          group: EXTERNAL_GROUP,
          version: 'v1beta1',
          kind: 'ExternalMetricValue',
          plural: metric,
          namespaced: true,
        };
        const { items } = await client.list<KubeObject>(type, {
          namespace,
          ...(labelSelector ? { labelSelector } : {}),
          signal,
        });
        if (items.length === 0) throw new NoMetrics('external');
        return items.map((item) => milli((item as unknown as MetricValue).value));
      }),
  };
}

type Query = Readonly<Record<string, string>>;
type Source = 'resource' | 'custom' | 'external';

/** The server answered, but has nothing. */
class NoMetrics extends MetricError {
  constructor(source: Source) {
    super(`no metrics returned from ${source} metrics API`);
  }
}

async function explained<T>(source: Source, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof NoMetrics) throw error;
    throw new MetricError(`unable to fetch metrics from ${source} metrics API: ${errorMessage(error)}`, {
      cause: error,
    });
  }
}

function queryOf(selectors: Query): Query {
  return Object.fromEntries(Object.entries(selectors).filter(([, text]) => text !== ''));
}

/** Which version of the custom metrics API there is. Throws if none is. */
async function customVersion(client: Client, signal: AbortSignal): Promise<string> {
  try {
    const { body } = await client.raw({ method: 'GET', path: `/apis/${CUSTOM_GROUP}`, signal });
    const { preferredVersion } = body as { readonly preferredVersion?: { readonly version: string } };
    if (preferredVersion) return preferredVersion.version;
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  throw new Error(`no custom metrics API (${CUSTOM_GROUP}) registered`);
}

function customPrefix(version: string, namespace: string): string {
  return `/apis/${CUSTOM_GROUP}/${version}/namespaces/${namespace}`;
}

async function customValues(
  client: Client,
  path: string,
  query: Query,
  signal: AbortSignal,
): Promise<readonly MetricValue[]> {
  const { body } = await client.raw({ method: 'GET', path, query, signal });
  return (body as { readonly items?: readonly MetricValue[] }).items ?? [];
}

/** A namespace's own metrics stand beside those of the objects in it. */
async function describedPath(
  version: string,
  namespace: string,
  metric: string,
  { apiVersion = '', kind, name }: CrossVersionObjectReference,
  resources: TargetResources,
): Promise<string> {
  const prefix = customPrefix(version, namespace);
  const { group } = parseApiVersion(apiVersion);
  if (group === '' && kind === 'Namespace') return `${prefix}/metrics/${metric}`;
  const [resource] = await resources.find(group, kind);
  const plural = group === '' ? resource!.plural : `${resource!.plural}.${group}`;
  return `${prefix}/${plural}/${name}/${metric}`;
}

/** None for a pod of which a container, or the container that was asked for, has no value. */
function podUsage(
  item: PodMetricsObject,
  resource: string,
  container: string,
): readonly (readonly [string, PodMetric])[] {
  const counted = container === '' ? item.containers : item.containers.filter(({ name }) => name === container);
  const values = counted.map(({ usage }) => usage[resource]);
  if (values.length === 0 || values.includes(undefined)) return [];
  const value = values.reduce<number>((sum, each) => sum + milli(each!), 0);
  const windowMs = Number(parseDuration(item.window) / 1_000_000n);
  return [[item.metadata.name, { value, at: parseTime(item.timestamp), windowMs }]];
}

function customUsage({ value, timestamp, windowSeconds }: MetricValue): PodMetric {
  const windowMs = windowSeconds === undefined ? CUSTOM_WINDOW_MS : windowSeconds * 1000;
  return { value: milli(value), at: parseTime(timestamp), windowMs };
}
