import type { Pod } from '@kts/api/types/core-v1';
import type { KubeletConfig } from '../config.ts';
import type { KubeletParts } from '../core/kubelet-parts.ts';
import type { NodeHost } from '../host/node-host.ts';
import { isCriticalPod, podReference } from '../pod/containers.ts';
import { podLimits } from '../pod/pod-resources.ts';
import { wholeValue } from '../pod/resource-list.ts';

/**
 * Evicts pods that write more to the node's disk than they may.
 *
 * Mirrors: pkg/kubelet/eviction/eviction_manager.go, localStorageEviction (v1.36)
 * Differs: writable layers and logs of containers are not counted.
 */
export async function enforceLocalStorage(
  config: KubeletConfig,
  parts: KubeletParts,
  host: NodeHost,
  signal: AbortSignal,
): Promise<void> {
  if (!config.localStorageCapacityIsolation) return;
  for (const pod of parts.pods.all()) {
    const { uid } = pod.metadata;
    if (signal.aborted || isCriticalPod(pod) || parts.workers.isTerminationRequested(uid)) continue;
    const message = await excess(pod, parts, host);
    if (message === undefined) continue;
    parts.events.record(podReference(pod), 'Warning', 'Evicted', message);
    parts.workers.update({
      type: 'kill',
      pod,
      kill: { gracePeriodSeconds: 1, eviction: { reason: 'Evicted', message } },
    });
  }
}

/** What the pod uses too much of; `undefined`: nothing. */
async function excess(pod: Pod, parts: KubeletParts, host: NodeHost): Promise<string | undefined> {
  let total = 0;
  for (const { name, emptyDir } of pod.spec.volumes ?? []) {
    const mounted =
      emptyDir && emptyDir.medium !== 'Memory' ? parts.volumes.mounted(pod.metadata.uid, name) : undefined;
    if (!mounted) continue;
    const { bytes } = await host.machine.usage(mounted.path);
    total += bytes;
    const limit = emptyDir?.sizeLimit;
    if (limit !== undefined && wholeValue({ limit }, 'limit') > 0 && bytes > wholeValue({ limit }, 'limit')) {
      return `Usage of EmptyDir volume "${name}" exceeds the limit "${limit}". `;
    }
  }
  const podLimit = wholeValue(podLimits(pod), 'ephemeral-storage');
  if (podLimit > 0 && total > podLimit) {
    return `Pod ephemeral local storage usage exceeds the total limit of containers ${podLimits(pod)['ephemeral-storage']}. `;
  }
  return undefined;
}
