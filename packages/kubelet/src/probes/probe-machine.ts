import type { ContainerStatus, Pod, PodStatus, Probe } from '@kts/api/types/core-v1';
import { parseTime } from '@kts/apimachinery';
import { findStatus, isRestartableInitContainer, type AnyContainer } from '../pod/containers.ts';
import { shouldContainerRestart } from '../pod/restart-policy.ts';
import type { ProbeVerdict } from '../runtime/action-draft.ts';
import { RESTARTING_ALL } from '../status/container-statuses.ts';
import { isTerminalPhase } from '../status/status-update.ts';

export type ProbeType = 'liveness' | 'readiness' | 'startup';

/**
 * The state of one probe of one container: when it runs, and when its outcomes become a verdict.
 *
 * Mirrors: pkg/kubelet/prober/worker.go (v1.36)
 */
export interface ProbeState {
  /** The container it is about, as in the API; empty: none yet. */
  readonly containerID: string;
  readonly last: 'success' | 'failure' | undefined;
  /** How many times in a row. */
  readonly run: number;
  /** Nothing more to find out about this container. */
  readonly onHold: boolean;
}

export const INITIAL_PROBE_STATE: ProbeState = { containerID: '', last: undefined, run: 0, onHold: false };

export interface ProbeObservation {
  readonly type: ProbeType;
  readonly probe: Probe;
  readonly pod: Pod;
  readonly container: AnyContainer;
  /** As the kubelet reports it now. */
  readonly status: PodStatus | undefined;
  readonly now: number;
  /** When this kubelet started: containers that are older keep the verdicts they had. */
  readonly kubeletStartedAt: number;
}

export interface ProbeStep {
  readonly state: ProbeState;
  /** `probe`: find out. `wait`: nothing to do until the next period. `stop`: never again. */
  readonly next: 'probe' | 'wait' | 'stop';
  /** The verdict about `containerID` to publish; absent: it stays. */
  readonly verdict?: { readonly containerID: string; readonly value: ProbeVerdict };
  /** The container whose verdict no longer counts. */
  readonly forget?: string;
}

const INITIAL_VERDICT: Readonly<Record<ProbeType, ProbeVerdict>> = {
  readiness: 'failure',
  liveness: 'success',
  startup: 'unknown',
};
const RESTART_GRACE_MS = 10_000;

/** What to do when a period begins. */
export function beginProbe(state: ProbeState, observed: ProbeObservation): ProbeStep {
  const { status, container, type, pod } = observed;
  if (!status) return { state, next: 'wait' };
  if (isTerminalPhase(status.phase)) return { state, next: 'stop' };
  const own =
    known(findStatus(status.containerStatuses, container.name)) ??
    known(findStatus(status.initContainerStatuses, container.name));
  if (!own?.containerID) return { state, next: 'wait' };
  const turn = newContainer(state, observed, own);
  if (turn.state.onHold) return { ...turn, next: 'wait' };
  const containerID = own.containerID;
  const publish = (value: ProbeVerdict): Pick<ProbeStep, 'verdict'> => ({ verdict: { containerID, value } });

  if (!own.state?.running) {
    const next = mayRunAgain(observed, own) ? 'wait' : 'stop';
    return { ...turn, next, ...publish('failure') };
  }
  if (pod.metadata.deletionTimestamp !== undefined && type !== 'readiness') {
    return { ...turn, next: 'stop', ...publish('success') };
  }
  const runningMs = observed.now - parseTime(own.state.running.startedAt ?? '1970-01-01T00:00:00Z');
  if (Math.trunc(runningMs / 1000) < (observed.probe.initialDelaySeconds ?? 0)) return { ...turn, next: 'wait' };
  const started = own.started ?? false;
  return { ...turn, next: started === (type === 'startup') ? 'wait' : 'probe' };
}

/** Takes in an outcome; `undefined`: the probe could not be run, which counts for nothing. */
export function endProbe(
  state: ProbeState,
  observed: Pick<ProbeObservation, 'type' | 'probe'>,
  outcome: 'success' | 'failure' | undefined,
): ProbeStep {
  if (outcome === undefined) return { state, next: 'wait' };
  const { type, probe } = observed;
  const run = state.last === outcome ? state.run + 1 : 1;
  const threshold = outcome === 'failure' ? (probe.failureThreshold ?? 3) : (probe.successThreshold ?? 1);
  const counted: ProbeState = { ...state, last: outcome, run };
  if (run < threshold) return { state: counted, next: 'wait' };
  const holds = type === 'startup' || (type === 'liveness' && outcome === 'failure');
  return {
    state: holds ? { ...counted, onHold: true, run: 0 } : counted,
    next: 'wait',
    verdict: { containerID: state.containerID, value: outcome },
  };
}

/** A container that was not seen before starts with its type's initial verdict. */
function newContainer(state: ProbeState, observed: ProbeObservation, own: ContainerStatus): Omit<ProbeStep, 'next'> {
  if (state.containerID === own.containerID) return { state };
  const containerID = own.containerID!;
  const fresh: Omit<ProbeStep, 'next'> = {
    state: { ...state, containerID, onHold: false },
    ...(state.containerID === '' ? {} : { forget: state.containerID }),
  };
  const startedAt = own.state?.running?.startedAt;
  const isOlder = startedAt !== undefined && parseTime(startedAt) < observed.kubeletStartedAt - RESTART_GRACE_MS;
  if (isOlder) {
    const keeps = observed.type === 'startup' && isRestartableInitContainer(observed.container) && own.started === true;
    return keeps ? { ...fresh, verdict: { containerID, value: 'success' } } : fresh;
  }
  return { ...fresh, verdict: { containerID, value: INITIAL_VERDICT[observed.type] } };
}

function known(status: ContainerStatus | undefined): ContainerStatus | undefined {
  return status?.containerID ? status : undefined;
}

function mayRunAgain({ container, pod, status }: ProbeObservation, own: ContainerStatus): boolean {
  const end = own.state?.terminated;
  if (!end) return true;
  const restarting = status?.conditions?.some((one) => one.type === 'AllContainersRestarting' && one.status === 'True');
  return (
    restarting === true || end.reason === RESTARTING_ALL || shouldContainerRestart(container, pod.spec, end.exitCode)
  );
}
