import { cpuUsage, memoryUsage, uptime } from 'node:process';

import { type Clock, gauge, readCounter, type Metric } from '@kts/base';

const single = (name: string, help: string, read: () => number): Metric => gauge(name, help, [], () => [[[], read()]]);

export function processStart(clock: Pick<Clock, 'now'>): Metric {
  const help = 'Start time of the process since unix epoch in seconds.';
  return single('process_start_time_seconds', help, () => clock.now() / 1000 - uptime());
}

/** What every process shows about itself, under Prometheus' usual names. */
export function processMetrics(clock: Pick<Clock, 'now'>): readonly Metric[] {
  return [
    readCounter('process_cpu_seconds_total', 'Total user and system CPU time spent in seconds.', [], () => {
      const { user, system } = cpuUsage();
      return [[[], (user + system) / 1e6]];
    }),
    single('process_resident_memory_bytes', 'Resident memory size in bytes.', () => memoryUsage.rss()),
    processStart(clock),
    single('nodejs_heap_size_used_bytes', 'Used bytes of the JavaScript heap.', () => memoryUsage().heapUsed),
  ];
}
