import type { Pod } from '@kts/api/types/core-v1';
import type { PodEviction } from '../status/pod-status.ts';

/**
 * The life of one pod on this node. Pods are started, stopped and cleaned up by one worker each; this is what the worker
 * is to do next, as a pure machine.
 *
 *     sync ──────────────▶ terminating ──▶ terminated ──▶ finished
 *       deleted, evicted,    containers      volumes,
 *       failed, succeeded,   are stopped     cgroup and
 *       gone from the API                    status are left
 *
 * A worker never goes back: a pod that comes again with the same uid waits until the old one is finished.
 *
 * Mirrors: pkg/kubelet/pod_workers.go (v1.36)
 */
export type WorkType = 'sync' | 'terminating' | 'terminated';

/** A pod that the runtime has and nobody wants. */
export interface RuntimePod {
  readonly uid: string;
  readonly name: string;
  readonly namespace: string;
}

export interface PodUpdate {
  readonly type: 'create' | 'update' | 'sync' | 'kill';
  readonly pod?: Pod;
  /** Set instead of `pod` for a pod that is known from the runtime only. */
  readonly runtimePod?: RuntimePod;
  readonly kill?: {
    /** Fails the pod for a reason of the kubelet's own. */
    readonly eviction?: PodEviction;
    readonly gracePeriodSeconds?: number;
  };
}

export interface PodWorkerState {
  readonly work: WorkType | 'finished';
  /** The first sync has begun. */
  readonly started: boolean;
  /** Seconds the containers get to stop; 0: not decided. */
  readonly gracePeriodSeconds: number;
  readonly deleted: boolean;
  readonly eviction?: PodEviction;
  /** The same pod came again while this one was ending. */
  readonly restartRequested: boolean;
  readonly working: boolean;
  readonly pending?: PodUpdate;
  readonly active?: PodUpdate;
}

export interface UpdateResult {
  readonly state: PodWorkerState;
  /** What the worker does now no longer counts. */
  readonly cancel: boolean;
  /** There is something to do. */
  readonly wake: boolean;
}

const NEW: PodWorkerState = {
  work: 'sync',
  started: false,
  gracePeriodSeconds: 0,
  deleted: false,
  restartRequested: false,
  working: false,
};

/** Takes in a change of the pod, or a wish to end it. */
export function receiveUpdate(
  before: PodWorkerState | undefined,
  update: PodUpdate,
  /** The API says that the pod has ended, and the runtime has nothing of it that runs. */
  alreadyEnded = false,
): UpdateResult {
  const state = before ?? (alreadyEnded ? { ...NEW, work: 'terminated' as const, started: true } : NEW);
  const ignored = { state, cancel: false, wake: false };
  if (before && state.work !== 'sync' && update.type === 'create') {
    return { ...ignored, state: { ...state, restartRequested: true } };
  }
  if (state.work === 'finished') return ignored;
  const known = update.pod ?? state.pending?.pod ?? state.active?.pod;
  const work = state.work === 'sync' ? workAfter(update, known) : state.work;
  const becomesTerminating = state.work === 'sync' && work === 'terminating';
  if (work === 'terminated' && update.runtimePod) return ignored;

  const grace = work === 'terminating' ? gracePeriod(state, known, update) : state.gracePeriodSeconds;
  const eviction = update.kill?.eviction ?? state.eviction;
  const next: PodWorkerState = {
    ...state,
    work,
    gracePeriodSeconds: grace,
    deleted: state.deleted || update.runtimePod !== undefined || known?.metadata.deletionTimestamp !== undefined,
    ...(eviction ? { eviction } : {}),
    working: true,
    pending: known ? { type: update.type, pod: known } : update,
  };
  const shortened = state.gracePeriodSeconds !== 0 && grace !== state.gracePeriodSeconds;
  return { state: next, cancel: becomesTerminating || shortened, wake: true };
}

function workAfter(update: PodUpdate, pod: Pod | undefined): WorkType {
  if (!pod || update.type === 'kill' || pod.metadata.deletionTimestamp !== undefined) return 'terminating';
  return pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded' ? 'terminating' : 'sync';
}

/** The shortest of the wishes so far; it never grows. */
function gracePeriod(state: PodWorkerState, pod: Pod | undefined, update: PodUpdate): number {
  const wishes = [pod?.metadata.deletionGracePeriodSeconds, update.kill?.gracePeriodSeconds].filter(
    (wish) => wish !== undefined,
  );
  const before = state.gracePeriodSeconds === 0 ? [] : [state.gracePeriodSeconds];
  const candidates = [...before, ...wishes];
  const fallback = pod?.spec.terminationGracePeriodSeconds ?? 1;
  return Math.max(1, candidates.length > 0 ? Math.min(...candidates) : fallback);
}

/** Takes the pending update as the one to work on; `undefined` if there is none. */
export function beginWork(
  state: PodWorkerState,
): { readonly state: PodWorkerState; readonly work: WorkType; readonly update: PodUpdate } | undefined {
  const { pending, ...rest } = state;
  if (!pending || state.work === 'finished') return undefined;
  return { state: { ...rest, started: true, active: pending }, work: state.work, update: pending };
}

export type WorkOutcome =
  /** The pod has reached the end of its phase of life; of `sync`: all containers have ended for good. */
  | 'complete'
  /** There may be more to do later. */
  | 'continue';

/** Moves on after a piece of work. `more`: the next piece is due at once. */
export function completeWork(
  state: PodWorkerState,
  work: WorkType,
  outcome: WorkOutcome,
): { readonly state: PodWorkerState; readonly more: boolean } {
  const idle: PodWorkerState = { ...state, working: state.pending !== undefined };
  if (outcome === 'continue') return { state: idle, more: state.pending !== undefined };
  const runtimeOnly = state.active?.pod === undefined;
  if (work === 'terminated' || (work === 'terminating' && runtimeOnly)) {
    const { pending: _, ...rest } = state;
    return { state: { ...rest, work: 'finished', working: false }, more: false };
  }
  const next = work === 'sync' ? laterOf('terminating', state.work) : laterOf('terminated', state.work);
  const pending = state.pending ?? state.active;
  return { state: { ...state, work: next, ...(pending ? { pending } : {}), working: true }, more: true };
}

const ORDER = ['sync', 'terminating', 'terminated', 'finished'] as const;

function laterOf(a: PodWorkerState['work'], b: PodWorkerState['work']): PodWorkerState['work'] {
  return ORDER.indexOf(a) > ORDER.indexOf(b) ? a : b;
}

export type OrphanVerdict =
  /** Nothing is left of it. */
  | 'remove'
  /** It is on its way out. */
  | 'keep'
  /** It must be ended first. */
  | 'terminate';

/** What to do with the worker of a pod that is no longer wanted here, or whose pod came again. */
export function orphanVerdict(state: PodWorkerState, orphaned: boolean): OrphanVerdict {
  if (state.work === 'finished') return 'remove';
  if (!orphaned) return 'keep';
  if (!state.started) return 'remove';
  return state.work === 'sync' ? 'terminate' : 'keep';
}

/** Containers of the pod may still run, as far as the worker knows. */
export function couldHaveRunningContainers(state: PodWorkerState | undefined): boolean {
  if (!state) return false;
  return state.work === 'sync' || state.work === 'terminating';
}
