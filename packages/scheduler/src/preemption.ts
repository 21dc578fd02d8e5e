import { pods } from '@kts/api';
import type { Pod } from '@kts/api/types/core-v1';
import { isNotFound } from '@kts/apimachinery';
import { forEachLimit, type Clock, type Logger, type TaskGroup } from '@kts/base';
import type { Client } from '@kts/client';
import type { PodInfo } from './framework/pod-info.ts';
import type { Lister } from './framework/snapshot.ts';
import { planPodStatus } from './pod-status.ts';

/**
 * Deletes the victims of a preemption, in the background: the pod that wants their place must not enter the queue again
 * before the last of them is on its way out.
 *
 * Mirrors: pkg/scheduler/framework/preemption/executor.go (v1.36)
 */
export interface PreemptionDeps {
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Logger;
  readonly pods: Lister<Pod>;
  readonly onPreempted: (victim: Pod, preemptor: Pod, note: string) => void;
  /** The preemption of the pod with this uid has failed. */
  readonly onFailure: (uid: string) => void;
}

const DELETIONS_MAX = 16;

export class PreemptionExecutor {
  readonly #deps: PreemptionDeps;
  /** The last victim of each pod that preempts, once it is that one's turn. */
  readonly #preempting = new Map<string, Pod | undefined>();

  constructor(deps: PreemptionDeps) {
    this.#deps = deps;
  }

  /** Whether victims of the pod with this uid are still to be deleted. */
  isPreempting(uid: string): boolean {
    if (!this.#preempting.has(uid)) return false;
    const last = this.#preempting.get(uid);
    if (last === undefined) return true;
    const current = this.#deps.pods.get(last.metadata);
    return current !== undefined && current.metadata.deletionTimestamp === undefined;
  }

  /** @param yielding pods of lower priority that were nominated to the node: they lose it. */
  start(
    group: TaskGroup,
    preemptor: PodInfo,
    node: string,
    victims: readonly PodInfo[],
    yielding: readonly PodInfo[],
  ): void {
    const rest = victims.map(({ pod }) => pod).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    const last = rest.pop();
    if (last === undefined) return;
    this.#preempting.set(preemptor.uid, undefined);
    group.start(async (signal) => {
      try {
        for (const { pod } of yielding) await this.#patchStatus(pod, { nominatedNode: '' }, signal);
        await forEachLimit(rest, DELETIONS_MAX, (victim) => this.#preempt(victim, preemptor.pod, node, signal));
        this.#preempting.set(preemptor.uid, last);
        await this.#preempt(last, preemptor.pod, node, signal);
      } catch (error) {
        if (signal.aborted) return;
        this.#deps.log.error('preemption failed', { error, pod: preemptor.key, node });
        this.#preempting.delete(preemptor.uid);
        this.#deps.onFailure(preemptor.uid);
      } finally {
        this.#preempting.delete(preemptor.uid);
      }
    });
  }

  async #preempt(victim: Pod, preemptor: Pod, node: string, signal: AbortSignal): Promise<void> {
    const { namespace, name, uid } = victim.metadata;
    const condition = {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'PreemptionByScheduler',
      message: `${preemptor.spec.schedulerName}: preempting to accommodate a higher priority pod`,
    };
    try {
      await this.#patchStatus(victim, { condition }, signal);
      await this.#deps.client.delete(pods, { namespace, name }, { preconditions: { uid }, signal });
    } catch (error) {
      if (isNotFound(error)) return;
      throw error;
    }
    this.#deps.onPreempted(victim, preemptor, `Preempted by pod ${preemptor.metadata.uid} on node ${node}`);
  }

  async #patchStatus(pod: Pod, change: Parameters<typeof planPodStatus>[1], signal: AbortSignal): Promise<void> {
    const { namespace, name } = pod.metadata;
    const body = planPodStatus(pod, change, this.#deps.clock.now());
    if (body) await this.#deps.client.patchStatus(pods, { namespace, name }, { type: 'strategic', body }, { signal });
  }
}
