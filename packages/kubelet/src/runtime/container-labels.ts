import type { Pod } from '@kts/api/types/core-v1';
import type { AnyContainer } from '../pod/containers.ts';
import { containerHash } from './container-hash.ts';

/**
 * What the kubelet writes on sandboxes and containers, and finds again after a restart.
 *
 * Mirrors: pkg/kubelet/kuberuntime/labels.go, pkg/kubelet/types/labels.go (v1.36)
 */
export const POD_NAME_LABEL = 'io.kubernetes.pod.name';
export const POD_NAMESPACE_LABEL = 'io.kubernetes.pod.namespace';
export const POD_UID_LABEL = 'io.kubernetes.pod.uid';
export const CONTAINER_NAME_LABEL = 'io.kubernetes.container.name';

const POD_DELETION_GRACE_PERIOD = 'io.kubernetes.pod.deletionGracePeriod';
const POD_TERMINATION_GRACE_PERIOD = 'io.kubernetes.pod.terminationGracePeriod';
const CONTAINER_HASH = 'io.kubernetes.container.hash';
const CONTAINER_RESTART_COUNT = 'io.kubernetes.container.restartCount';
const TERMINATION_MESSAGE_PATH = 'io.kubernetes.container.terminationMessagePath';
const TERMINATION_MESSAGE_POLICY = 'io.kubernetes.container.terminationMessagePolicy';
const CONTAINER_PRE_STOP = 'io.kubernetes.container.preStopHandler';
const CONTAINER_PORTS = 'io.kubernetes.container.ports';

export function sandboxLabels(pod: Pod): Record<string, string> {
  return { ...pod.metadata.labels, ...identityLabels(pod) };
}

export function containerLabels(pod: Pod, container: AnyContainer): Record<string, string> {
  return { ...identityLabels(pod), [CONTAINER_NAME_LABEL]: container.name };
}

function identityLabels(pod: Pod): Record<string, string> {
  const { name, namespace, uid } = pod.metadata;
  return { [POD_NAME_LABEL]: name, [POD_NAMESPACE_LABEL]: namespace, [POD_UID_LABEL]: uid };
}

export function containerAnnotations(pod: Pod, container: AnyContainer, restartCount: number): Record<string, string> {
  const deletion = pod.metadata.deletionGracePeriodSeconds;
  const termination = pod.spec.terminationGracePeriodSeconds;
  return {
    [CONTAINER_HASH]: containerHash(container),
    [CONTAINER_RESTART_COUNT]: String(restartCount),
    [TERMINATION_MESSAGE_PATH]: container.terminationMessagePath ?? '',
    [TERMINATION_MESSAGE_POLICY]: container.terminationMessagePolicy ?? '',
    ...(deletion === undefined ? {} : { [POD_DELETION_GRACE_PERIOD]: String(deletion) }),
    ...(termination === undefined ? {} : { [POD_TERMINATION_GRACE_PERIOD]: String(termination) }),
    ...(container.lifecycle?.preStop ? { [CONTAINER_PRE_STOP]: JSON.stringify(container.lifecycle.preStop) } : {}),
    ...(container.ports?.length ? { [CONTAINER_PORTS]: JSON.stringify(container.ports) } : {}),
  };
}

/** What a container's annotations say about how it was made. */
export interface ContainerAnnotations {
  readonly hash: string;
  readonly restartCount: number;
  readonly terminationMessagePath: string;
  readonly terminationMessagePolicy: string;
  readonly podTerminationGracePeriodSeconds?: number;
  readonly podDeletionGracePeriodSeconds?: number;
  readonly preStop?: string;
}

export function readContainerAnnotations(annotations: Readonly<Record<string, string>>): ContainerAnnotations {
  const termination = annotations[POD_TERMINATION_GRACE_PERIOD];
  const deletion = annotations[POD_DELETION_GRACE_PERIOD];
  const preStop = annotations[CONTAINER_PRE_STOP];
  return {
    hash: annotations[CONTAINER_HASH] ?? '',
    restartCount: Number(annotations[CONTAINER_RESTART_COUNT] ?? 0),
    terminationMessagePath: annotations[TERMINATION_MESSAGE_PATH] ?? '',
    terminationMessagePolicy: annotations[TERMINATION_MESSAGE_POLICY] ?? '',
    ...(termination === undefined ? {} : { podTerminationGracePeriodSeconds: Number(termination) }),
    ...(deletion === undefined ? {} : { podDeletionGracePeriodSeconds: Number(deletion) }),
    ...(preStop === undefined ? {} : { preStop }),
  };
}
