/**
 * A pod as `kubectl get pods -o wide` shows it.
 *
 * Mirrors: printPod in pkg/printers/internalversion/printers.go (v1.36)
 */
import { parseTime, type TableRowCondition, type Time } from '@kts/apimachinery';
import type { ContainerStatus, Pod, PodStatus } from '../gen/core-v1.gen.ts';
import { age, humanDuration } from '../human-duration.ts';
import type { Cell } from '../resource-definition.ts';
import { isSidecar } from './pod-containers-of.ts';

interface Summary {
  readonly reason: string;
  readonly ready: number;
  readonly restarts: number;
  readonly lastRestart: Time | undefined;
}

export function podCells(pod: Pod, now: number): Cell[] {
  const { spec } = pod;
  const status = pod.status ?? {};
  const sidecars = new Set((spec.initContainers ?? []).filter(isSidecar).map(({ name }) => name));
  const { reason, ready, restarts, lastRestart } = summarize(pod, status, sidecars);
  const total = (spec.containers?.length ?? 0) + sidecars.size;
  const since = restarts > 0 && lastRestart ? ` (${humanDuration(now - parseTime(lastRestart))} ago)` : '';
  return [
    pod.metadata.name,
    `${ready}/${total}`,
    deletionReason(pod, status) ?? reason,
    `${restarts}${since}`,
    age(pod.metadata.creationTimestamp, now),
    status.podIPs?.[0]?.ip || '<none>',
    spec.nodeName || '<none>',
    status.nominatedNodeName || '<none>',
    readinessGates(pod, status),
  ];
}

function summarize(pod: Pod, status: PodStatus, sidecars: ReadonlySet<string>): Summary {
  const gated = status.conditions?.some(
    (condition) => condition.type === 'PodScheduled' && condition.reason === 'SchedulingGated',
  );
  const base = gated ? 'SchedulingGated' : status.reason || status.phase || '';
  const init = summarizeInit(pod, status, sidecars);
  const initialized = status.conditions?.some(({ type, status: is }) => type === 'Initialized' && is === 'True');
  if (init.reason !== undefined && !initialized) return { ...init, reason: init.reason };
  const own = (status.initContainerStatuses ?? []).slice(0, init.seen).filter(({ name }) => sidecars.has(name));
  const containers = [...(status.containerStatuses ?? [])].toReversed();
  return {
    ...summarizeContainers(containers, init.reason ?? base, status),
    ready: init.ready + containers.filter(isUp).length,
    restarts: sumRestarts([...own, ...containers]),
    lastRestart: latestEnd([...own, ...containers]),
  };
}

/** The first init container that is neither done nor a started sidecar gives the reason. */
function summarizeInit(pod: Pod, status: PodStatus, sidecars: ReadonlySet<string>) {
  const statuses = status.initContainerStatuses ?? [];
  let ready = 0;
  let reason: string | undefined;
  let seen = 0;
  for (const [index, container] of statuses.entries()) {
    seen = index + 1;
    const { terminated, waiting } = container.state ?? {};
    if (terminated && (terminated.exitCode ?? 0) === 0) continue;
    if (sidecars.has(container.name) && container.started) {
      if (container.ready) ready++;
      continue;
    }
    if (terminated) reason = `Init:${endReason(terminated)}`;
    else if (waiting?.reason && waiting.reason !== 'PodInitializing') reason = `Init:${waiting.reason}`;
    else reason = `Init:${index}/${pod.spec.initContainers?.length ?? 0}`;
    break;
  }
  const counted = statuses.slice(0, seen);
  return { reason, ready, seen, restarts: sumRestarts(counted), lastRestart: latestEnd(counted) };
}

function summarizeContainers(containers: readonly ContainerStatus[], base: string, status: PodStatus) {
  let reason = base;
  let failure = '';
  for (const container of containers) {
    const { terminated, waiting } = container.state ?? {};
    if (waiting?.reason) reason = waiting.reason;
    else if (terminated) {
      reason = endReason(terminated);
      if ((terminated.exitCode ?? 0) !== 0) failure = reason;
    }
  }
  const running = containers.some(isUp);
  if (reason !== 'Completed') return { reason };
  const podReady = status.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True');
  if (running && podReady) return { reason: 'Running' };
  return { reason: failure || (running ? 'NotReady' : reason) };
}

const isUp = ({ state, ready }: ContainerStatus): boolean =>
  !state?.waiting?.reason && !state?.terminated && Boolean(ready) && state?.running !== undefined;

function endReason({ reason, signal, exitCode }: NonNullable<NonNullable<ContainerStatus['state']>['terminated']>) {
  if (reason) return reason;
  return signal ? `Signal:${signal}` : `ExitCode:${exitCode ?? 0}`;
}

const sumRestarts = (statuses: readonly ContainerStatus[]): number =>
  statuses.reduce((sum, { restartCount }) => sum + (restartCount ?? 0), 0);

function latestEnd(statuses: readonly ContainerStatus[]): Time | undefined {
  let latest: Time | undefined;
  for (const { lastState } of statuses) {
    const end = lastState?.terminated?.finishedAt;
    if (end && (latest === undefined || parseTime(end) > parseTime(latest))) latest = end;
  }
  return latest;
}

function deletionReason(pod: Pod, status: PodStatus): string | undefined {
  if (!pod.metadata.deletionTimestamp) return undefined;
  if (status.reason === 'NodeLost') return 'Unknown';
  return status.phase === 'Succeeded' || status.phase === 'Failed' ? undefined : 'Terminating';
}

function readinessGates({ spec }: Pod, status: PodStatus): string {
  const gates = spec.readinessGates ?? [];
  if (gates.length === 0) return '<none>';
  const isTrue = (type: string): boolean =>
    status.conditions?.find((condition) => condition.type === type)?.status === 'True';
  return `${gates.filter(({ conditionType }) => isTrue(conditionType)).length}/${gates.length}`;
}

/** Clients colour or hide the rows of pods that are done. */
export function podRowConditions({ status }: Pod): readonly TableRowCondition[] {
  if (status?.phase === 'Succeeded') return [completed('Succeeded', 'The pod has completed successfully.')];
  return status?.phase === 'Failed' ? [completed('Failed', 'The pod failed.')] : [];
}

function completed(reason: string, message: string): TableRowCondition {
  return { type: 'Completed', status: 'True', reason, message };
}
