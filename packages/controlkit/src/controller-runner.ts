import { isConflict, keyText, parseKey, type ObjectKey } from '@kts/apimachinery';
import { aborted, childSignal, TaskGroup, type Clock, type Component, type Logger, type Random } from '@kts/base';
import type { Client } from '@kts/client';

import { controllerSources } from './controller-sources.ts';
import {
  ExpectedError,
  TerminalError,
  type AnyControllerDefinition,
  type ControllerContext,
  type Requeue,
} from './define-controller.ts';
import type { EventRecorder } from './event-recorder.ts';
import { createExpectations } from './expectations.ts';
import type { Informers } from './informers.ts';
import { controllerRateLimiter } from './rate-limiter.ts';
import { WorkQueue, type QueueObserver } from './work-queue.ts';

export interface ControllerDependencies {
  readonly client: Client;
  /** Shared; whoever made them runs them. */
  readonly informers: Informers;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly events: EventRecorder;
  /** Is told what happens in the controller's queue. */
  readonly queueObserver?: QueueObserver | undefined;
  /** Keys worked on at a time, instead of what the definition says. */
  readonly workers?: number | undefined;
}

/** Counts since the start; read by whoever publishes metrics. */
export interface ControllerMetrics {
  readonly queueLength: number;
  /** Keys worked on, whatever the outcome. */
  readonly reconciles: number;
  readonly errors: number;
  /** Errors that were not tried again. */
  readonly dropped: number;
  /** Keys that asked to come back. */
  readonly requeues: number;
}

export interface ControllerRunner extends Component {
  readonly metrics: ControllerMetrics;
  /** Nothing waits, runs or is due later: for tests. */
  readonly idle: boolean;
}

const WORKERS = 5;

/** Runs one controller: owns its queue, workers, expectations and retries. */
export function createControllerRunner(
  definition: AnyControllerDefinition,
  deps: ControllerDependencies,
): ControllerRunner {
  return new Runner(definition, deps);
}

class Runner implements ControllerRunner {
  readonly #definition: AnyControllerDefinition;
  readonly #deps: ControllerDependencies;
  readonly #log: Logger;
  readonly #queue: WorkQueue<string>;
  readonly #ready = Promise.withResolvers<void>();
  readonly #counts = { reconciles: 0, errors: 0, dropped: 0, requeues: 0 };

  constructor(definition: AnyControllerDefinition, deps: ControllerDependencies) {
    this.#definition = definition;
    this.#deps = deps;
    this.#log = deps.log.with({ controller: definition.name });
    const rateLimiter = controllerRateLimiter<string>(deps.clock, definition.backoff);
    this.#queue = new WorkQueue({ clock: deps.clock, rateLimiter, observer: deps.queueObserver });
  }

  get name(): string {
    return this.#definition.name;
  }
  get ready(): Promise<void> {
    return this.#ready.promise;
  }
  get idle(): boolean {
    return this.#queue.idle;
  }
  get metrics(): ControllerMetrics {
    return { ...this.#counts, queueLength: this.#queue.length };
  }

  async run(signal: AbortSignal): Promise<void> {
    using stop = childSignal(signal);
    const context = this.#context(stop.signal);
    this.#definition.setup?.(context);
    const sources = controllerSources(this.#definition, context);
    const unsubscribe = sources.map(({ informer, handlers }) => informer.subscribe(handlers));
    const read = (this.#definition.reads ?? []).map((type) => context.informers.get(type));
    try {
      const informers = [...sources.map(({ informer }) => informer), ...read];
      await Promise.race([Promise.all(informers.map((informer) => informer.synced)), aborted(stop.signal)]);
      await this.#work(context);
    } finally {
      this.#queue.shutdown();
      for (const off of unsubscribe) off();
    }
  }

  async #work(context: ControllerContext): Promise<void> {
    if (context.signal.aborted) return;
    this.#ready.resolve();
    const group = new TaskGroup(context.signal);
    group.signal.addEventListener('abort', () => this.#queue.shutdown(), { once: true });
    for (let worker = 0; worker < (this.#deps.workers ?? this.#definition.workers ?? WORKERS); worker++) {
      group.start(() => this.#worker(context));
    }
    await group.done();
  }

  async #worker(context: ControllerContext): Promise<void> {
    for (let key = await this.#queue.get(); key !== undefined; key = await this.#queue.get()) {
      if (!context.signal.aborted) await this.#reconcile(key, context);
      this.#queue.done(key);
    }
  }

  /** The outcomes: done, again after a time, again after a back-off, dropped. */
  async #reconcile(key: string, context: ControllerContext): Promise<void> {
    this.#counts.reconciles++;
    try {
      const { requeueAfterMs } = await this.#step(parseKey(key), context);
      this.#queue.forget(key);
      if (requeueAfterMs === undefined) return;
      this.#counts.requeues++;
      this.#queue.addAfter(key, requeueAfterMs);
    } catch (error) {
      if (!context.signal.aborted) this.#onError(key, error);
    }
  }

  async #step(key: ObjectKey, context: ControllerContext): Promise<Requeue> {
    const observed = this.#definition.observe(key, context);
    if (observed === undefined) return {};
    const plan = this.#definition.plan(observed);
    const applied = await this.#definition.apply(plan, observed, context);
    return applied?.requeueAfterMs === undefined ? requeueOf(plan) : applied;
  }

  #onError(key: string, error: unknown): void {
    this.#counts.errors++;
    const { retriesMax = Infinity } = this.#definition;
    if (error instanceof TerminalError || this.#queue.failures(key) >= retriesMax) {
      this.#counts.dropped++;
      this.#queue.forget(key);
      this.#log.error('reconcile failed, not tried again', { key, error });
      return;
    }
    // Lost races are part of normal life: the next try reads the newer object.
    if (isConflict(error)) this.#log.debug(2, 'reconcile lost a race', { key, error });
    else if (error instanceof ExpectedError) this.#log.debug(4, 'reconcile has to be tried again', { key, error });
    else this.#log.error('reconcile failed', { key, error });
    this.#queue.addRateLimited(key);
  }

  #context(signal: AbortSignal): ControllerContext {
    const { client, informers, clock, random, events } = this.#deps;
    return {
      client,
      informers,
      clock,
      random,
      events,
      log: this.#log,
      expectations: createExpectations(clock),
      enqueue: (key, afterMs = 0) => this.#queue.addAfter(keyText(key), afterMs),
      signal,
    };
  }
}

function requeueOf(plan: unknown): Requeue {
  return typeof plan === 'object' && plan !== null ? (plan as Requeue) : {};
}
