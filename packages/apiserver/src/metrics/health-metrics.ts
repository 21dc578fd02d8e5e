/**
 * What became of health checks: what `/metrics/slis` shows.
 *
 * Mirrors: staging/src/k8s.io/component-base/metrics/prometheus/slis (v1.36)
 */
import { Counter, type Metric } from '@kts/base';

export interface HealthMetrics {
  readonly metrics: readonly Metric[];
  /** `type` is `livez`, `readyz` or `healthz`. */
  readonly onCheck: (type: string, name: string, healthy: boolean) => void;
}

export function healthMetrics(): HealthMetrics {
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
    metrics: [last, total],
    onCheck: (type, name, healthy) => {
      last.set([name, type], healthy ? 1 : 0);
      total.add([name, healthy ? 'success' : 'error', type]);
    },
  };
}
