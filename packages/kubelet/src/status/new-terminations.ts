import type { ContainerStatus, PodStatus } from '@kts/api/types/core-v1';

export interface Termination {
  readonly containerType: 'container' | 'init_container' | 'ephemeral_container';
  readonly exitCode: number;
  readonly reason: string;
}

/** The containers that have ended between two statuses of a pod, for those who count. */
export function newTerminations(before: PodStatus, after: PodStatus): readonly Termination[] {
  return [
    ...ended(before.initContainerStatuses, after.initContainerStatuses, 'init_container'),
    ...ended(before.containerStatuses, after.containerStatuses, 'container'),
    ...ended(before.ephemeralContainerStatuses, after.ephemeralContainerStatuses, 'ephemeral_container'),
  ];
}

function ended(
  before: readonly ContainerStatus[] = [],
  after: readonly ContainerStatus[] = [],
  containerType: Termination['containerType'],
): readonly Termination[] {
  return after.flatMap(({ name, state }) => {
    const wasEnded = before.find((one) => one.name === name)?.state?.terminated !== undefined;
    if (!state?.terminated || wasEnded) return [];
    const { exitCode, reason = '' } = state.terminated;
    return [{ containerType, exitCode, reason }];
  });
}
