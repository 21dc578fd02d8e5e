import { pods } from '@kts/api';
import type { Pod } from '@kts/api/types/core-v1';
import { TaskGroup, type Clock, type Component, type Logger, type Random } from '@kts/base';
import type { Client } from '@kts/client';
import { createInformers, type Informers } from '@kts/controlkit';
import { assumeVolumes } from './assumed-volumes.ts';
import { reservePlan, runBindingCycle, takesLong, unreservePlan, type BindingPlan } from './binding-cycle.ts';
import { informerListers, watchCluster } from './cluster-watch.ts';
import { watchDevices } from './device-watch.ts';
import { defaultConfiguration, type CompleteConfiguration } from './configuration/default-configuration.ts';
import type { KubeSchedulerConfiguration } from './configuration/kube-scheduler-configuration.ts';
import { profilesOf } from './configuration/profiles.ts';
import type { Binding } from './framework/binding.ts';
import { ClusterCache } from './framework/cluster-cache.ts';
import { consult, type Consultation, type Extender } from './framework/extender.ts';
import type { Effect } from './framework/plugin.ts';
import type { PodInfo } from './framework/pod-info.ts';
import type { ExtensionPoint, Profile } from './framework/profile.ts';
import {
  decide,
  decideAlone,
  type Decision,
  type Scheduled,
  type Stopwatch,
  type Unschedulable,
} from './framework/schedule-one.ts';
import type { Snapshot } from './framework/snapshot.ts';
import { exposePodResources } from './pod-resource-metrics.ts';
import { PodStatusWriter } from './pod-status-writer.ts';
import { PreemptionExecutor } from './preemption.ts';
import { SchedulingQueue, type QueueEntry } from './queue/scheduling-queue.ts';
import { failedScheduling, PodEventRecorder, waitingForDevices, type PodEvent } from './event-recorder.ts';
import { failureFrom, failureOf, refused, type Failure } from './failure.ts';
import type { HttpExtenderDeps } from './http-extender.ts';
import { countRejected, SchedulerMetrics } from './scheduler-metrics.ts';

export interface SchedulerDeps {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Shared with other components, and run by whoever made them; absent: the scheduler has its own. */
  readonly informers?: Informers;
  /** Where the scheduler runs, for its events. */
  readonly hostname?: string;
  /** After so long an unschedulable pod is tried again, whatever happened. Default 5 min. */
  readonly podMaxInUnschedulablePodsMs?: number;
  /** Until this resolves the scheduler only follows what happens. */
  readonly turn?: Promise<void>;
}

export interface SchedulerComponent extends Component {
  /** In Prometheus' text form; empty until it runs. */
  readonly metrics: () => string;
  /** What each pod requests and may use, in the same form. */
  readonly podResources: () => string;
}

/** Assigns pods to nodes. Throws for plugins that do not exist; otherwise the configuration must be valid. */
export function createScheduler(configuration: KubeSchedulerConfiguration, deps: SchedulerDeps): SchedulerComponent {
  const ready = Promise.withResolvers<void>();
  const complete = defaultConfiguration(configuration);
  // What is wrong with plugins shows before anything is started.
  profilesOf(complete);
  let running: Scheduler | undefined;
  let isSynced = false;
  return {
    name: 'kube-scheduler',
    ready: ready.promise,
    metrics: () => running?.metrics.registry.expose() ?? '',
    podResources: () => running?.podResources() ?? '',
    healthChecks: [
      {
        name: 'sched-handler-sync',
        check: () => (isSynced ? Promise.resolve() : Promise.reject(new Error('handlers are not fully synchronized'))),
      },
    ],
    run: async (signal) => {
      const informers = deps.informers ?? createInformers(deps);
      const group = new TaskGroup(signal);
      const extenders = await loadExtenders(complete, { clock: deps.clock, signal: group.signal });
      const scheduler = new Scheduler(complete, extenders, { ...deps, informers }, group);
      running = scheduler;
      if (!deps.informers) group.start((groupSignal) => informers.run(groupSignal));
      group.start(async () => {
        await Promise.race([informers.synced(), scheduler.stopped]);
        isSynced = true;
        ready.resolve();
        await Promise.race([deps.turn, scheduler.stopped]);
        await scheduler.run();
      });
      await group.done();
    },
  };
}

/** How long pods are scheduled without letting anything else run. */
const SLICE_MS_MAX = 5;
/** Bindings under way at a time. */
const BINDINGS_MAX = 256;

/** One try to schedule one pod. */
interface Attempt {
  readonly entry: QueueEntry;
  readonly profile: Profile;
  /** On the monotonic clock. */
  readonly started: number;
}

/**
 * The loop around the pure core: takes a pod from the queue, decides, assumes the decision, and writes it in the
 * background while the next pod is decided.
 *
 * Mirrors: pkg/scheduler/schedule_one.go (v1.36)
 * Differs: pod status is patched in order per pod, not through a dispatcher that merges calls.
 */
class Scheduler {
  readonly #deps: SchedulerDeps & { readonly informers: Informers };
  readonly #group: TaskGroup;
  readonly #profiles: ReadonlyMap<string, Profile>;
  readonly #cache = new ClusterCache();
  readonly #queue: SchedulingQueue;
  readonly #preemption: PreemptionExecutor;
  readonly #binding: Binding;
  /** One per profile: each scheduler name speaks for itself. */
  readonly #recorders: ReadonlyMap<string, PodEventRecorder>;
  readonly #status: PodStatusWriter;
  readonly #extenders: readonly Extender[];
  #startNodeIndex = 0;
  #bindings = 0;
  #wake: () => void = () => {};

  /** Resolves when the signal is aborted. */
  readonly stopped: Promise<void>;
  readonly metrics: SchedulerMetrics;

  constructor(
    configuration: CompleteConfiguration,
    extenders: readonly Extender[],
    deps: SchedulerDeps & { readonly informers: Informers },
    group: TaskGroup,
  ) {
    const { client, clock, informers } = deps;
    this.#deps = deps;
    this.#group = group;
    this.#status = new PodStatusWriter({ client, clock, pods: informers.get(pods), signal: group.signal });
    this.#extenders = extenders;
    const onWaiting = (pod: Pod, node: string): void => this.#tell(pod, waitingForDevices(node));
    const devices = watchDevices({ ...deps, onWaiting });
    this.#profiles = profilesOf(configuration, {
      isPreempting: (uid) => this.#preemption.isPreempting(uid),
      devices: devices.host,
    });
    const recorderOf = (name: string): PodEventRecorder =>
      new PodEventRecorder(name, `${name}-${deps.hostname ?? 'localhost'}`, deps);
    this.#recorders = new Map([...this.#profiles.keys()].map((name) => [name, recorderOf(name)]));
    for (const recorder of this.#recorders.values()) group.start((signal) => recorder.run(signal));
    this.#queue = new SchedulingQueue({
      profiles: this.#profiles,
      now: () => clock.now(),
      initialBackoffMs: configuration.podInitialBackoffSeconds * 1000,
      maxBackoffMs: configuration.podMaxBackoffSeconds * 1000,
      ...(deps.podMaxInUnschedulablePodsMs && { unschedulableMsMax: deps.podMaxInUnschedulablePodsMs }),
      onIncoming: (queue, event) => this.metrics.incoming(queue, event),
    });
    this.metrics = new SchedulerMetrics({
      queue: () => this.#queue.sizes,
      cache: () => this.#cache.sizes,
      bindings: () => this.#bindings,
      rejected: () => countRejected(this.#queue.rejected()),
    });
    this.#preemption = new PreemptionExecutor({
      ...deps,
      pods: informers.get(pods),
      onPreempted: (victim, related, note) =>
        this.#tell(victim, { type: 'Normal', reason: 'Preempted', action: 'Preempting', note, related }),
      onFailure: (uid) => {
        this.#queue.activate(uid);
        this.#wake();
      },
    });
    const { listers, assumptions } = assumeVolumes(informerListers(informers));
    this.#binding = { client, clock, listers, assumptions, signal: group.signal };
    const { promise, resolve } = Promise.withResolvers<void>();
    this.stopped = promise;
    const stopWatching = watchCluster({
      informers,
      cache: this.#cache,
      queue: this.#queue,
      isResponsible: (pod) => this.#profiles.has(pod.spec.schedulerName ?? ''),
      wake: () => this.#wake(),
    });
    const onAbort = (): void => {
      stopWatching();
      devices.stop();
      this.#wake();
      resolve();
    };
    if (group.signal.aborted) onAbort();
    else group.signal.addEventListener('abort', onAbort, { once: true });
  }

  podResources(): string {
    return exposePodResources(this.#deps.informers.get(pods).list());
  }

  /** Until the signal. */
  async run(): Promise<void> {
    const { signal } = this.#group;
    while (!signal.aborted) {
      const deadline = this.#deps.clock.monotonic() + SLICE_MS_MAX;
      let entry: QueueEntry | undefined;
      do {
        this.#queue.flush();
        entry = this.#bindings < BINDINGS_MAX ? this.#queue.pop() : undefined;
        // Most pods are decided at once; a few have to wait for something to be loaded.
        const waiting = entry && this.#schedule(entry);
        if (waiting !== undefined) await waiting;
      } while (entry !== undefined && this.#deps.clock.monotonic() < deadline);
      if (entry === undefined) await this.#idle();
      else await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }

  /** Waits until something happens, or until a pod has backed off long enough. */
  async #idle(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const next = this.#queue.nextFlush();
    const timer = next === undefined ? undefined : this.#deps.clock.after(next - this.#deps.clock.now(), resolve);
    this.#wake = resolve;
    await promise;
    timer?.cancel();
    this.#wake = () => {};
  }

  #schedule(entry: QueueEntry): Promise<void> | undefined {
    const { info } = entry;
    const { metadata, spec } = info.pod;
    const profile = this.#profiles.get(spec.schedulerName ?? '');
    if (profile === undefined || this.#cache.isAssumed(info.uid)) return undefined;
    if (metadata.deletionTimestamp !== undefined) {
      this.#tell(info.pod, failedScheduling(`skip schedule deleting pod: ${info.key}`));
      return undefined;
    }
    const attempt: Attempt = { entry, profile, started: this.#deps.clock.monotonic() };
    const loading = loadPlugins(profile, info);
    if (loading !== undefined || this.#extenders.length > 0) return this.#decideLater(loading, attempt);
    this.#carryOut(attempt, decideAlone(this.#decision(attempt)));
    return undefined;
  }

  /** Where something is to be loaded first, or extenders are to be asked. */
  async #decideLater(loading: Promise<unknown> | undefined, attempt: Attempt): Promise<void> {
    this.#queue.begin(attempt.entry);
    try {
      await loading;
      this.#carryOut(attempt, await consult(this.#decision(attempt)));
    } catch (problem) {
      this.#fail(attempt, failureFrom(problem));
    } finally {
      this.#queue.end(attempt.entry);
    }
  }

  #decision({ entry, profile }: Attempt): Consultation<Decision> {
    const { clock, random } = this.#deps;
    const stopwatch: Stopwatch = {
      monotonic: () => clock.monotonic(),
      observe: (point, isSuccess, ms) => this.#observe(point, isSuccess, profile, ms),
    };
    return decide(this.#snapshot(), entry.info, { profile, random, extenders: this.#extenders, stopwatch });
  }

  #observe(point: ExtensionPoint, isSuccess: boolean, { schedulerName }: Profile, ms: number): void {
    this.metrics.extensionPoint(point, isSuccess ? 'Success' : 'Error', schedulerName, ms / 1000);
  }

  #carryOut(attempt: Attempt, decision: Decision): void {
    this.metrics.algorithm((this.#deps.clock.monotonic() - attempt.started) / 1000);
    if (decision.kind !== 'failed') this.#startNodeIndex = decision.nextStartNodeIndex;
    switch (decision.kind) {
      case 'scheduled':
        return this.#assume(attempt, decision);
      case 'unschedulable':
        return this.#reject(attempt, decision);
      case 'failed':
        return this.#fail(attempt, failureOf(decision.message));
    }
  }

  #snapshot(): Snapshot {
    return {
      ...this.#cache.view(),
      nominated: this.#queue.nominations.byNode,
      listers: this.#binding.listers,
      startNodeIndex: this.#startNodeIndex,
      now: this.#deps.clock.now(),
    };
  }

  #assume(attempt: Attempt, { node, cycle }: Scheduled): void {
    const { entry, profile } = attempt;
    const pod = this.#cache.assumePod(entry.info, node.name);
    this.#queue.nominations.delete(pod.uid);
    const plan: BindingPlan = { pod, node, cycle, profile };
    const problem = this.#reserve(plan);
    if (problem !== undefined) {
      this.#cache.forgetPod(pod.uid);
      this.#fail(attempt, problem);
      this.#apply(pod, () => unreservePlan(plan, this.#binding));
      return;
    }
    this.#bindings++;
    this.#group.start(async () => {
      try {
        await this.#bind(attempt, plan);
      } finally {
        this.#bindings--;
        this.#wake();
      }
    });
  }

  #reserve(plan: BindingPlan): Failure | undefined {
    try {
      const refusal = reservePlan(plan, this.#binding);
      return refusal && refused(plan, refusal);
    } catch (problem) {
      return failureFrom(problem);
    }
  }

  /** Writes, in the background, what follows from a decision. */
  #apply(pod: PodInfo, effect: Effect): void {
    this.#group.start(async () => {
      try {
        await effect(this.#binding);
      } catch (problem) {
        if (!this.#group.signal.aborted) this.#deps.log.warn('Error scheduling pod', { pod: pod.key, error: problem });
      }
    });
  }

  async #bind(attempt: Attempt, plan: BindingPlan): Promise<void> {
    const { entry, profile, started } = attempt;
    const { pod, node } = plan;
    const { clock, log } = this.#deps;
    let failure: Failure;
    try {
      if (takesLong(plan)) await this.#status.patch(entry.info.pod, { nominatedNode: node.name });
      const refusal = await runBindingCycle(plan, this.#binding, this.#extenders);
      if (refusal === undefined) {
        log.debug(2, 'Successfully bound pod to node', { pod: pod.key, node: node.name });
        const note = `Successfully assigned ${pod.key} to ${node.name}`;
        this.#tell(pod.pod, { type: 'Normal', reason: 'Scheduled', action: 'Binding', note });
        this.metrics.attempt('scheduled', profile.schedulerName, (clock.monotonic() - started) / 1000);
        const { attempts, firstAttempt, flushed = false } = entry;
        this.metrics.scheduled(attempts, (clock.now() - (firstAttempt ?? clock.now())) / 1000, flushed);
        return;
      }
      failure = refused(plan, refusal);
    } catch (problem) {
      if (this.#group.signal.aborted) return;
      log.warn('Failed to bind pod', { pod: pod.key, node: node.name, error: problem });
      failure = failureFrom(problem);
    }
    this.#apply(pod, () => unreservePlan(plan, this.#binding));
    this.#cache.forgetPod(pod.uid);
    this.#fail(attempt, failure);
    this.#queue.move('Pod/Delete', { before: pod.pod }, ({ uid }) => uid !== pod.uid);
  }

  #reject(attempt: Attempt, decision: Unschedulable): void {
    const { entry } = attempt;
    const { message, nominatedNode, victims, effects, unschedulablePlugins: rejectors } = decision;
    const failure: Failure = { reason: 'Unschedulable', message, rejectors };
    this.#fail(attempt, nominatedNode === undefined ? failure : { ...failure, nominatedNode });
    this.metrics.preemption(victims.length);
    for (const effect of effects) this.#apply(entry.info, effect);
    if (!nominatedNode || victims.length === 0) return;
    const yielding = this.#nominatedBelow(entry.info, nominatedNode);
    this.#preemption.start(this.#group, entry.info, nominatedNode, victims, yielding);
  }

  #nominatedBelow({ priority }: PodInfo, node: string): readonly PodInfo[] {
    return this.#queue.nominations.byNode.get(node)?.filter((other) => other.priority < priority) ?? [];
  }

  /** Puts the pod back into the queue and says why. */
  #fail({ entry, profile, started }: Attempt, failure: Failure): void {
    const { info } = entry;
    const result = failure.reason === 'Unschedulable' ? 'unschedulable' : 'error';
    this.metrics.attempt(result, profile.schedulerName, (this.#deps.clock.monotonic() - started) / 1000);
    const current = this.#deps.informers.get(pods).get(info.pod.metadata);
    if (current === undefined || current.metadata.uid !== info.uid || current.spec.nodeName) return;
    this.#queue.requeueUnschedulable(entry, current, failure.rejectors);
    this.#queue.nominations.set(entry.info, failure.nominatedNode);
    const { reason, message, nominatedNode } = failure;
    this.#tell(current, failedScheduling(message));
    const condition = { type: 'PodScheduled', status: 'False', reason, message };
    const change = nominatedNode === undefined ? { condition } : { condition, nominatedNode };
    this.#group.start(async () => {
      await this.#status.patch(current, change).catch((problem: unknown) => {
        if (!this.#group.signal.aborted) this.#deps.log.warn('Error updating pod', { pod: info.key, error: problem });
      });
    });
  }

  /** In the name of the pod's scheduler; where pods are preempted, in that of the one that preempts. */
  #tell(pod: Pod, event: PodEvent): void {
    this.#recorders.get((event.related ?? pod).spec.schedulerName ?? '')?.event(pod, event);
  }
}

function loadPlugins(profile: Profile, info: PodInfo): Promise<unknown> | undefined {
  let loading: Promise<void>[] | undefined;
  for (const plugin of profile.plugins) {
    const promise = plugin.load?.(info);
    if (promise !== undefined) (loading ??= []).push(promise);
  }
  return loading && Promise.all(loading);
}

/** Few schedulers have any. Those that pods can do without are asked last. */
async function loadExtenders(
  { extenders = [] }: CompleteConfiguration,
  deps: HttpExtenderDeps,
): Promise<readonly Extender[]> {
  if (extenders.length === 0) return [];
  const { createHttpExtender } = await import('./http-extender.ts');
  const all = extenders.map((config) => createHttpExtender(config, deps));
  return [...all.filter(({ ignorable }) => !ignorable), ...all.filter(({ ignorable }) => ignorable)];
}
