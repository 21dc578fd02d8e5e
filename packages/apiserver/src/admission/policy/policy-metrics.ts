/**
 * Mirrors: staging/src/k8s.io/apiserver/pkg/admission/plugin/policy/{validating,mutating}/metrics (v1.36)
 */
import { Counter, Histogram, type Clock, type Metric } from '@kts/base';

const LABELS = ['policy', 'policy_binding', 'error_type', 'enforcement_action'];
const SECONDS = [0.0000005, 0.001, 0.01, 0.1, 1];

export interface PolicyCheck {
  readonly policy: string;
  readonly binding: string;
  readonly action: 'allow' | 'deny' | 'audit' | 'warn';
  /** Empty: the expression was evaluated without an error. */
  readonly error: string;
  /** By the monotonic clock. */
  readonly started: number;
}

export interface PolicyMetrics {
  readonly metrics: readonly Metric[];
  observe(check: PolicyCheck): void;
}

export function createPolicyMetrics(kind: 'validating' | 'mutating', clock: Pick<Clock, 'monotonic'>): PolicyMetrics {
  const about = kind === 'validating' ? 'Validation' : 'Mutation';
  const total = new Counter(
    `apiserver_${kind}_admission_policy_check_total`,
    `${about} admission policy check total, labeled by policy and further identified by binding and enforcement action taken.`,
    LABELS,
  );
  const duration = new Histogram(
    `apiserver_${kind}_admission_policy_check_duration_seconds`,
    `${about} admission latency for individual expressions in seconds, labeled by policy and further including binding and enforcement action taken.`,
    LABELS,
    SECONDS,
  );
  return {
    metrics: [total, duration],
    observe({ policy, binding, action, error, started }) {
      const labels = [policy, binding, errorType(error), action];
      total.add(labels);
      duration.observe(labels, (clock.monotonic() - started) / 1000);
    },
  };
}

function errorType(message: string): string {
  if (message === '') return 'no_error';
  if (message.startsWith('compilation')) return 'compile_error';
  if (message.startsWith('validation failed due to running out of cost budget')) return 'out_of_budget';
  return 'invalid_error';
}
