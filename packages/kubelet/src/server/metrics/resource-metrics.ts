/**
 * `/metrics/resource`: what the metrics server reads.
 *
 * Mirrors: pkg/kubelet/metrics/collectors/resource_metrics.go (v1.36)
 * Differs: nothing about swap, which pods of this kubelet have none of.
 */
import { parseTime } from '@kts/apimachinery';
import type { ContainerStats, CpuStats, MemoryStats, PodStats, Summary } from '../stats/summary.ts';
import type { MetricFamily, MetricSample } from './metric-text.ts';

type Labels = Readonly<Record<string, string>>;

/** Without a summary there are only the metrics that say so. */
export function resourceMetrics(summary: Summary | undefined): readonly MetricFamily[] {
  const failed = summary === undefined ? 1 : 0;
  const failure = '1 if there was an error while getting container metrics, 0 otherwise';
  return [
    ...(summary ? usageMetrics(summary) : []),
    { name: 'resource_scrape_error', help: `[STABLE] ${failure}`, type: 'gauge', samples: [{ value: failed }] },
    {
      name: 'scrape_error',
      help: `[ALPHA] (Deprecated since 1.29.0) ${failure}`,
      type: 'gauge',
      samples: [{ value: failed }],
    },
  ];
}

function usageMetrics({ node, pods }: Summary): readonly MetricFamily[] {
  const containers = pods.flatMap((pod) => pod.containers.map((container) => ({ pod, container })));
  const perContainer = (sample: (container: ContainerStats, labels: Labels) => readonly MetricSample[]) =>
    containers.flatMap(({ pod, container }) => sample(container, { container: container.name, ...podLabels(pod) }));
  const perPod = (sample: (pod: PodStats, labels: Labels) => readonly MetricSample[]) =>
    pods.flatMap((pod) => sample(pod, podLabels(pod)));
  const counter = (name: string, help: string, samples: readonly MetricSample[]): MetricFamily => ({
    name,
    help: `[STABLE] ${help}`,
    type: 'counter',
    samples,
  });
  const gauge = (...parts: Parameters<typeof counter>): MetricFamily => ({ ...counter(...parts), type: 'gauge' });
  const cpuHelp = (what: string): string => `Cumulative cpu time consumed by the ${what} in core-seconds`;
  const memoryHelp = (what: string): string => `Current working set of the ${what} in bytes`;
  return [
    counter(
      'container_cpu_usage_seconds_total',
      cpuHelp('container'),
      perContainer(({ cpu }, labels) => cpuSample(cpu, labels)),
    ),
    gauge(
      'container_memory_working_set_bytes',
      memoryHelp('container'),
      perContainer(({ memory }, labels) => memorySample(memory, labels)),
    ),
    gauge(
      'container_start_time_seconds',
      'Start time of the container since unix epoch in seconds',
      perContainer(({ startTime }, labels) =>
        startTime === '' ? [] : [{ labels, value: parseTime(startTime) / 1000 }],
      ),
    ),
    counter('node_cpu_usage_seconds_total', cpuHelp('node'), cpuSample(node.cpu, {})),
    gauge('node_memory_working_set_bytes', memoryHelp('node'), memorySample(node.memory, {})),
    counter(
      'pod_cpu_usage_seconds_total',
      cpuHelp('pod'),
      perPod(({ cpu }, labels) => cpuSample(cpu, labels)),
    ),
    gauge(
      'pod_memory_working_set_bytes',
      memoryHelp('pod'),
      perPod(({ memory }, labels) => memorySample(memory, labels)),
    ),
  ];
}

function podLabels({ podRef }: PodStats): Labels {
  return { namespace: podRef.namespace, pod: podRef.name };
}

function cpuSample(cpu: CpuStats | undefined, labels: Labels): readonly MetricSample[] {
  if (cpu?.usageCoreNanoSeconds === undefined) return [];
  return [{ labels, value: cpu.usageCoreNanoSeconds / 1e9, timeMs: cpu.timeMs }];
}

function memorySample(memory: MemoryStats | undefined, labels: Labels): readonly MetricSample[] {
  if (memory?.workingSetBytes === undefined) return [];
  return [{ labels, value: memory.workingSetBytes, timeMs: memory.timeMs }];
}
