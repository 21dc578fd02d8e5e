import type { Clock } from '@kts/base';
import { formatMetric } from '@kts/controlkit';

/** What the operating system says of this process. */
export interface ProcessUsage {
  readonly cpuSeconds: number;
  readonly residentBytes: number;
}

/**
 * Metrics that every component of Kubernetes has.
 *
 * Mirrors: staging/src/k8s.io/component-base/metrics/{legacyregistry,prometheus/version} (v1.36)
 */
export function processMetrics(clock: Pick<Clock, 'now'>, usage: () => ProcessUsage): () => readonly string[] {
  const startedAt = clock.now();
  return () => {
    const { cpuSeconds, residentBytes } = usage();
    return [
      ...formatMetric('process_cpu_seconds_total', 'counter', 'Total user and system CPU time spent in seconds.', [
        { value: cpuSeconds },
      ]),
      ...formatMetric('process_resident_memory_bytes', 'gauge', 'Resident memory size in bytes.', [
        { value: residentBytes },
      ]),
      ...formatMetric('process_start_time_seconds', 'gauge', 'Start time of the process since unix epoch in seconds.', [
        { value: startedAt / 1000 },
      ]),
    ];
  };
}
