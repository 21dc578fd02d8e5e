import type { ServerResponse } from 'node:http';
import type { KubeletRequest, ServerContext } from '../server-context.ts';
import { collectSummary, diskDeps, type StatsContext } from '../stats/collect-stats.ts';
import { claimDisk } from '../stats/pod-disk.ts';
import { summaryJson, type Summary } from '../stats/summary.ts';
import { sendJson } from '../send-json.ts';
import { containerMetrics } from './container-metrics.ts';
import { kubeletMetrics } from './kubelet-metrics.ts';
import { formatMetrics, type MetricFamily } from './metric-text.ts';
import { resourceMetrics } from './resource-metrics.ts';
import { volumeMetrics } from './volume-metrics.ts';

/** `/stats/summary[?only_cpu_and_memory=true]` */
export async function serveSummary(
  context: ServerContext,
  { query, signal }: KubeletRequest,
  response: ServerResponse,
): Promise<void> {
  const isShort = query.get('only_cpu_and_memory') === 'true';
  const summary = await collectSummary(context, signal, !isShort);
  sendJson(response, summaryJson(isShort ? cpuAndMemory(summary) : summary));
}

function cpuAndMemory({ node, pods }: Summary): object {
  const { nodeName, startTime, cpu, memory } = node;
  return {
    node: { nodeName, startTime, cpu, memory },
    pods: pods.map(({ podRef, startTime: podStart, cpu: podCpu, memory: podMemory, containers }) => ({
      podRef,
      startTime: podStart,
      containers: containers.map(({ rootfs: _rootfs, ...container }) => container),
      cpu: podCpu,
      memory: podMemory,
    })),
  };
}

/** `/metrics` */
export async function serveKubeletMetrics(
  context: ServerContext,
  { signal }: KubeletRequest,
  response: ServerResponse,
): Promise<void> {
  const { nodeName, api, runtime } = context;
  const pods = api.pods();
  const [{ items }, { containers }, volumes] = await Promise.all([
    runtime.listPodSandbox({}, { signal }),
    runtime.listContainers({}, { signal }),
    Promise.all(pods.map((pod) => claimDisk(pod, diskDeps(context)))),
  ]);
  const own = kubeletMetrics(nodeName, pods.length, items, containers);
  const counted = api.metrics().filter(({ name }) => !isProbeMetric(name));
  send(response, [...own, ...counted, ...volumeMetrics(volumes.flat())]);
}

/** `/metrics/probes` */
export async function serveProbeMetrics(
  { api }: ServerContext,
  _request: KubeletRequest,
  response: ServerResponse,
): Promise<void> {
  send(
    response,
    api.metrics().filter(({ name }) => isProbeMetric(name)),
  );
}

function isProbeMetric(name: string): boolean {
  return name.startsWith('prober_');
}

/** `/metrics/resource` */
export async function serveResourceMetrics(
  context: ServerContext,
  { signal }: KubeletRequest,
  response: ServerResponse,
): Promise<void> {
  sendText(response, await resourceMetricsText(context, signal));
}

/** What the metrics API reads. */
export async function resourceMetricsText(
  context: StatsContext & Pick<ServerContext, 'log'>,
  signal: AbortSignal,
): Promise<string> {
  const summary = await collectSummary(context, signal).catch((error: unknown) => {
    context.log.error('failed to collect statistics', { error });
    return undefined;
  });
  return formatMetrics(resourceMetrics(summary));
}

/** `/metrics/cadvisor` */
export async function serveContainerMetrics(
  context: ServerContext,
  { signal }: KubeletRequest,
  response: ServerResponse,
): Promise<void> {
  const [summary, machine] = await Promise.all([collectSummary(context, signal), context.host.machine.info()]);
  send(response, containerMetrics(summary, machine));
}

function send(response: ServerResponse, families: readonly MetricFamily[]): void {
  sendText(response, formatMetrics(families));
}

function sendText(response: ServerResponse, text: string): void {
  response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
  response.end(text);
}
