import { pods } from '@kts/api';
import type { Pod } from '@kts/api/types/core-v1';
import type { Clock } from '@kts/base';
import type { Client } from '@kts/client';
import type { Lister } from './framework/snapshot.ts';
import { planPodStatus, type PodStatusChange } from './pod-status.ts';

/**
 * Writes the status of pods, one write after the other for each pod, each derived from the newest state.
 *
 * Mirrors: updatePod in pkg/scheduler/schedule_one.go (v1.36)
 */
export interface PodStatusWriterDeps {
  readonly client: Client;
  readonly clock: Clock;
  readonly pods: Lister<Pod>;
  readonly signal: AbortSignal;
}

export class PodStatusWriter {
  readonly #deps: PodStatusWriterDeps;
  /** The last write of each pod that is under way, by uid. */
  readonly #writes = new Map<string, Promise<void>>();

  constructor(deps: PodStatusWriterDeps) {
    this.#deps = deps;
  }

  /** Nothing is sent if there is nothing to change, or the pod has been replaced. */
  async patch(pod: Pod, change: PodStatusChange): Promise<void> {
    const { client, clock, signal } = this.#deps;
    const { namespace, name, uid } = pod.metadata;
    const write = (this.#writes.get(uid) ?? Promise.resolve()).then(async () => {
      const current = this.#deps.pods.get({ namespace, name }) ?? pod;
      const body = current.metadata.uid === uid ? planPodStatus(current, change, clock.now()) : undefined;
      if (body === undefined) return;
      await client.patchStatus(pods, { namespace, name }, { type: 'strategic', body }, { signal });
    });
    const settled = write.catch(() => {});
    this.#writes.set(uid, settled);
    try {
      await write;
    } finally {
      if (this.#writes.get(uid) === settled) this.#writes.delete(uid);
    }
  }
}
