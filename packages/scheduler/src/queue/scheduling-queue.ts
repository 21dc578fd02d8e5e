import type { Pod } from '@kts/api/types/core-v1';
import { backoffMs } from '@kts/base';
import { eventLabel, podUpdateEvents, type ClusterEvent, type EventObjects } from '../framework/cluster-event.ts';
import { EXTENDER } from '../framework/extender.ts';
import type { Plugin, QueuedPod } from '../framework/plugin.ts';
import { podInfoOf, type PodInfo } from '../framework/pod-info.ts';
import type { Profile } from '../framework/profile.ts';
import { Heap } from './heap.ts';
import { Nominations } from './nominations.ts';

/**
 * The pods that wait to be scheduled. Pure state: time is asked for, never waited for.
 *
 *            add                     pop
 *   (new) ---------> active ----------------> (being scheduled)
 *                      ^  ^                         | requeue
 *      flush, or pop   |  |  event, hint says yes   v
 *      when idle       |  +------------ unschedulable, or gated
 *                      |                            | event, hint says yes, too early
 *                    backoff <----------------------+
 *
 * Mirrors: pkg/scheduler/backend/queue (v1.36)
 * Differs: most pods are scheduled without interruption, so that events are remembered only for those of which `begin`
 * is told; pods that are equal in the order of the queue leave it in the order they came.
 */
export interface QueueOptions {
  readonly profiles: ReadonlyMap<string, Profile>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Default 1 s. */
  readonly initialBackoffMs?: number;
  /** Default 10 s. 0: no back-off. */
  readonly maxBackoffMs?: number;
  /** After so long an unschedulable pod is tried again, whatever happened. Default 5 min. */
  readonly unschedulableMsMax?: number;
  /** Told of every pod that comes into a part of the queue, and because of what. */
  readonly onIncoming?: (queue: 'active' | 'backoff' | 'unschedulable', event: string) => void;
}

/** A pod in the queue. Only the queue changes it. */
export interface QueueEntry extends QueuedPod {
  info: PodInfo;
  timestamp: number;
  readonly sequence: number;
  attempts: number;
  /** How often in a row no node fit, or something went wrong. */
  unschedulableCount: number;
  consecutiveErrors: number;
  /** The plugins that rejected the pod; none after an error. */
  rejectors: Set<string>;
  /** The plugin that keeps the pod out of the active queue. */
  gate?: Plugin | undefined;
  backoffUntil?: number | undefined;
  /** When the pod was first popped. */
  firstAttempt?: number | undefined;
  /** It is tried again only because it has waited for so long. */
  flushed?: boolean | undefined;
}

interface Happening {
  readonly event: ClusterEvent;
  readonly objects: EventObjects;
  readonly concerns: (pod: PodInfo) => boolean;
}

const SCHEDULE_ATTEMPT_FAILURE = 'ScheduleAttemptFailure';
const INITIAL_BACKOFF_MS = 1000;
const MAX_BACKOFF_MS = 10_000;
const UNSCHEDULABLE_MS_MAX = 5 * 60_000;
/** Back-offs end on whole seconds, so that pods which end theirs about the same time leave by priority. */
const ORDERING_WINDOW_MS = 1000;

export class SchedulingQueue {
  readonly nominations = new Nominations();
  readonly #options: QueueOptions;
  readonly #active: Heap<QueueEntry>;
  readonly #backoff: Heap<QueueEntry>;
  /** Pods that failed by error back off without being popped early. */
  readonly #errorBackoff: Heap<QueueEntry>;
  readonly #unschedulable = new Map<string, QueueEntry>();
  /** Pods that a plugin keeps out of the active queue. There may be thousands, and hardly an event concerns them. */
  readonly #gated = new Map<string, QueueEntry>();
  readonly #gateEvents: ReadonlySet<string>;
  /** Pods that are being scheduled while others get a turn, with what has happened since they were popped. */
  readonly #inFlight = new Map<string, Happening[]>();
  /** No unschedulable pod has waited too long before. */
  #nextTimeout = Infinity;
  #sequence = 0;

  constructor(options: QueueOptions) {
    this.#options = options;
    const sort = [...options.profiles.values()].flatMap(({ at }) => at.queueSort)[0]?.plugin;
    const before = (one: QueueEntry, other: QueueEntry): boolean => {
      if (sort?.less?.(one, other)) return true;
      return !sort?.less?.(other, one) && one.sequence < other.sequence;
    };
    const uid = ({ info }: QueueEntry): string => info.uid;
    this.#active = new Heap(uid, before);
    const endsBefore = (one: QueueEntry, other: QueueEntry): boolean => {
      const [first, second] = [this.#backoffEnd(one), this.#backoffEnd(other)];
      return first < second || (first === second && before(one, other));
    };
    this.#backoff = new Heap(uid, endsBefore);
    this.#errorBackoff = new Heap(uid, endsBefore);
    const gates = [...options.profiles.values()].flatMap(({ at }) => at.preEnqueue);
    this.#gateEvents = new Set(gates.flatMap(({ plugin }) => Object.keys(plugin.requeueOn ?? {})));
  }

  get sizes(): Readonly<Record<'active' | 'backoff' | 'unschedulable' | 'gated', number>> {
    return {
      active: this.#active.size,
      backoff: this.#backoff.size + this.#errorBackoff.size,
      unschedulable: this.#unschedulable.size,
      gated: this.#gated.size,
    };
  }

  /** Whether no pod waits for anything to happen, so that nobody needs to be told. */
  get isQuiet(): boolean {
    return this.#unschedulable.size === 0 && this.#gated.size === 0 && this.#inFlight.size === 0;
  }

  /** The pods that a plugin has rejected, in no particular order. */
  *rejected(): IterableIterator<QueueEntry> {
    yield* this.#unschedulable.values();
    yield* this.#gated.values();
    yield* this.#backoff.values();
  }

  has(uid: string): boolean {
    return (
      (this.#active.get(uid) ??
        this.#backoff.get(uid) ??
        this.#errorBackoff.get(uid) ??
        this.#unschedulable.get(uid) ??
        this.#gated.get(uid)) !== undefined
    );
  }

  add(pod: Pod): void {
    const entry: QueueEntry = {
      info: podInfoOf(pod),
      timestamp: this.#options.now(),
      sequence: this.#sequence++,
      attempts: 0,
      unschedulableCount: 0,
      consecutiveErrors: 0,
      rejectors: new Set(),
    };
    if (this.#activate(entry, 'UnschedulablePodAdd')) this.nominations.set(entry.info);
  }

  /** A waiting pod has changed. Its own change may be what it needs. */
  update(before: Pod, after: Pod): void {
    const { uid } = after.metadata;
    for (const heap of [this.#active, this.#backoff, this.#errorBackoff]) {
      const entry = heap.get(uid);
      if (entry === undefined) continue;
      entry.info = podInfoOf(after);
      heap.set(entry);
      this.nominations.update(before, entry.info);
      return;
    }
    const entry = this.#unschedulable.get(uid) ?? this.#gated.get(uid);
    if (entry === undefined) return this.add(after);
    entry.info = podInfoOf(after);
    this.nominations.update(before, entry.info);
    for (const event of podUpdateEvents(before, after)) {
      if (this.#isWorthRequeuing(entry, event, { before, after }) && this.#requeue(entry, eventLabel(event, true)))
        return;
    }
  }

  delete(uid: string): void {
    this.nominations.delete(uid);
    this.#active.delete(uid);
    this.#backoff.delete(uid);
    this.#errorBackoff.delete(uid);
    this.#unschedulable.delete(uid);
    this.#gated.delete(uid);
  }

  /** The next pod to schedule. If there is none, a pod that backs off goes early. */
  pop(): QueueEntry | undefined {
    let entry = this.#active.pop();
    if (entry === undefined) {
      entry = this.#backoff.pop();
      if (entry === undefined) return undefined;
      this.#options.onIncoming?.('active', 'PopFromBackoffQ');
    }
    entry.attempts++;
    entry.firstAttempt ??= this.#options.now();
    return entry;
  }

  /** The pod is being scheduled, and others get a turn meanwhile: what happens until `end` is remembered for it. */
  begin({ info }: QueueEntry): void {
    this.#inFlight.set(info.uid, []);
  }

  end({ info }: QueueEntry): void {
    this.#inFlight.delete(info.uid);
  }

  /** A pod for which no node was found, because of these plugins; no plugins: because of an error. */
  requeueUnschedulable(entry: QueueEntry, pod: Pod, rejectors: ReadonlySet<string>): void {
    if (this.has(entry.info.uid)) return;
    entry.info = podInfoOf(pod);
    entry.timestamp = this.#options.now();
    entry.backoffUntil = undefined;
    entry.flushed = undefined;
    entry.rejectors = new Set(rejectors);
    if (rejectors.size > 0) {
      entry.unschedulableCount++;
      entry.consecutiveErrors = 0;
      this.#unschedulable.set(entry.info.uid, entry);
      this.#nextTimeout = Math.min(this.#nextTimeout, this.#timeoutOf(entry));
      this.#options.onIncoming?.('unschedulable', SCHEDULE_ATTEMPT_FAILURE);
      this.#replay(entry);
    } else {
      entry.consecutiveErrors++;
      this.#requeue(entry, SCHEDULE_ATTEMPT_FAILURE);
    }
  }

  /** Something has happened: pods that may fit now become active, or back off first. */
  move(event: ClusterEvent, objects: EventObjects, concerns: (pod: PodInfo) => boolean = () => true): void {
    for (const missed of this.#inFlight.values()) missed.push({ event, objects, concerns });
    for (const entry of this.#unschedulable.values()) {
      if (concerns(entry.info) && this.#isWorthRequeuing(entry, event, objects)) {
        this.#requeue(entry, eventLabel(event));
      }
    }
    if (!this.#gateEvents.has(event)) return;
    for (const entry of this.#gated.values()) {
      if (entry.gate?.requeueOn?.[event] === undefined || !concerns(entry.info)) continue;
      if (this.#isWorthRequeuing(entry, event, objects)) this.#requeue(entry, eventLabel(event));
    }
  }

  /** What happened while the pod was being scheduled may help it. */
  #replay(entry: QueueEntry): void {
    for (const { event, objects, concerns } of this.#inFlight.get(entry.info.uid) ?? []) {
      if (!concerns(entry.info) || !this.#isWorthRequeuing(entry, event, objects)) continue;
      this.#requeue(entry, eventLabel(event));
      return;
    }
  }

  /** Makes a waiting pod active, also if it backs off. */
  activate(uid: string): void {
    const entry =
      this.#unschedulable.get(uid) ?? this.#gated.get(uid) ?? this.#backoff.get(uid) ?? this.#errorBackoff.get(uid);
    if (entry !== undefined) this.#activate(entry, 'ForceActivate');
  }

  /** Moves what has waited long enough. */
  flush(): void {
    for (const heap of [this.#backoff, this.#errorBackoff]) {
      for (let entry = heap.peek(); entry !== undefined && !this.#isBackingOff(entry); entry = heap.peek()) {
        heap.pop();
        this.#active.set(entry);
        this.#options.onIncoming?.('active', 'BackoffComplete');
      }
    }
    if (this.#options.now() >= this.#nextTimeout) this.#flushUnschedulable();
  }

  #flushUnschedulable(): void {
    const now = this.#options.now();
    this.#nextTimeout = Infinity;
    for (const entry of this.#unschedulable.values()) {
      const timeout = this.#timeoutOf(entry);
      if (now < timeout) {
        this.#nextTimeout = Math.min(this.#nextTimeout, timeout);
      } else {
        entry.flushed = true;
        this.#requeue(entry, 'UnschedulableTimeout');
      }
    }
  }

  #timeoutOf({ timestamp }: QueueEntry): number {
    return timestamp + (this.#options.unschedulableMsMax ?? UNSCHEDULABLE_MS_MAX) + 1;
  }

  /** When `flush` may have something to do; `undefined` if nothing waits for time to pass. */
  nextFlush(): number | undefined {
    const ends = [this.#backoff.peek(), this.#errorBackoff.peek()].flatMap((entry) =>
      // The second in which a back-off ends belongs to it.
      entry === undefined ? [] : [this.#backoffEnd(entry) + ORDERING_WINDOW_MS],
    );
    if (this.#nextTimeout !== Infinity) ends.push(this.#nextTimeout);
    return ends.length === 0 ? undefined : ends.reduce((one, other) => Math.min(one, other));
  }

  #isWorthRequeuing({ info, rejectors }: QueueEntry, event: ClusterEvent, objects: EventObjects): boolean {
    // Extenders do not say what helps.
    if (rejectors.size === 0 || rejectors.has(EXTENDER)) return true;
    const profile = this.#options.profiles.get(info.pod.spec.schedulerName ?? '');
    if (profile === undefined) return true;
    return profile.plugins.some(
      ({ name, requeueOn }) => rejectors.has(name) && requeueOn?.[event]?.(info.pod, objects as EventObjects<never>),
    );
  }

  /** To the active queue, or to the back-off queue if it is too early. Returns whether the pod is in one of them. */
  #requeue(entry: QueueEntry, why: string): boolean {
    if (!this.#isBackingOff(entry)) return this.#activate(entry, why);
    if (this.#isGated(entry)) return false;
    this.#unschedulable.delete(entry.info.uid);
    this.#gated.delete(entry.info.uid);
    (entry.rejectors.size === 0 ? this.#errorBackoff : this.#backoff).set(entry);
    this.#options.onIncoming?.('backoff', why);
    return true;
  }

  #activate(entry: QueueEntry, why: string): boolean {
    const { uid } = entry.info;
    if (this.#isGated(entry)) return false;
    this.#unschedulable.delete(uid);
    this.#gated.delete(uid);
    this.#backoff.delete(uid);
    this.#errorBackoff.delete(uid);
    this.#active.set(entry);
    this.#options.onIncoming?.('active', why);
    return true;
  }

  /** Asks the plugins whether the pod may enter the queue, first the one that said no the last time. */
  #isGated(entry: QueueEntry): boolean {
    const { pod, uid } = entry.info;
    const plugins =
      this.#options.profiles.get(pod.spec.schedulerName ?? '')?.at.preEnqueue.map(({ plugin }) => plugin) ?? [];
    entry.gate = [...plugins.filter((plugin) => plugin === entry.gate), ...plugins].find((plugin) =>
      plugin.preEnqueue!(pod),
    );
    if (entry.gate === undefined) return false;
    entry.rejectors.add(entry.gate.name);
    this.#backoff.delete(uid);
    this.#errorBackoff.delete(uid);
    this.#unschedulable.delete(uid);
    this.#gated.set(uid, entry);
    return true;
  }

  #isBackingOff(entry: QueueEntry): boolean {
    return this.#backoffEnd(entry) >= wholeWindows(this.#options.now());
  }

  #backoffEnd(entry: QueueEntry): number {
    const maxMs = this.#options.maxBackoffMs ?? MAX_BACKOFF_MS;
    const failures = entry.consecutiveErrors || entry.unschedulableCount;
    if (maxMs === 0 || failures === 0) return -Infinity;
    const initialMs = this.#options.initialBackoffMs ?? INITIAL_BACKOFF_MS;
    entry.backoffUntil ??= wholeWindows(entry.timestamp + backoffMs({ initialMs, factor: 2, maxMs }, failures));
    return entry.backoffUntil;
  }
}

function wholeWindows(ms: number): number {
  return ms - (ms % ORDERING_WINDOW_MS);
}
