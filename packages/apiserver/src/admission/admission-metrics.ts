/**
 * Mirrors: staging/src/k8s.io/apiserver/pkg/admission/metrics/metrics.go (v1.36), the part about steps
 */
import { Histogram, type Clock, type Metric } from '@kts/base';

import type { AdmissionAttributes, AdmissionChain } from './admission.ts';

const SECONDS = [0.005, 0.025, 0.1, 0.5, 1, 2.5];

export interface MeasuredAdmission {
  readonly chain: AdmissionChain;
  readonly metrics: readonly Metric[];
}

/** The same chain, with the time that mutating and validating take. */
export function measuredAdmission(chain: AdmissionChain, clock: Pick<Clock, 'monotonic'>): MeasuredAdmission {
  const duration = new Histogram(
    'apiserver_admission_step_admission_duration_seconds',
    'Admission sub-step latency histogram in seconds, broken out for each operation and API resource and step type (validate or admit).',
    ['type', 'operation', 'rejected'],
    SECONDS,
  );
  const known = new Map<string, { observe(value: number): void }>();
  const seriesOf = (type: string, operation: string, rejected: boolean): { observe(value: number): void } =>
    known.getOrInsertComputed(`${type} ${operation} ${rejected}`, () =>
      duration.of([type, operation, String(rejected)]),
    );
  const measure = async (type: 'admit' | 'validate', attributes: AdmissionAttributes): Promise<void> => {
    const started = clock.monotonic();
    let rejected = true;
    try {
      await chain[type](attributes);
      rejected = false;
    } finally {
      seriesOf(type, attributes.operation, rejected).observe((clock.monotonic() - started) / 1000);
    }
  };
  return {
    chain: {
      admit: (attributes) => measure('admit', attributes),
      validate: (attributes) => measure('validate', attributes),
    },
    metrics: [duration],
  };
}
