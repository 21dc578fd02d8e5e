/**
 * How long keys wait in work queues, and how long they take.
 *
 * Mirrors: staging/src/k8s.io/component-base/metrics/prometheus/workqueue/metrics.go (v1.36)
 */
import type { Clock } from '@kts/base';

import type { QueueObserver } from '../work-queue.ts';
import { formatHistograms, formatMetric, Histogram, type Sample } from './metrics-text.ts';

/** From 10 ns on, each ten times the last. */
const BOUNDS = Array.from({ length: 12 }, (_, index) => Number(`1e${index - 8}`));

interface QueueNumbers {
  readonly added: Map<unknown, number>;
  readonly started: Map<unknown, number>;
  readonly waiting: Histogram;
  readonly working: Histogram;
  adds: number;
  retries: number;
}

/** Numbers of all queues of a process. */
export class QueueMetrics {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #queues = new Map<string, QueueNumbers>();

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** What a queue of that name tells. Several may have one name. */
  observer(name: string): QueueObserver {
    const numbers = this.#queues.getOrInsertComputed(name, () => ({
      added: new Map(),
      started: new Map(),
      waiting: new Histogram(BOUNDS),
      working: new Histogram(BOUNDS),
      adds: 0,
      retries: 0,
    }));
    return {
      added: (key) => {
        numbers.adds++;
        if (!numbers.added.has(key)) numbers.added.set(key, this.#clock.monotonic());
      },
      taken: (key) => {
        const now = this.#clock.monotonic();
        numbers.waiting.observe((now - (numbers.added.get(key) ?? now)) / 1000);
        numbers.added.delete(key);
        numbers.started.set(key, now);
      },
      done: (key) => {
        const now = this.#clock.monotonic();
        numbers.working.observe((now - (numbers.started.get(key) ?? now)) / 1000);
        numbers.started.delete(key);
      },
      retried: () => void numbers.retries++,
    };
  }

  lines(): readonly string[] {
    const queues = [...this.#queues].toSorted(([a], [b]) => (a < b ? -1 : 1));
    const samples = (valueOf: (numbers: QueueNumbers) => number): readonly Sample[] =>
      queues.map(([name, numbers]) => ({ labels: { name }, value: valueOf(numbers) }));
    const histograms = (of: (numbers: QueueNumbers) => Histogram): Parameters<typeof formatHistograms>[2] =>
      queues.map(([name, numbers]) => ({ labels: { name }, histogram: of(numbers) }));
    const seconds = (times: ReadonlyMap<unknown, number>): readonly number[] =>
      [...times.values()].map((since) => (this.#clock.monotonic() - since) / 1000);
    const gauge = (name: string, help: string, valueOf: (numbers: QueueNumbers) => number): readonly string[] =>
      formatMetric(name, 'gauge', `[ALPHA] ${help}`, samples(valueOf));
    const counter = (name: string, help: string, valueOf: (numbers: QueueNumbers) => number): readonly string[] =>
      formatMetric(name, 'counter', `[ALPHA] ${help}`, samples(valueOf));
    return [
      ...counter('workqueue_adds_total', 'Total number of adds handled by workqueue', ({ adds }) => adds),
      ...gauge('workqueue_depth', 'Current depth of workqueue', ({ added }) => added.size),
      ...gauge(
        'workqueue_longest_running_processor_seconds',
        'How many seconds has the longest running processor for workqueue been running.',
        ({ started }) => Math.max(0, ...seconds(started)),
      ),
      ...formatHistograms(
        'workqueue_queue_duration_seconds',
        '[ALPHA] How long in seconds an item stays in workqueue before being requested.',
        histograms(({ waiting }) => waiting),
      ),
      ...counter('workqueue_retries_total', 'Total number of retries handled by workqueue', ({ retries }) => retries),
      ...gauge(
        'workqueue_unfinished_work_seconds',
        "How many seconds of work has done that is in progress and hasn't been observed by work_duration.",
        ({ started }) => seconds(started).reduce((sum, each) => sum + each, 0),
      ),
      ...formatHistograms(
        'workqueue_work_duration_seconds',
        '[ALPHA] How long in seconds processing an item from workqueue takes.',
        histograms(({ working }) => working),
      ),
    ];
  }
}
