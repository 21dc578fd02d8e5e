import type { Pod, ResourceRequirements } from '@kts/api/types/core-v1';
import { containerAmounts, type ContainerAmounts } from '../pod/container-amounts.ts';
import type { AnyContainer } from '../pod/containers.ts';

interface PodState {
  readonly containers: Map<string, ContainerAmounts>;
  podLevel: ContainerAmounts;
}

/**
 * The resources that the kubelet has really applied, by pod and container: what a resize starts from.
 *
 * Mirrors: pkg/kubelet/allocation/state (v1.36)
 * Differs: kept in memory only; after a restart of the kubelet the pod's status counts.
 */
export class ResizeState {
  readonly #pods = new Map<string, PodState>();

  setActuated(pod: Pod, container: AnyContainer, amounts?: ContainerAmounts): void {
    const value = amounts ?? containerAmounts(container.resources, pod.spec.resources);
    this.#state(pod.metadata.uid).containers.set(container.name, value);
  }

  actuated(uid: string, container: string): ContainerAmounts | undefined {
    return this.#pods.get(uid)?.containers.get(container);
  }

  setPodLevel(pod: Pod): void {
    this.#state(pod.metadata.uid).podLevel = containerAmounts(pod.spec.resources, undefined);
  }

  podLevel(uid: string): ContainerAmounts | undefined {
    return this.#pods.get(uid)?.podLevel;
  }

  retain(uids: ReadonlySet<string>): void {
    for (const uid of this.#pods.keys()) if (!uids.has(uid)) this.#pods.delete(uid);
  }

  #state(uid: string): PodState {
    return this.#pods.getOrInsertComputed(uid, () => ({ containers: new Map(), podLevel: NOTHING }));
  }
}

const NOTHING = containerAmounts(undefined, undefined);

export function podLevelAmounts(resources: ResourceRequirements | undefined): ContainerAmounts {
  return containerAmounts(resources, undefined);
}
