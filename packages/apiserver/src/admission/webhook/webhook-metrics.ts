/**
 * Mirrors: staging/src/k8s.io/apiserver/pkg/admission/metrics/metrics.go (v1.36), the part about webhooks
 */
import { type Clock, Counter, Histogram, type Metric } from '@kts/base';
import { StatusError } from '@kts/apimachinery';

import type { Operation } from '../admission.ts';
import { WebhookCallError } from './webhook-errors.ts';

const SECONDS = [0.005, 0.025, 0.1, 0.5, 1, 2.5, 10, 25];
/** Larger codes are counted as this one, so that a webhook cannot make up labels. */
const CODE_MAX = 600;
const OK = 200;

export interface WebhookCallOutcome {
  readonly webhook: string;
  readonly type: 'admit' | 'validating';
  readonly operation: Operation;
  /** By the monotonic clock. */
  readonly started: number;
  /** Absent: the webhook allowed the request. */
  readonly error?: unknown;
  /** A failed call does not refuse the request. */
  readonly ignored?: boolean;
}

export interface WebhookMetrics {
  observe(outcome: WebhookCallOutcome): void;
  readonly metrics: readonly Metric[];
}

export function createWebhookMetrics(clock: Pick<Clock, 'monotonic'>): WebhookMetrics {
  const duration = new Histogram(
    'apiserver_admission_webhook_admission_duration_seconds',
    'Admission webhook latency histogram in seconds, identified by name and broken out for each operation and API resource and type (validate or admit).',
    ['name', 'type', 'operation', 'rejected'],
    SECONDS,
  );
  const rejections = new Counter(
    'apiserver_admission_webhook_rejection_count',
    'Admission webhook rejection count, identified by name and broken out for each admission type (validating or admit) and operation.',
    ['name', 'type', 'operation', 'error_type', 'rejection_code'],
  );
  const failedOpen = new Counter(
    'apiserver_admission_webhook_fail_open_count',
    'Admission webhook fail open count, identified by name and broken out for each admission type (validating or admit).',
    ['name', 'type'],
  );
  const requests = new Counter(
    'apiserver_admission_webhook_request_total',
    'Admission webhook request total, identified by name and broken out for each admission type (validating or admit) and operation.',
    ['name', 'type', 'operation', 'code', 'rejected'],
  );
  return {
    metrics: [duration, rejections, failedOpen, requests],
    observe({ webhook, type, operation, started, error, ignored = false }) {
      const { code, errorType } = classify(error);
      const rejected = error !== undefined && !(ignored && errorType === 'calling_webhook_error');
      const counted = String(Math.min(code, CODE_MAX));
      const seconds = (clock.monotonic() - started) / 1000;
      duration.observe([webhook, type, operation, String(rejected)], seconds);
      requests.add([webhook, type, operation, counted, String(rejected)]);
      if (rejected) rejections.add([webhook, type, operation, errorType, counted]);
      else if (error !== undefined) failedOpen.add([webhook, type]);
    },
  };
}

function classify(error: unknown): { readonly code: number; readonly errorType: string } {
  if (error === undefined) return { code: OK, errorType: 'no_error' };
  if (error instanceof WebhookCallError) return { code: error.code, errorType: 'calling_webhook_error' };
  if (StatusError.is(error) && error.reason !== 'InternalError') return { code: error.code, errorType: 'no_error' };
  return { code: 0, errorType: 'apiserver_internal_error' };
}
