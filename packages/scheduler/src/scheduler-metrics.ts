import { Counter, gauge, Histogram, MetricRegistry } from '@kts/base';
import type { ExtensionPoint } from './framework/profile.ts';
import type { QueueEntry } from './queue/scheduling-queue.ts';

/**
 * What the scheduler counts and measures, under upstream's names. Times are in seconds.
 *
 * Mirrors: pkg/scheduler/metrics/metrics.go (v1.36)
 * Differs: the durations of single plugins, queueing hints and event handlers, most of them alpha, are not measured.
 */
export type AttemptResult = 'scheduled' | 'unschedulable' | 'error';

export interface MetricSources {
  readonly queue: () => Readonly<Record<'active' | 'backoff' | 'unschedulable' | 'gated', number>>;
  readonly cache: () => Readonly<Record<'nodes' | 'pods' | 'assumed_pods', number>>;
  readonly bindings: () => number;
  /** How many unschedulable pods each plugin of each profile has rejected. */
  readonly rejected: () => Iterable<readonly [plugin: string, profile: string, pods: number]>;
}

export class SchedulerMetrics {
  readonly registry = new MetricRegistry();
  readonly #attempts = this.registry.register(
    new Counter(
      'scheduler_schedule_attempts_total',
      "[STABLE] Number of attempts to schedule pods, by the result. 'unschedulable' means a pod could not be scheduled, while 'error' means an internal scheduler problem.",
      ['result', 'profile'],
    ),
  );
  readonly #attemptDuration = this.#histogram(
    'scheduling_attempt_duration_seconds',
    '[STABLE] Scheduling attempt latency in seconds (scheduling algorithm + binding)',
    ['result', 'profile'],
    exponential(0.001, 2, 15),
  );
  readonly #algorithmDuration = this.#histogram(
    'scheduling_algorithm_duration_seconds',
    '[ALPHA] Scheduling algorithm latency in seconds',
    [],
    exponential(0.001, 2, 15),
  );
  readonly #sliDuration = this.#histogram(
    'pod_scheduling_sli_duration_seconds',
    '[BETA] E2e latency for a pod being scheduled, from the time the pod enters the scheduling queue and might involve multiple scheduling attempts.',
    ['attempts'],
    exponential(0.01, 2, 20),
  );
  readonly #podAttempts = this.#histogram(
    'pod_scheduling_attempts',
    '[STABLE] Number of attempts to successfully schedule a pod.',
    [],
    exponential(1, 2, 5),
  );
  readonly #extensionPoints = this.#histogram(
    'framework_extension_point_duration_seconds',
    '[STABLE] Latency for running all plugins of a specific extension point.',
    ['extension_point', 'status', 'profile'],
    exponential(0.0001, 2, 12),
  );
  readonly #incoming = this.registry.register(
    new Counter(
      'scheduler_queue_incoming_pods_total',
      '[STABLE] Number of pods added to scheduling queues by event and queue type.',
      ['queue', 'event'],
    ),
  );
  readonly #preemptions = this.registry.register(
    new Counter('scheduler_preemption_attempts_total', '[STABLE] Total preemption attempts in the cluster till now'),
  );
  readonly #victims = this.#histogram(
    'preemption_victims',
    '[STABLE] Number of selected preemption victims',
    [],
    exponential(1, 2, 7),
  );
  readonly #afterFlush = this.registry.register(
    new Counter(
      'scheduler_pod_scheduled_after_flush_total',
      '[ALPHA] Number of pods that were successfully scheduled after being flushed from unschedulablePods due to timeout. This metric helps detect potential queueing hint misconfigurations or event handling issues.',
    ),
  );

  constructor({ queue, cache, bindings, rejected }: MetricSources) {
    const read = (name: string, help: string, label: string, values: () => Readonly<Record<string, number>>): void => {
      const entries = (): (readonly [string[], number])[] =>
        Object.entries(values()).map(([key, value]) => [[key], value] as const);
      this.registry.register(gauge(`scheduler_${name}`, help, [label], entries));
    };
    read(
      'pending_pods',
      "[STABLE] Number of pending pods, by the queue type. 'active' means number of pods in activeQ; 'backoff' means number of pods in backoffQ; 'unschedulable' means number of pods in unschedulablePods that the scheduler attempted to schedule and failed; 'gated' is the number of unschedulable pods that the scheduler never attempted to schedule because they are gated.",
      'queue',
      queue,
    );
    read(
      'cache_size',
      '[ALPHA] Number of nodes, pods, and assumed (bound) pods in the scheduler cache.',
      'type',
      cache,
    );
    read(
      'goroutines',
      '[BETA] Number of running goroutines split by the work they do such as binding.',
      'operation',
      () => ({
        binding: bindings(),
      }),
    );
    this.registry.register(
      gauge(
        'scheduler_unschedulable_pods',
        '[BETA] The number of unschedulable pods broken down by plugin name. A pod will increment the gauge for all plugins that caused it to not schedule and so this metric have meaning only when broken down by plugin.',
        ['plugin', 'profile'],
        () => [...rejected()].map(([plugin, profile, pods]) => [[plugin, profile], pods] as const),
      ),
    );
  }

  attempt(result: AttemptResult, profile: string, seconds: number): void {
    this.#attempts.add([result, profile]);
    this.#attemptDuration.observe([result, profile], seconds);
  }

  algorithm(seconds: number): void {
    this.#algorithmDuration.observe([], seconds);
  }

  /** @param seconds since the pod was first looked at. */
  scheduled(attempts: number, seconds: number, afterFlush: boolean): void {
    // Upstream has one series for all pods that took long.
    this.#sliDuration.observe([attempts >= 15 ? '15+' : String(attempts)], seconds);
    this.#podAttempts.observe([], attempts);
    if (afterFlush) this.#afterFlush.add([]);
  }

  extensionPoint(point: ExtensionPoint, status: string, profile: string, seconds: number): void {
    const name = point.charAt(0).toUpperCase() + point.slice(1);
    this.#extensionPoints.observe([name, status, profile], seconds);
  }

  incoming(queue: string, event: string): void {
    this.#incoming.add([queue, event]);
  }

  preemption(victims: number): void {
    this.#preemptions.add([]);
    if (victims > 0) this.#victims.observe([], victims);
  }

  #histogram(name: string, help: string, labels: readonly string[], bounds: readonly number[]): Histogram {
    return this.registry.register(new Histogram(`scheduler_${name}`, help, labels, bounds));
  }
}

function exponential(start: number, factor: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => Number((start * factor ** index).toPrecision(12)));
}

/** How many of the entries each plugin of each profile has rejected. */
export function countRejected(
  entries: Iterable<QueueEntry>,
): readonly (readonly [plugin: string, profile: string, pods: number])[] {
  const counts = new Map<string, readonly [string, string, number]>();
  for (const { info, rejectors } of entries) {
    const { schedulerName = '' } = info.pod.spec;
    for (const plugin of rejectors) {
      const key = `${plugin} ${schedulerName}`;
      counts.set(key, [plugin, schedulerName, (counts.get(key)?.[2] ?? 0) + 1]);
    }
  }
  return [...counts.values()];
}
