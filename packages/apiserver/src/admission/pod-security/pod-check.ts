/**
 * What a check of the Pod Security Standards is.
 *
 * Mirrors: staging/src/k8s.io/pod-security-admission/policy/{checks,visitor,helpers}.go (v1.36)
 */
import type { Container, EphemeralContainer, PodSpec } from '@kts/api/types/core-v1';

/** A pod, or the template of one. */
export interface PodSubject {
  readonly annotations: Readonly<Record<string, string>>;
  readonly spec: PodSpec;
}

export interface Violation {
  readonly reason: string;
  readonly detail: string;
}

/** Pure. Undefined: the pod may have it. */
export type CheckPod = (pod: PodSubject) => Violation | undefined;

export interface PodCheck {
  readonly id: string;
  readonly level: 'baseline' | 'restricted';
  /** Ascending. Each holds from the minor version of Kubernetes `since` until the next. */
  readonly versions: readonly {
    readonly since: number;
    readonly check: CheckPod;
    /** Checks of the baseline that this stricter one makes superfluous. */
    readonly overrides?: readonly string[];
  }[];
}

export type AnyContainer = Container | EphemeralContainer;

/** In the order that messages name them. */
export function containersOf({ initContainers, containers, ephemeralContainers }: PodSpec): readonly AnyContainer[] {
  return [...(initContainers ?? []), ...(containers ?? []), ...(ephemeralContainers ?? [])];
}

export function namesOf(containers: readonly AnyContainer[]): readonly string[] {
  return containers.map(({ name }) => name);
}

/** `"a", "b"` */
export function quoted(items: readonly string[]): string {
  return items.map((item) => `"${item}"`).join(', ');
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return count === 1 ? one : many;
}

/** `container "a"`, `containers "a", "b"` */
export function containersNamed(names: readonly string[]): string {
  return `${plural(names.length, 'container')} ${quoted(names)}`;
}

/** `pod and container "a"`: who set something that may not be set; undefined if nobody did. */
export function settersNamed(pod: boolean, containers: readonly string[]): string | undefined {
  const setters = [...(pod ? ['pod'] : []), ...(containers.length > 0 ? [containersNamed(containers)] : [])];
  return setters.length > 0 ? setters.join(' and ') : undefined;
}

/** Without duplicates, in order. */
export function sortedSet(values: Iterable<string>): readonly string[] {
  return [...new Set(values)].sort();
}

/** Windows has no such thing, and validation refuses pods that set it. */
export function exceptOnWindows(check: CheckPod): CheckPod {
  return (pod) => (pod.spec.os?.name === 'windows' ? undefined : check(pod));
}

/** Root in a user namespace is nobody outside of it. */
export function exceptInUserNamespace(check: CheckPod): CheckPod {
  return (pod) => (pod.spec.hostUsers === false ? undefined : check(pod));
}
