/**
 * `/metrics/cadvisor`: the series of cAdvisor that dashboards and alerts are mostly made of.
 *
 * Mirrors: github.com/google/cadvisor (metrics/prometheus.go), as far as a runtime's statistics say the same
 */
import { parseTime } from '@kts/apimachinery';
import type { MachineInfo } from '../../host/node-host.ts';
import type { ContainerStats, MemoryStats, PodStats, Summary } from '../stats/summary.ts';
import type { MetricFamily, MetricSample } from './metric-text.ts';

type Labels = Readonly<Record<string, string>>;

export function containerMetrics(summary: Summary, machine: MachineInfo): readonly MetricFamily[] {
  const perContainer = (sample: (container: ContainerStats, labels: Labels) => readonly MetricSample[]) =>
    summary.pods.flatMap((pod) =>
      pod.containers.flatMap((container) => sample(container, { container: container.name, ...podLabels(pod) })),
    );
  const memory = (name: string, help: string, figure: keyof Omit<MemoryStats, 'timeMs'>): MetricFamily => ({
    name,
    help,
    type: 'gauge',
    samples: perContainer((container, labels) => {
      const value = container.memory?.[figure];
      return value === undefined ? [] : [{ labels, value, timeMs: container.memory!.timeMs }];
    }),
  });
  const network = (name: string, help: string, figure: 'rxBytes' | 'txBytes' | 'rxErrors' | 'txErrors') =>
    networkFamily(summary, name, help, figure);
  return [
    {
      name: 'container_cpu_usage_seconds_total',
      help: 'Cumulative cpu time consumed in seconds.',
      type: 'counter',
      samples: perContainer(({ cpu }, { container, ...labels }) =>
        cpu?.usageCoreNanoSeconds === undefined
          ? []
          : [
              {
                labels: { container: container!, cpu: 'total', ...labels },
                value: cpu.usageCoreNanoSeconds / 1e9,
                timeMs: cpu.timeMs,
              },
            ],
      ),
    },
    memory('container_memory_usage_bytes', 'Current memory usage in bytes, including all memory.', 'usageBytes'),
    memory('container_memory_working_set_bytes', 'Current working set in bytes.', 'workingSetBytes'),
    memory('container_memory_rss', 'Size of RSS in bytes.', 'rssBytes'),
    {
      name: 'container_fs_usage_bytes',
      help: 'Number of bytes that are consumed by the container on this filesystem.',
      type: 'gauge',
      samples: perContainer(({ rootfs }, labels) =>
        rootfs?.usedBytes === undefined ? [] : [{ labels, value: rootfs.usedBytes, timeMs: rootfs.timeMs }],
      ),
    },
    {
      name: 'container_start_time_seconds',
      help: 'Start time of the container since unix epoch in seconds.',
      type: 'gauge',
      samples: perContainer(({ startTime }, labels) =>
        startTime === '' ? [] : [{ labels, value: parseTime(startTime) / 1000 }],
      ),
    },
    network('container_network_receive_bytes_total', 'Cumulative count of bytes received', 'rxBytes'),
    network('container_network_receive_errors_total', 'Cumulative count of errors while receiving', 'rxErrors'),
    network('container_network_transmit_bytes_total', 'Cumulative count of bytes transmitted', 'txBytes'),
    network('container_network_transmit_errors_total', 'Cumulative count of errors while transmitting', 'txErrors'),
    {
      name: 'machine_cpu_cores',
      help: 'Number of logical CPU cores.',
      type: 'gauge',
      samples: [{ value: machine.cpus }],
    },
    {
      name: 'machine_memory_bytes',
      help: 'Amount of memory installed on the machine.',
      type: 'gauge',
      samples: [{ value: machine.memoryBytes }],
    },
  ];
}

function networkFamily(
  { pods }: Summary,
  name: string,
  help: string,
  figure: 'rxBytes' | 'txBytes' | 'rxErrors' | 'txErrors',
): MetricFamily {
  const samples = pods.flatMap((pod) =>
    (pod.network?.interfaces ?? []).flatMap((each): MetricSample[] => {
      const value = each[figure];
      if (value === undefined) return [];
      return [{ labels: { interface: each.name, ...podLabels(pod) }, value, timeMs: pod.network!.timeMs }];
    }),
  );
  return { name, help, type: 'counter', samples };
}

function podLabels({ podRef }: PodStats): Labels {
  return { namespace: podRef.namespace, pod: podRef.name };
}
