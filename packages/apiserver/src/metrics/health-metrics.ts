/**
 * What became of health checks, and since when: what `/metrics/slis` shows.
 *
 * Mirrors: staging/src/k8s.io/component-base/metrics/prometheus/slis (v1.36)
 */
import { Counter, type Clock, type Metric } from '@kts/base';

import { processStart } from './process-metrics.ts';

export interface HealthMetrics {
  readonly metrics: readonly Metric[];
  /** `type` is `livez`, `readyz` or `healthz`. */
  readonly onCheck: (type: string, name: string, healthy: boolean) => void;
}

export function healthMetrics(clock: Pick<Clock, 'now'>): HealthMetrics {
  const last = new Counter(
    'kubernetes_healthcheck',
    '[STABLE] This metric records the result of a single healthcheck.',
    ['name', 'type'],
    'gauge',
  );
  const total = new Counter(
    'kubernetes_healthchecks_total',
    '[STABLE] This metric records the results of all healthcheck.',
    ['name', 'status', 'type'],
  );
  return {
    metrics: [last, total, processStart(clock)],
    onCheck: (type, name, healthy) => {
      last.set([name, type], healthy ? 1 : 0);
      total.add([name, healthy ? 'success' : 'error', type]);
    },
  };
}
