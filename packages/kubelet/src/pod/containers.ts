import type { Container, ContainerStatus, EphemeralContainer, ObjectReference, Pod } from '@kts/api/types/core-v1';

/** A container of a pod, whichever list it is in. */
export type AnyContainer = Container | EphemeralContainer;

/** `name_namespace(uid)`: how events and messages name a pod. */
export function describePod(pod: Pod): string {
  return `${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})`;
}

/** An init container with restart policy Always: a sidecar. */
export function isRestartableInitContainer(container: AnyContainer): boolean {
  return container.restartPolicy === 'Always';
}

export function hasRestartableInitContainer(pod: Pod): boolean {
  return (pod.spec.initContainers ?? []).some(isRestartableInitContainer);
}

/** Init containers, containers, ephemeral containers. */
export function allContainers(pod: Pod): readonly AnyContainer[] {
  return [...(pod.spec.initContainers ?? []), ...pod.spec.containers, ...(pod.spec.ephemeralContainers ?? [])];
}

export function findContainer(pod: Pod, name: string): AnyContainer | undefined {
  return allContainers(pod).find((container) => container.name === name);
}

export function findStatus(
  statuses: readonly ContainerStatus[] | undefined,
  name: string,
): ContainerStatus | undefined {
  return statuses?.find((status) => status.name === name);
}

export function isStaticPod(pod: Pod): boolean {
  const source = pod.metadata.annotations?.[CONFIG_SOURCE_ANNOTATION];
  return source !== undefined && source !== 'api';
}

export function isMirrorPod(pod: Pod): boolean {
  return pod.metadata.annotations?.[CONFIG_MIRROR_ANNOTATION] !== undefined;
}

export const CONFIG_SOURCE_ANNOTATION = 'kubernetes.io/config.source';
export const CONFIG_SEEN_ANNOTATION = 'kubernetes.io/config.seen';
export const CONFIG_HASH_ANNOTATION = 'kubernetes.io/config.hash';
export const CONFIG_MIRROR_ANNOTATION = 'kubernetes.io/config.mirror';

const SYSTEM_CRITICAL_PRIORITY = 2_000_000_000;
const NODE_CRITICAL_CLASS = 'system-node-critical';

/** Static pods, mirror pods and pods of a system priority are admitted before others and never evicted. */
export function isCriticalPod(pod: Pod): boolean {
  return isStaticPod(pod) || isMirrorPod(pod) || (pod.spec.priority ?? 0) >= SYSTEM_CRITICAL_PRIORITY;
}

export function isNodeCriticalPod(pod: Pod): boolean {
  return isCriticalPod(pod) && pod.spec.priorityClassName === NODE_CRITICAL_CLASS;
}

/** What events of a pod are about. */
export function podReference(pod: Pod): ObjectReference {
  return {
    kind: 'Pod',
    apiVersion: 'v1',
    namespace: pod.metadata.namespace,
    name: pod.metadata.name,
    uid: pod.metadata.uid,
    ...(pod.metadata.resourceVersion ? { resourceVersion: pod.metadata.resourceVersion } : {}),
  };
}

/** What events of one container are about: the pod, with the container's field. */
export function containerReference(pod: Pod, name: string): ObjectReference {
  return { ...podReference(pod), fieldPath: containerFieldPath(pod, name) };
}

function containerFieldPath(pod: Pod, name: string): string {
  const has = (list: readonly AnyContainer[] | undefined): boolean => list?.some((one) => one.name === name) ?? false;
  if (has(pod.spec.containers)) return `spec.containers{${name}}`;
  if (has(pod.spec.initContainers)) return `spec.initContainers{${name}}`;
  if (has(pod.spec.ephemeralContainers)) return `spec.ephemeralContainers{${name}}`;
  return `implicitly required container ${name}`;
}
