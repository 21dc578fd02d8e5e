import type { ContainerStatus, Pod } from '@kts/api/types/core-v1';
import { findStatus, isRestartableInitContainer, isStaticPod, type AnyContainer } from '../pod/containers.ts';
import { shouldContainerRestart } from '../pod/restart-policy.ts';
import { RESTARTING_ALL } from './container-statuses.ts';

export type PodPhase = 'Pending' | 'Running' | 'Succeeded' | 'Failed';

export interface PhaseInput {
  readonly pod: Pod;
  /** Of init and regular containers. */
  readonly statuses: readonly ContainerStatus[];
  /** The kubelet has stopped every container for good. */
  readonly isTerminal: boolean;
  /** A regular container exists in the current sandbox. */
  readonly hasInitialized: boolean;
}

/**
 * The phase that the states of the containers add up to.
 *
 * Mirrors: pkg/kubelet/kubelet_pods.go, getPhase (v1.36)
 */
export function podPhase(input: PhaseInput): PodPhase {
  const init = countInitContainers(input);
  if (init.failedForGood > 0) return 'Failed';
  const main = countContainers(input);
  const running = main.running + init.runningSidecars;
  const waiting = main.waiting + init.waitingSidecars;
  const unknown = main.unknown + init.unknownSidecars;
  if (init.pending > 0 || (init.pendingSidecars > 0 && !input.hasInitialized) || waiting > 0) return 'Pending';
  if (running > 0 && unknown === 0) return 'Running';
  if (running > 0 || main.stopped === 0 || unknown > 0) return 'Pending';
  const outcome = main.stopped === main.succeeded ? 'Succeeded' : 'Failed';
  if (input.isTerminal && !isStaticPod(input.pod)) return outcome;
  return main.stopped === main.stoppedForGood ? outcome : 'Running';
}

interface InitCounts {
  pending: number;
  failedForGood: number;
  pendingSidecars: number;
  runningSidecars: number;
  waitingSidecars: number;
  unknownSidecars: number;
}

function countInitContainers({ pod, statuses }: PhaseInput): InitCounts {
  const counts: InitCounts = {
    pending: 0,
    failedForGood: 0,
    pendingSidecars: 0,
    runningSidecars: 0,
    waitingSidecars: 0,
    unknownSidecars: 0,
  };
  for (const container of pod.spec.initContainers ?? []) {
    const status = findStatus(statuses, container.name);
    if (isRestartableInitContainer(container)) countSidecar(counts, status);
    else countInitContainer(counts, pod, container, status);
  }
  return counts;
}

function countInitContainer(
  counts: InitCounts,
  pod: Pod,
  container: AnyContainer,
  status: ContainerStatus | undefined,
): void {
  const state = status?.state;
  const end = state?.terminated ?? (state?.waiting ? status?.lastState?.terminated : undefined);
  if (!end) counts.pending++;
  else if (end.exitCode !== 0 && !mayRestart(pod, container, end)) counts.failedForGood++;
}

function countSidecar(counts: InitCounts, status: ContainerStatus | undefined): void {
  if (!status) {
    counts.unknownSidecars++;
  } else if (status.state?.running) {
    if (!status.started) counts.pendingSidecars++;
    counts.runningSidecars++;
  } else if (status.state?.waiting) {
    if (status.lastState?.terminated) return;
    counts.pendingSidecars++;
    counts.waitingSidecars++;
  } else if (!status.state?.terminated) {
    counts.pendingSidecars++;
    counts.unknownSidecars++;
  }
}

interface Counts {
  running: number;
  waiting: number;
  unknown: number;
  stopped: number;
  stoppedForGood: number;
  succeeded: number;
}

function countContainers({ pod, statuses }: PhaseInput): Counts {
  const counts: Counts = { running: 0, waiting: 0, unknown: 0, stopped: 0, stoppedForGood: 0, succeeded: 0 };
  for (const container of pod.spec.containers) {
    const status = findStatus(statuses, container.name);
    const end = status?.state?.terminated;
    const lastEnd = status?.state?.waiting ? status.lastState?.terminated : undefined;
    if (status?.state?.running) counts.running++;
    else if (end ?? lastEnd) {
      counts.stopped++;
      if (!mayRestart(pod, container, (end ?? lastEnd)!)) counts.stoppedForGood++;
      if (end?.exitCode === 0) counts.succeeded++;
    } else if (status?.state?.waiting) counts.waiting++;
    else counts.unknown++;
  }
  return counts;
}

function mayRestart(
  pod: Pod,
  container: AnyContainer,
  end: { readonly exitCode: number; readonly reason?: string },
): boolean {
  return end.reason === RESTARTING_ALL || shouldContainerRestart(container, pod.spec, end.exitCode);
}
