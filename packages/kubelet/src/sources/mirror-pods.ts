import { isAlreadyExists, isNotFound, keyText } from '@kts/apimachinery';
import { pods } from '@kts/api';
import type { Node, Pod } from '@kts/api/types/core-v1';
import type { Logger } from '@kts/base';
import type { Client } from '@kts/client';
import { isMirrorOf, type PodManager } from '../core/pod-manager.ts';
import { CONFIG_HASH_ANNOTATION, CONFIG_MIRROR_ANNOTATION, isStaticPod } from '../pod/containers.ts';

/**
 * Keeps the pods in the API that show this node's static pods.
 *
 * Mirrors: pkg/kubelet/pod/mirror_client.go, kubelet.go tryReconcileMirrorPods (v1.36)
 */
export class MirrorPods {
  readonly #client: Client;
  readonly #pods: PodManager;
  readonly #log: Logger;
  readonly #node: () => Node | undefined;

  constructor(options: {
    readonly client: Client;
    readonly pods: PodManager;
    readonly log: Logger;
    readonly node: () => Node | undefined;
  }) {
    this.#client = options.client;
    this.#pods = options.pods;
    this.#log = options.log;
    this.#node = options.node;
  }

  /** Makes sure that a static pod has a mirror, and the right one. Failures are logged; the next sync tries again. */
  async reconcile(pod: Pod, signal: AbortSignal): Promise<void> {
    if (!isStaticPod(pod)) return;
    const mirror = this.#pods.mirrorOf(pod.metadata.uid) ?? undefined;
    try {
      if (mirror && (mirror.metadata.deletionTimestamp !== undefined || !isMirrorOf(mirror, pod))) {
        await this.remove(mirror, signal);
      } else if (mirror) return;
      await this.#create(pod, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      this.#log.error('failed to reconcile a mirror pod', { pod: keyText(pod.metadata), error });
    }
  }

  async remove(mirror: Pod, signal: AbortSignal): Promise<void> {
    const { namespace, name, uid } = mirror.metadata;
    try {
      await this.#client.delete(pods, { namespace, name }, { gracePeriodSeconds: 0, preconditions: { uid }, signal });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  async #create(pod: Pod, signal: AbortSignal): Promise<void> {
    const node = this.#node();
    if (!node) return;
    const { name, namespace, labels, annotations } = pod.metadata;
    const hash = annotations?.[CONFIG_HASH_ANNOTATION] ?? '';
    const owner = {
      apiVersion: 'v1',
      kind: 'Node',
      name: node.metadata.name,
      uid: node.metadata.uid,
      controller: true,
    };
    try {
      await this.#client.create(
        pods,
        {
          metadata: {
            name,
            namespace,
            ...(labels ? { labels } : {}),
            annotations: { ...annotations, [CONFIG_MIRROR_ANNOTATION]: hash },
            ownerReferences: [owner],
          },
          spec: pod.spec,
        },
        { signal },
      );
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
  }
}
