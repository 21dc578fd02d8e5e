import { cpuUsage, memoryUsage, uptime } from 'node:process';

import { type Clock, gauge, readCounter, type Metric } from '@kts/base';

/** What every process shows about itself, under Prometheus' usual names. */
export function processMetrics(clock: Pick<Clock, 'now'>): readonly Metric[] {
  const single = (name: string, help: string, read: () => number): Metric =>
    gauge(name, help, [], () => [[[], read()]]);
  return [
    readCounter('process_cpu_seconds_total', 'Total user and system CPU time spent in seconds.', [], () => {
      const { user, system } = cpuUsage();
      return [[[], (user + system) / 1e6]];
    }),
    single('process_resident_memory_bytes', 'Resident memory size in bytes.', () => memoryUsage.rss()),
    single(
      'process_start_time_seconds',
      'Start time of the process since unix epoch in seconds.',
      () => clock.now() / 1000 - uptime(),
    ),
    single('nodejs_heap_size_used_bytes', 'Used bytes of the JavaScript heap.', () => memoryUsage().heapUsed),
  ];
}
