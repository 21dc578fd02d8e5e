import { parseTime } from '@kts/apimachinery';
import type { ContainerStatus, Pod, PodStatus, Probe } from '@kts/api/types/core-v1';
import { childSignal, type Clock, type Random } from '@kts/base';
import { isRestartableInitContainer, type AnyContainer } from '../pod/containers.ts';
import type { ProbeObservation, ProbeVerdict } from '../runtime/action-draft.ts';
import { containerIdText } from '../runtime/pod-runtime-status.ts';
import type { PodContainerStatuses } from '../status/pod-status.ts';
import type { Prober } from './prober.ts';
import {
  beginProbe,
  endProbe,
  INITIAL_PROBE_STATE,
  type ProbeState,
  type ProbeStep,
  type ProbeType,
} from './probe-machine.ts';

const TYPES: readonly ProbeType[] = ['startup', 'readiness', 'liveness'];
const DEFAULT_PERIOD_SECONDS = 10;
const RESTART_GRACE_MS = 10_000;

/** `undefined`: the probe could not be run. */
export type ProbeOutcome = 'success' | 'failure' | undefined;

interface Worker {
  readonly type: ProbeType;
  readonly uid: string;
  stop(): void;
  /** Begins a period now. */
  trigger(): void;
}

/**
 * Runs the probes of all containers and keeps their verdicts.
 *
 * Mirrors: pkg/kubelet/prober/prober_manager.go (v1.36)
 */
export class ProbeManager implements ProbeObservation {
  readonly #prober: Prober;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #runtimeName: () => string;
  readonly #statusOf: (uid: string) => PodStatus | undefined;
  readonly #podOf: (uid: string) => Pod | undefined;
  readonly #onOutcome: (pod: Pod, container: string, type: ProbeType, outcome: ProbeOutcome) => void;
  readonly #onVerdict: (uid: string, type: ProbeType, containerID: string, verdict: ProbeVerdict) => void;
  readonly #startedAt: number;
  readonly #startedAtMonotonic: number;
  readonly #signal: AbortSignal;
  readonly #workers = new Map<string, Worker>();
  readonly #verdicts = new Map<string, ProbeVerdict>();

  constructor(options: {
    readonly prober: Prober;
    readonly clock: Clock;
    readonly random: Random;
    readonly runtimeName: () => string;
    readonly signal: AbortSignal;
    readonly statusOf: (uid: string) => PodStatus | undefined;
    readonly podOf: (uid: string) => Pod | undefined;
    /** Called when a verdict changes. */
    /** A probe has had this outcome. */
    readonly onOutcome: (pod: Pod, container: string, type: ProbeType, outcome: ProbeOutcome) => void;
    readonly onVerdict: (uid: string, type: ProbeType, containerID: string, verdict: ProbeVerdict) => void;
  }) {
    this.#prober = options.prober;
    this.#clock = options.clock;
    this.#random = options.random;
    this.#runtimeName = options.runtimeName;
    this.#signal = options.signal;
    this.#statusOf = options.statusOf;
    this.#podOf = options.podOf;
    this.#onVerdict = options.onVerdict;
    this.#onOutcome = options.onOutcome;
    this.#startedAt = options.clock.now();
    this.#startedAtMonotonic = options.clock.monotonic();
  }

  liveness(containerId: string): ProbeVerdict | undefined {
    return this.#verdicts.get(`liveness/${containerIdText(this.#runtimeName(), containerId)}`);
  }

  startup(containerId: string): ProbeVerdict | undefined {
    return this.#verdicts.get(`startup/${containerIdText(this.#runtimeName(), containerId)}`);
  }

  /** Starts the probes of a pod that are not running yet. */
  addPod(pod: Pod): void {
    for (const container of probedContainers(pod)) {
      for (const type of TYPES) {
        const probe = container[`${type}Probe`];
        const key = workerKey(pod.metadata.uid, container.name, type);
        if (probe && !this.#workers.has(key))
          this.#workers.set(key, this.#startWorker(key, pod, container, type, probe));
      }
    }
  }

  /** A pod that is stopping is not to be restarted by its probes. */
  stopLivenessAndStartup(pod: Pod): void {
    for (const container of pod.spec.containers) {
      for (const type of ['liveness', 'startup'] as const) {
        this.#workers.get(workerKey(pod.metadata.uid, container.name, type))?.stop();
      }
    }
  }

  removePod(uid: string): void {
    for (const worker of this.#workers.values()) if (worker.uid === uid) worker.stop();
  }

  /** Stops the probes of all pods but these. */
  retain(uids: ReadonlySet<string>): void {
    for (const worker of this.#workers.values()) if (!uids.has(worker.uid)) worker.stop();
  }

  /** Fills in `started` and `ready`. */
  apply(pod: Pod, statuses: PodContainerStatuses): PodContainerStatuses {
    return {
      ...statuses,
      main: statuses.main.map((status) => this.#withReadiness(pod, status, containerOf(pod.spec.containers, status))),
      init: statuses.init.map((status) => this.#initStatus(pod, status)),
    };
  }

  #initStatus(pod: Pod, status: ContainerStatus): ContainerStatus {
    const container = containerOf(pod.spec.initContainers ?? [], status);
    if (container && isRestartableInitContainer(container)) return this.#withReadiness(pod, status, container);
    const ready = status.state?.terminated?.exitCode === 0 || status.ready;
    return { ...status, started: this.#isStarted(pod, status), ready };
  }

  #withReadiness(pod: Pod, status: ContainerStatus, container: AnyContainer | undefined): ContainerStatus {
    const started = this.#isStarted(pod, status);
    if (!started) return { ...status, started };
    return { ...status, started, ready: this.#isReady(pod, status, container) };
  }

  #isStarted(pod: Pod, status: ContainerStatus): boolean {
    if (!status.state?.running) return false;
    const verdict = this.#verdicts.get(`startup/${status.containerID}`);
    if (verdict !== undefined) return verdict === 'success';
    return status.started === true || !this.#workers.has(workerKey(pod.metadata.uid, status.name, 'startup'));
  }

  #isReady(pod: Pod, status: ContainerStatus, container: AnyContainer | undefined): boolean {
    const verdict = this.#verdicts.get(`readiness/${status.containerID}`);
    if (verdict === 'success') return true;
    const worker = this.#workers.get(workerKey(pod.metadata.uid, status.name, 'readiness'));
    worker?.trigger();
    const startedAt = status.state?.running?.startedAt;
    const isOlder = startedAt !== undefined && parseTime(startedAt) < this.#startedAt - RESTART_GRACE_MS;
    if (!isOlder || !container) return worker === undefined;
    const podWasReady = pod.status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True') ?? false;
    const ready = worker === undefined || verdict === undefined;
    return container.readinessProbe && !podWasReady ? false : ready;
  }

  #startWorker(key: string, pod: Pod, container: AnyContainer, type: ProbeType, probe: Probe): Worker {
    const child = childSignal(this.#signal);
    let wake: (() => void) | undefined;
    const worker: Worker = {
      type,
      uid: pod.metadata.uid,
      stop: () => child.abort(),
      trigger: () => wake?.(),
    };
    child.signal.addEventListener('abort', () => wake?.(), { once: true });
    const pause = async (ms: number): Promise<void> => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = this.#clock.after(ms, resolve);
      wake = resolve;
      await promise;
      wake = undefined;
      timer.cancel();
    };
    void this.#runWorker({ pod, container, type, probe }, pause, child.signal)
      .catch(() => {})
      .finally(() => {
        child[Symbol.dispose]();
        this.#workers.delete(key);
      });
    return worker;
  }

  async #runWorker(
    subject: { readonly pod: Pod; readonly container: AnyContainer; readonly type: ProbeType; readonly probe: Probe },
    pause: (ms: number) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    const periodMs = (subject.probe.periodSeconds ?? DEFAULT_PERIOD_SECONDS) * 1000;
    if (this.#clock.monotonic() - this.#startedAtMonotonic < periodMs) {
      await this.#clock.sleep(this.#random.next() * periodMs, signal);
    }
    let state = INITIAL_PROBE_STATE;
    let next = this.#clock.monotonic() + periodMs;
    while (!signal.aborted) {
      const step = await this.#period(state, subject, signal);
      state = step.state;
      if (step.next === 'stop') break;
      const now = this.#clock.monotonic();
      await pause(Math.max(0, next - now));
      // A trigger before the period's end starts the periods anew; a long probe does not make up for missed ones.
      const woken = this.#clock.monotonic();
      next = woken < next ? woken + periodMs : next + periodMs * Math.max(1, Math.ceil((woken - next) / periodMs));
    }
    if (state.containerID) this.#verdicts.delete(`${subject.type}/${state.containerID}`);
  }

  async #period(
    state: ProbeState,
    subject: { readonly pod: Pod; readonly container: AnyContainer; readonly type: ProbeType; readonly probe: Probe },
    signal: AbortSignal,
  ): Promise<ProbeStep> {
    const { uid } = subject.pod.metadata;
    const status = this.#statusOf(uid);
    const begun = beginProbe(state, {
      ...subject,
      pod: this.#podOf(uid) ?? subject.pod,
      status,
      now: this.#clock.now(),
      kubeletStartedAt: this.#startedAt,
    });
    this.#publish(uid, subject.type, begun);
    if (begun.next !== 'probe' || !status) return begun;
    const containerId = begun.state.containerID.split('://')[1] ?? '';
    const outcome = await this.#prober.probe({ ...subject, status, containerId }, signal);
    if (signal.aborted) return { state: begun.state, next: 'stop' };
    this.#onOutcome(subject.pod, subject.container.name, subject.type, outcome);
    const ended = endProbe(begun.state, subject, outcome);
    this.#publish(uid, subject.type, ended);
    return ended;
  }

  #publish(uid: string, type: ProbeType, step: ProbeStep): void {
    if (step.forget) this.#verdicts.delete(`${type}/${step.forget}`);
    if (!step.verdict) return;
    const { containerID, value } = step.verdict;
    const key = `${type}/${containerID}`;
    if (this.#verdicts.get(key) === value) return;
    this.#verdicts.set(key, value);
    this.#onVerdict(uid, type, containerID, value);
  }
}

function probedContainers(pod: Pod): readonly AnyContainer[] {
  return [...pod.spec.containers, ...(pod.spec.initContainers ?? []).filter(isRestartableInitContainer)];
}

function workerKey(uid: string, container: string, type: ProbeType): string {
  return `${uid}/${container}/${type}`;
}

function containerOf(containers: readonly AnyContainer[], status: ContainerStatus): AnyContainer | undefined {
  return containers.find((container) => container.name === status.name);
}
