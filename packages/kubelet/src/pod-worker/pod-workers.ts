import type { Pod } from '@kts/api/types/core-v1';
import { childSignal, type Clock, type Logger, type Random, type Timer } from '@kts/base';
import type { PodEviction } from '../status/pod-status.ts';
import {
  beginWork,
  completeWork,
  couldHaveRunningContainers,
  orphanVerdict,
  receiveUpdate,
  type PodUpdate,
  type PodWorkerState,
  type RuntimePod,
  type WorkType,
} from './pod-worker-state.ts';

/** What a pod's worker does; each method is one piece of work that may be tried again. */
export interface PodSyncer {
  sync(pod: Pod, updateType: PodUpdate['type'], signal: AbortSignal): Promise<SyncResult>;
  /** Stops the containers; without a grace period, each gets what the pod's spec says. */
  syncTerminating(
    pod: Pod,
    gracePeriodSeconds: number | undefined,
    eviction: PodEviction | undefined,
    signal: AbortSignal,
  ): Promise<void>;
  syncTerminatingRuntimePod(pod: RuntimePod, signal: AbortSignal): Promise<void>;
  /** Cleans up after the containers have stopped. */
  syncTerminated(pod: Pod, eviction: PodEviction | undefined, signal: AbortSignal): Promise<void>;
  /** The pod has ended on this node already: neither the API nor the runtime has anything of it that runs. */
  hasEnded(pod: Pod): boolean;
}

export interface SyncResult {
  /** All containers have ended for good. */
  readonly isTerminal: boolean;
  /** `changed`: the runtime has news. `again`: there is more to do at once. */
  readonly next: 'nothing' | 'changed' | 'again';
}

/** A failed piece of work that says when the next try makes sense. */
export class RetryLater extends Error {
  override readonly name = 'RetryLater';
  readonly afterMs: number;

  constructor(message: string, afterMs: number) {
    super(message);
    this.afterMs = afterMs;
  }
}

interface Worker {
  state: PodWorkerState;
  readonly fullName: string;
  abort: (() => void) | undefined;
  running: Promise<void> | undefined;
  timer: Timer | undefined;
}

const RESYNC_JITTER = 0.5;
const BACK_OFF_MS = 10_000;
const BACK_OFF_JITTER = 0.5;

/**
 * One worker per pod: work on different pods goes on side by side, work on the same pod never does.
 *
 * Mirrors: pkg/kubelet/pod_workers.go (v1.36)
 */
export class PodWorkers {
  readonly #syncer: PodSyncer;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #log: Logger;
  readonly #resyncMs: number;
  readonly #signal: AbortSignal;
  readonly #latestPod: (uid: string) => Pod | undefined;
  readonly #onChanged: () => void;
  readonly #onSynced: (type: PodUpdate['type'], ms: number) => void;
  readonly #workers = new Map<string, Worker>();

  constructor(options: {
    readonly syncer: PodSyncer;
    readonly clock: Clock;
    readonly random: Random;
    readonly log: Logger;
    readonly resyncMs: number;
    readonly signal: AbortSignal;
    /** The pod as the kubelet has it now, for work that starts later than the update that asked for it. */
    readonly latestPod: (uid: string) => Pod | undefined;
    /** A worker has changed something in the runtime: looking at it is worth while. */
    readonly onChanged: () => void;
    /** A sync is over; how long it took. */
    readonly onSynced: (type: PodUpdate['type'], ms: number) => void;
  }) {
    this.#syncer = options.syncer;
    this.#clock = options.clock;
    this.#random = options.random;
    this.#log = options.log;
    this.#resyncMs = options.resyncMs;
    this.#signal = options.signal;
    this.#latestPod = options.latestPod;
    this.#onChanged = options.onChanged;
    this.#onSynced = options.onSynced;
  }

  update(update: PodUpdate): void {
    if (this.#signal.aborted) return;
    const subject = update.pod?.metadata ?? update.runtimePod!;
    const worker = this.#workers.get(subject.uid);
    const ended = !worker && update.pod !== undefined && this.#syncer.hasEnded(update.pod);
    const result = receiveUpdate(worker?.state, update, ended);
    const fullName = `${subject.name}_${subject.namespace}`;
    const next = worker ?? { state: result.state, fullName, abort: undefined, running: undefined, timer: undefined };
    next.state = result.state;
    this.#workers.set(subject.uid, next);
    if (result.cancel) next.abort?.();
    if (result.wake) this.#start(subject.uid, next);
  }

  /** The pod is to stop, or has stopped. */
  isTerminationRequested(uid: string): boolean {
    const work = this.#workers.get(uid)?.state.work;
    return work !== undefined && work !== 'sync';
  }

  isTerminated(uid: string): boolean {
    const work = this.#workers.get(uid)?.state.work;
    return work === 'terminated' || work === 'finished';
  }

  /** Nobody will ask for the containers of the pod any more, not even for their logs. */
  shouldContentBeRemoved(uid: string): boolean {
    const worker = this.#workers.get(uid);
    return !worker || worker.state.eviction !== undefined;
  }

  couldHaveRunningContainers(uid: string): boolean {
    return couldHaveRunningContainers(this.#workers.get(uid)?.state);
  }

  /** Some pod of that name is on its way out; the mirror of a static pod must wait for it. */
  isNameTerminating(fullName: string): boolean {
    return [...this.#workers.values()].some(
      (worker) => worker.fullName === fullName && worker.state.work !== 'sync' && worker.state.work !== 'finished',
    );
  }

  /** Ends workers of pods that are not wanted any more. Returns what is left, by uid. */
  retain(wanted: ReadonlySet<string>): ReadonlyMap<string, WorkType | 'finished'> {
    for (const [uid, worker] of this.#workers) {
      const orphaned = !wanted.has(uid);
      if (!orphaned && !worker.state.restartRequested) continue;
      switch (orphanVerdict(worker.state, orphaned)) {
        case 'remove':
          worker.timer?.cancel();
          this.#workers.delete(uid);
          break;
        case 'terminate':
          this.update({ type: 'kill', ...(worker.state.active?.pod ? { pod: worker.state.active.pod } : {}) });
          break;
        case 'keep':
      }
    }
    return new Map([...this.#workers].map(([uid, worker]) => [uid, worker.state.work]));
  }

  /** Resolves when no worker does anything; for the end of the kubelet. */
  async stopped(): Promise<void> {
    for (const worker of this.#workers.values()) worker.timer?.cancel();
    await Promise.all([...this.#workers.values()].flatMap((worker) => worker.running ?? []));
  }

  #start(uid: string, worker: Worker): void {
    worker.timer?.cancel();
    worker.timer = undefined;
    if (worker.running || this.#signal.aborted) return;
    worker.running = this.#loop(uid, worker).finally(() => {
      worker.running = undefined;
      if (worker.state.pending && !worker.timer && this.#workers.get(uid) === worker) this.#start(uid, worker);
    });
  }

  async #loop(uid: string, worker: Worker): Promise<void> {
    for (let more = true; more && !this.#signal.aborted;) {
      const begun = beginWork(worker.state);
      if (!begun) return;
      worker.state = begun.state;
      const { complete, error, next } = await this.#work(worker, begun.work, begun.update);
      const done = completeWork(worker.state, begun.work, complete ? 'complete' : 'continue');
      worker.state = done.state;
      more = done.more;
      if (!more && worker.state.work !== 'finished') this.#wakeLater(uid, worker, error, next);
    }
  }

  async #work(
    worker: Worker,
    work: WorkType,
    update: PodUpdate,
  ): Promise<{ readonly complete: boolean; readonly error?: unknown; readonly next?: SyncResult['next'] }> {
    using child = childSignal(this.#signal);
    worker.abort = () => child.abort();
    try {
      const pod = update.pod && (this.#latestPod(update.pod.metadata.uid) ?? update.pod);
      if (!pod) {
        await this.#syncer.syncTerminatingRuntimePod(update.runtimePod!, child.signal);
        return { complete: true };
      }
      if (work === 'sync') {
        const start = this.#clock.monotonic();
        const { isTerminal, next } = await this.#syncer
          .sync(pod, update.type, child.signal)
          .finally(() => this.#onSynced(update.type, this.#clock.monotonic() - start));
        return { complete: isTerminal, next };
      }
      const { gracePeriodSeconds, eviction } = worker.state;
      if (work === 'terminating') {
        await this.#syncer.syncTerminating(pod, gracePeriodSeconds || undefined, eviction, child.signal);
      } else await this.#syncer.syncTerminated(pod, eviction, child.signal);
      return { complete: true };
    } catch (error) {
      if (!child.signal.aborted) {
        this.#log.error('error syncing pod, skipping', { pod: worker.fullName, error });
      }
      return { complete: false, error };
    } finally {
      worker.abort = undefined;
    }
  }

  #wakeLater(uid: string, worker: Worker, error: unknown, next: SyncResult['next'] | undefined): void {
    if (next === 'changed') this.#onChanged();
    const pod = worker.state.active?.pod;
    const again = (): void =>
      this.update(pod ? { type: 'sync', pod: this.#latestPod(uid) ?? pod } : worker.state.active!);
    worker.timer = this.#clock.after(this.#delay(error, next === 'again'), again);
  }

  #delay(error: unknown, again: boolean): number {
    if (error === undefined) return again ? 0 : this.#jitter(this.#resyncMs, RESYNC_JITTER);
    const wanted = error instanceof RetryLater ? Math.min(Math.max(0, error.afterMs), this.#resyncMs) : BACK_OFF_MS;
    return this.#jitter(wanted, BACK_OFF_JITTER);
  }

  #jitter(ms: number, factor: number): number {
    return ms * (1 + this.#random.next() * factor);
  }
}
