/**
 * The resource metrics API: what nodes and pods use, for `kubectl top` and autoscalers.
 *
 * Mirrors: metrics-server pkg/api/node.go, pod.go (v0.8)
 * Differs: kubelets are asked through the API server, and only when somebody wants to know (`node-sampler.ts`); who may
 * ask is checked by the API server alone.
 */
import { nodes as nodeType, pods as podType } from '@kts/api';
import type { Node, Pod } from '@kts/api/types/core-v1';
import { isNotFound, notFound, toStatus, type FieldSelector } from '@kts/apimachinery';
import { aborted, childSignal, type Clock, type Component, type Logger } from '@kts/base';
import type { Client } from '@kts/client';

import {
  GROUP_VERSION,
  metricsList,
  metricsTable,
  nodeMetrics,
  podMetrics,
  type NodeMetrics,
  type PodMetrics,
} from './metrics-objects.ts';
import { answerForm, parseMetricsRequest, type AnswerForm, type MetricsRequest } from './metrics-request.ts';
import { parseNodeSample } from './node-sample.ts';
import { NodeSampler, type AskKubelet } from './node-sampler.ts';
import { nodeUsage, podUsage } from './usage.ts';

export interface MetricsDeps {
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Logger;
  /** How kubelets are asked for the text of `/metrics/resource`; absent: through the API server. */
  readonly scrape?: ScrapeKubelet;
}

export type ScrapeKubelet = (node: string, signal: AbortSignal) => Promise<string>;

/** A request as HTTP has it, that the API server has let through. */
export interface MetricsHttpRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
}

export interface MetricsHttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Uint8Array>;
}

export interface Metrics extends Component {
  /** Answers whatever is asked; rejects only when it is stopped meanwhile. */
  answer(request: MetricsHttpRequest): Promise<MetricsHttpResponse>;
}

const KUBELET_MS_MAX = 10_000;
const VERBS = ['get', 'list'];
const DISCOVERY = {
  kind: 'APIResourceList',
  apiVersion: 'v1',
  groupVersion: GROUP_VERSION,
  resources: [
    { name: 'nodes', singularName: '', namespaced: false, kind: 'NodeMetrics', verbs: VERBS },
    { name: 'pods', singularName: '', namespaced: true, kind: 'PodMetrics', verbs: VERBS },
  ],
};
const NODE_METRICS = { group: 'metrics.k8s.io', plural: 'nodemetrics' };
const POD_METRICS = { group: 'metrics.k8s.io', plural: 'podmetrics' };
/** As the lister of upstream's client names it. */
const NODE = { group: '', plural: 'node' };
const RUNNING = 'status.phase=Running';

export function createMetrics(deps: MetricsDeps): Metrics {
  const stopped = new AbortController();
  const { client, clock, log } = deps;
  const scrape = deps.scrape ?? scrapeThrough(client);
  const ask: AskKubelet = async (node, signal) =>
    parseNodeSample(await within(KUBELET_MS_MAX, clock, signal, (limit) => scrape(node, limit)), clock.now());
  const sampler = new NodeSampler({ ask, clock, log, signal: stopped.signal });
  return {
    name: 'metrics',
    ready: Promise.resolve(),
    run: async (signal) => {
      await aborted(signal);
      stopped.abort(signal.reason);
    },
    answer: async ({ method, path, headers }) => {
      const { pathname, searchParams } = new URL(path, 'https://metrics');
      try {
        const request = parseMetricsRequest(method, pathname, searchParams);
        if (request.kind === 'discovery') return json(200, DISCOVERY);
        const form = answerForm([headers['accept'] ?? ''].flat().join(','), searchParams);
        const found =
          request.resource === 'nodes'
            ? await nodesOf(request, client, sampler, clock)
            : await podsOf(request, client, sampler, clock);
        return json(200, shown(request, found, form));
      } catch (error) {
        stopped.signal.throwIfAborted();
        const status = toStatus(error);
        if (status.reason === 'InternalError') log.error('cannot answer for the metrics API', { path, error });
        return json(status.code ?? 500, status);
      }
    },
  };
}

/** The text of a kubelet's `/metrics/resource`, by way of the API server. */
function scrapeThrough(client: Client): ScrapeKubelet {
  return async (node, signal) => {
    const path = `/api/v1/nodes/${node}/proxy/metrics/resource`;
    const { body } = await client.stream({ method: 'GET', path, signal });
    const chunks: Uint8Array[] = [];
    for await (const chunk of body) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  };
}

async function within<T>(
  ms: number,
  clock: Clock,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  using limit = childSignal(signal);
  const timer = clock.after(ms, () => limit.abort(new Error(`no answer within ${ms} ms`)));
  try {
    return await work(limit.signal);
  } finally {
    timer.cancel();
  }
}

type ObjectRequest = Exclude<MetricsRequest, { readonly kind: 'discovery' }>;

async function nodesOf(
  request: ObjectRequest,
  client: Client,
  sampler: NodeSampler,
  clock: Clock,
): Promise<readonly NodeMetrics[]> {
  const wanted = request.kind === 'get' ? [await nodeNamed(client, request.name)] : await listedNodes(client, request);
  const samples = await sampler.sample(wanted.map(({ metadata }) => metadata.name));
  const found = wanted.flatMap((node) => {
    const known = samples.get(node.metadata.name);
    const usage = known && nodeUsage(known);
    return usage ? [nodeMetrics(node, usage, clock.now())] : [];
  });
  if (request.kind === 'get' && found.length === 0) throw notFound(NODE_METRICS, request.name);
  return found;
}

async function nodeNamed(client: Client, name: string): Promise<Node> {
  try {
    return await client.get(nodeType, { name });
  } catch (error) {
    throw isNotFound(error) ? notFound(NODE, name) : error;
  }
}

type ListRequest = ObjectRequest & { readonly kind: 'list' };

async function listedNodes(client: Client, { labelSelector, fieldSelector }: ListRequest): Promise<readonly Node[]> {
  const { items } = await client.list(nodeType, { labelSelector });
  return selected(items, fieldSelector);
}

async function podsOf(
  request: ObjectRequest,
  client: Client,
  sampler: NodeSampler,
  clock: Clock,
): Promise<readonly PodMetrics[]> {
  const wanted = request.kind === 'get' ? [await runningPod(client, request)] : await listedPods(client, request);
  const samples = await sampler.sample(new Set(wanted.map(({ spec }) => spec.nodeName ?? '').filter(Boolean)));
  const found = wanted.flatMap((pod) => {
    const { namespace, name } = pod.metadata;
    const known = samples.get(pod.spec.nodeName ?? '');
    const usage = known && podUsage(known, `${namespace}/${name}`);
    return usage ? [podMetrics(pod, usage, clock.now())] : [];
  });
  if (request.kind === 'get' && found.length === 0) {
    throw notFound(POD_METRICS, `${request.namespace}/${request.name}`);
  }
  return found;
}

/** Pods that do not run are not known here. */
async function runningPod(client: Client, { namespace, name }: ObjectRequest & { readonly kind: 'get' }): Promise<Pod> {
  const pod = await client.get(podType, { namespace, name });
  if (pod.status?.phase !== 'Running') throw notFound({ group: '', plural: 'pods' }, name);
  return pod;
}

async function listedPods(
  client: Client,
  { namespace, labelSelector, fieldSelector }: ListRequest,
): Promise<readonly Pod[]> {
  const where = namespace ? { namespace } : {};
  const { items } = await client.list(podType, { ...where, labelSelector, fieldSelector: RUNNING });
  return selected(items, fieldSelector);
}

function selected<T extends Node | Pod>(items: readonly T[], selector: FieldSelector): readonly T[] {
  const fields = ({ metadata }: T): Record<string, string> => ({
    'metadata.name': metadata.name,
    'metadata.namespace': metadata.namespace ?? '',
  });
  return items.filter((item) => selector.matches(fields(item)));
}

function shown(
  { kind, resource }: ObjectRequest,
  found: readonly (NodeMetrics | PodMetrics)[],
  { table }: AnswerForm,
): object {
  if (table) return metricsTable(found, table.apiVersion, table.include);
  return kind === 'get' ? found[0]! : metricsList(found, resource === 'nodes' ? 'NodeMetrics' : 'PodMetrics');
}

function json(status: number, value: object): MetricsHttpResponse {
  const bytes = Buffer.from(JSON.stringify(value));
  async function* body(): AsyncGenerator<Uint8Array, void> {
    yield bytes;
  }
  return { status, headers: { 'content-type': 'application/json' }, body: body() };
}
