import type { MetricFamily, MetricSample } from '../server/metrics/metric-text.ts';

type Labels = Readonly<Record<string, string>>;

interface Definition {
  readonly help: string;
  /** Upper bounds of a histogram; absent: a counter. */
  readonly buckets?: readonly number[];
}

/** As client_golang has them. */
const DEFAULT_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const RUNTIME_BUCKETS = Array.from({ length: 14 }, (_, index) => 0.005 * 2.5 ** index);

/** Mirrors: pkg/kubelet/metrics/metrics.go, pkg/kubelet/prober/prober_manager.go (v1.36), a part of them */
const DEFINITIONS = {
  kubelet_evictions: { help: '[ALPHA] Cumulative number of pod evictions by eviction signal' },
  kubelet_pod_worker_duration_seconds: {
    help: '[ALPHA] Duration in seconds to sync a single pod. Broken down by operation type: create, update, or sync',
    buckets: DEFAULT_BUCKETS,
  },
  kubelet_runtime_operations_total: {
    help: '[ALPHA] Cumulative number of runtime operations by operation type.',
  },
  kubelet_runtime_operations_errors_total: {
    help: '[ALPHA] Cumulative number of runtime operation errors by operation type.',
  },
  kubelet_runtime_operations_duration_seconds: {
    help: '[ALPHA] Duration in seconds of runtime operations. Broken down by operation type.',
    buckets: RUNTIME_BUCKETS,
  },
  kubelet_started_containers_total: { help: '[ALPHA] Cumulative number of containers started' },
  kubelet_started_pods_total: { help: '[ALPHA] Cumulative number of pods started' },
  kubelet_terminated_containers_total: { help: '[ALPHA] Cumulative number of container terminations.' },
  prober_probe_total: {
    help: '[BETA] Cumulative number of a liveness, readiness or startup probe for a container by result.',
  },
} as const satisfies Record<string, Definition>;

export type MetricName = keyof typeof DEFINITIONS;

const NO_LABELS: Labels = {};

interface Series {
  readonly labels: Labels;
  count: number;
  sum: number;
  readonly buckets: number[];
}

/** Counts what the kubelet does. */
export class Meter {
  readonly #series = new Map<MetricName, Map<string, Series>>();
  /** Many callers keep their labels and count by them again and again. */
  readonly #keys = new WeakMap<Labels, string>();

  count(name: MetricName, labels: Labels = NO_LABELS): void {
    this.#of(name, labels).count++;
  }

  observe(name: MetricName, labels: Labels, seconds: number): void {
    const series = this.#of(name, labels);
    series.count++;
    series.sum += seconds;
    const bounds = bucketsOf(name);
    for (let index = bounds.length - 1; index >= 0 && seconds <= bounds[index]!; index--) series.buckets[index]!++;
  }

  /** Forgets series, for labels that nobody uses any more. */
  forget(name: MetricName, isGone: (labels: Labels) => boolean): void {
    const all = this.#series.get(name);
    for (const [key, { labels }] of all ?? []) if (isGone(labels)) all!.delete(key);
  }

  /** In order of their names. */
  families(isWanted: (name: MetricName) => boolean): readonly MetricFamily[] {
    return [...this.#series]
      .filter(([name]) => isWanted(name))
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, series]) => {
        const buckets = bucketsOf(name);
        const { help } = DEFINITIONS[name];
        const all = [...series.values()];
        return buckets.length === 0
          ? { name, help, type: 'counter', samples: all.map(({ labels, count }) => ({ labels, value: count })) }
          : { name, help, type: 'histogram', samples: all.flatMap((one) => histogramSamples(one, buckets)) };
      });
  }

  #of(name: MetricName, labels: Labels): Series {
    const all = this.#series.getOrInsertComputed(name, () => new Map());
    return all.getOrInsertComputed(this.#keyOf(labels), () => ({
      labels,
      count: 0,
      sum: 0,
      buckets: bucketsOf(name).map(() => 0),
    }));
  }

  #keyOf(labels: Labels): string {
    let key = this.#keys.get(labels);
    if (key === undefined) {
      key = JSON.stringify(labels);
      this.#keys.set(labels, key);
    }
    return key;
  }
}

function bucketsOf(name: MetricName): readonly number[] {
  return (DEFINITIONS[name] as Definition).buckets ?? [];
}

function histogramSamples({ labels, count, sum, buckets }: Series, bounds: readonly number[]): readonly MetricSample[] {
  return [
    ...bounds.map((bound, index) => ({
      suffix: '_bucket',
      labels: { ...labels, le: String(bound) },
      value: buckets[index]!,
    })),
    { suffix: '_bucket', labels: { ...labels, le: '+Inf' }, value: count },
    { suffix: '_sum', labels, value: sum },
    { suffix: '_count', labels, value: count },
  ];
}
