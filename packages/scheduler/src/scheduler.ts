import { pods } from '@kts/api';
import type { Pod } from '@kts/api/types/core-v1';
import { TaskGroup, type Clock, type Component, type Logger, type Random } from '@kts/base';
import type { Client } from '@kts/client';
import { createInformers, type Informers } from '@kts/controlkit';
import { assumeVolumes } from './assumed-volumes.ts';
import {
  reservePlan,
  runBindingCycle,
  takesLong,
  unreservePlan,
  type BindingPlan,
  type PluginRefusal,
} from './binding-cycle.ts';
import { informerListers, watchCluster } from './cluster-watch.ts';
import { watchDevices } from './device-watch.ts';
import type { KubeSchedulerConfiguration } from './configuration/kube-scheduler-configuration.ts';
import { profilesOf } from './configuration/profiles.ts';
import type { Binding } from './framework/binding.ts';
import { ClusterCache } from './framework/cluster-cache.ts';
import { fitMessage } from './framework/diagnosis.ts';
import { NodeRejections } from './framework/node-rejections.ts';
import { unresolvable, type Effect } from './framework/plugin.ts';
import type { PodInfo } from './framework/pod-info.ts';
import type { Profile } from './framework/profile.ts';
import { scheduleOne, type Scheduled, type Unschedulable } from './framework/schedule-one.ts';
import type { Snapshot } from './framework/snapshot.ts';
import { planPodStatus, type PodStatusChange } from './pod-status.ts';
import { PreemptionExecutor } from './preemption.ts';
import { SchedulingQueue, type QueueEntry } from './queue/scheduling-queue.ts';
import { PodEventRecorder, type PodEvent } from './event-recorder.ts';

export interface SchedulerDeps {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Shared with other components, and run by whoever made them; absent: the scheduler has its own. */
  readonly informers?: Informers;
  /** Where the scheduler runs, for its events. */
  readonly hostname?: string;
}

/** Assigns pods to nodes. The configuration must be valid. */
export function createScheduler(configuration: KubeSchedulerConfiguration, deps: SchedulerDeps): Component {
  const ready = Promise.withResolvers<void>();
  return {
    name: 'kube-scheduler',
    ready: ready.promise,
    run: async (signal) => {
      const informers = deps.informers ?? createInformers(deps);
      const group = new TaskGroup(signal);
      const scheduler = new Scheduler(configuration, { ...deps, informers }, group);
      if (!deps.informers) group.start((groupSignal) => informers.run(groupSignal));
      group.start(async () => {
        await Promise.race([informers.synced(), scheduler.stopped]);
        ready.resolve();
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

/** Why a pod is not scheduled, for its condition, its event and the queue. */
interface Failure {
  readonly reason: 'Unschedulable' | 'SchedulerError';
  readonly message: string;
  readonly rejectors: ReadonlySet<string>;
  readonly nominatedNode?: string;
}

const NO_PLUGINS: ReadonlySet<string> = new Set();

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
  /** The last write of each pod's status that is under way. */
  readonly #writes = new Map<string, Promise<void>>();
  #startNodeIndex = 0;
  #bindings = 0;
  #wake: () => void = () => {};

  /** Resolves when the signal is aborted. */
  readonly stopped: Promise<void>;

  constructor(
    configuration: KubeSchedulerConfiguration,
    deps: SchedulerDeps & { readonly informers: Informers },
    group: TaskGroup,
  ) {
    const { client, clock, informers } = deps;
    this.#deps = deps;
    this.#group = group;
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
      initialBackoffMs: (configuration.podInitialBackoffSeconds ?? 1) * 1000,
      maxBackoffMs: (configuration.podMaxBackoffSeconds ?? 10) * 1000,
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
    const loading = loadPlugins(profile, info);
    if (loading === undefined) this.#decide(entry, profile);
    else return this.#decideLater(loading, entry, profile);
    return undefined;
  }

  async #decideLater(loading: Promise<unknown>, entry: QueueEntry, profile: Profile): Promise<void> {
    try {
      await loading;
    } catch (problem) {
      return this.#fail(entry, error(problem instanceof Error ? problem.message : String(problem)));
    }
    this.#decide(entry, profile);
  }

  #decide(entry: QueueEntry, profile: Profile): void {
    const { info } = entry;
    const decision = scheduleOne(this.#snapshot(), info, profile, this.#deps.random);
    if (decision.kind !== 'failed') this.#startNodeIndex = decision.nextStartNodeIndex;
    switch (decision.kind) {
      case 'scheduled':
        return this.#assume(entry, decision, profile);
      case 'unschedulable':
        return this.#reject(entry, decision);
      case 'failed':
        return this.#fail(entry, error(decision.message));
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

  #assume(entry: QueueEntry, { node, cycle }: Scheduled, profile: Profile): void {
    const pod = this.#cache.assumePod(entry.info, node.name);
    this.#queue.nominations.delete(pod.uid);
    const plan: BindingPlan = { pod, node, cycle, profile };
    const problem = this.#reserve(plan);
    if (problem !== undefined) {
      this.#cache.forgetPod(pod.uid);
      this.#fail(entry, problem);
      this.#apply(pod, () => unreservePlan(plan, this.#binding));
      return;
    }
    this.#bindings++;
    this.#group.start(async () => {
      try {
        await this.#bind(entry, plan);
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
      return error(problem instanceof Error ? problem.message : String(problem));
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

  async #bind(entry: QueueEntry, plan: BindingPlan): Promise<void> {
    const { pod, node } = plan;
    const { log } = this.#deps;
    let failure: Failure;
    try {
      if (takesLong(plan)) await this.#patchStatus(entry.info.pod, { nominatedNode: node.name });
      const refusal = await runBindingCycle(plan, this.#binding);
      if (refusal === undefined) {
        log.debug(2, 'Successfully bound pod to node', { pod: pod.key, node: node.name });
        const note = `Successfully assigned ${pod.key} to ${node.name}`;
        this.#tell(pod.pod, { type: 'Normal', reason: 'Scheduled', action: 'Binding', note });
        return;
      }
      failure = refused(plan, refusal);
    } catch (problem) {
      if (this.#group.signal.aborted) return;
      log.warn('Failed to bind pod', { pod: pod.key, node: node.name, error: problem });
      failure = error(problem instanceof Error ? problem.message : String(problem));
    }
    this.#apply(pod, () => unreservePlan(plan, this.#binding));
    this.#cache.forgetPod(pod.uid);
    this.#fail(entry, failure);
    this.#queue.move('Pod/Delete', { before: pod.pod }, ({ uid }) => uid !== pod.uid);
  }

  #reject(entry: QueueEntry, decision: Unschedulable): void {
    const { message, nominatedNode, victims, effects, unschedulablePlugins: rejectors } = decision;
    const failure: Failure = { reason: 'Unschedulable', message, rejectors };
    this.#fail(entry, nominatedNode === undefined ? failure : { ...failure, nominatedNode });
    for (const effect of effects) this.#apply(entry.info, effect);
    if (!nominatedNode || victims.length === 0) return;
    const yielding = this.#nominatedBelow(entry.info, nominatedNode);
    this.#preemption.start(this.#group, entry.info, nominatedNode, victims, yielding);
  }

  #nominatedBelow({ priority }: PodInfo, node: string): readonly PodInfo[] {
    return this.#queue.nominations.byNode.get(node)?.filter((other) => other.priority < priority) ?? [];
  }

  /** Puts the pod back into the queue and says why. */
  #fail(entry: QueueEntry, failure: Failure): void {
    const { info } = entry;
    const current = this.#deps.informers.get(pods).get(info.pod.metadata);
    if (current === undefined || current.metadata.uid !== info.uid || current.spec.nodeName) return;
    this.#queue.requeueUnschedulable(entry, current, failure.rejectors);
    this.#queue.nominations.set(entry.info, failure.nominatedNode);
    const { reason, message, nominatedNode } = failure;
    this.#tell(current, failedScheduling(message));
    const condition = { type: 'PodScheduled', status: 'False', reason, message };
    const change = nominatedNode === undefined ? { condition } : { condition, nominatedNode };
    this.#group.start(async () => {
      await this.#patchStatus(current, change).catch((problem: unknown) => {
        if (!this.#group.signal.aborted) this.#deps.log.warn('Error updating pod', { pod: info.key, error: problem });
      });
    });
  }

  /** In the name of the pod's scheduler; where pods are preempted, in that of the one that preempts. */
  #tell(pod: Pod, event: PodEvent): void {
    this.#recorders.get((event.related ?? pod).spec.schedulerName ?? '')?.event(pod, event);
  }

  /** One write after the other for each pod, each derived from the newest state. */
  async #patchStatus(pod: Pod, change: PodStatusChange): Promise<void> {
    const { namespace, name, uid } = pod.metadata;
    const write = (this.#writes.get(uid) ?? Promise.resolve()).then(async () => {
      const current = this.#deps.informers.get(pods).get({ namespace, name }) ?? pod;
      const body = current.metadata.uid === uid ? planPodStatus(current, change, this.#deps.clock.now()) : undefined;
      if (body === undefined) return;
      const { signal } = this.#group;
      await this.#deps.client.patchStatus(pods, { namespace, name }, { type: 'strategic', body }, { signal });
    });
    const settled = write.catch(() => {});
    this.#writes.set(uid, settled);
    try {
      await write;
    } finally {
      if (this.#writes.get(uid) === settled) this.#writes.delete(uid);
    }
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

function waitingForDevices(node: string): PodEvent {
  const note = `waiting for binding conditions for device on node ${node}`;
  return { type: 'Normal', reason: 'BindingConditionsPending', action: 'Scheduling', note };
}

function failedScheduling(note: string): PodEvent {
  return { type: 'Warning', reason: 'FailedScheduling', action: 'Scheduling', note };
}

function error(message: string): Failure {
  return { reason: 'SchedulerError', message, rejectors: NO_PLUGINS, nominatedNode: '' };
}

/** A refusal of the chosen node is told as if it were the only one. */
function refused({ node }: BindingPlan, { plugin, rejection }: PluginRefusal): Failure {
  const rejections = new NodeRejections([[node, rejection]]);
  const rejectors = new Set([plugin]);
  const message = fitMessage({ nodeCount: 1, rejections, others: unresolvable(), unschedulablePlugins: rejectors });
  return { reason: 'Unschedulable', message, rejectors, nominatedNode: '' };
}
