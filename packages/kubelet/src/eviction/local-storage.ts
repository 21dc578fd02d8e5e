import type { Pod } from '@kts/api/types/core-v1';
import { canonicalQuantity } from '@kts/apimachinery';
import { podLimits } from '../pod/pod-resources.ts';
import { wholeValue } from '../pod/resource-list.ts';
import { diskUsage, type DiskPart, type PodUsage } from './pod-usage.ts';

const STORAGE = 'ephemeral-storage';
const EVERYTHING: ReadonlySet<DiskPart> = new Set(['writable layers', 'logs', 'volumes']);

/** The pod has a limit on what it writes to the node's disk: only then need its usage be measured. */
export function limitsLocalStorage(pod: Pod): boolean {
  const limited = (pod.spec.volumes ?? []).some(
    ({ emptyDir }) => emptyDir?.sizeLimit !== undefined && emptyDir.medium !== 'Memory',
  );
  return limited || podLimits(pod)[STORAGE] !== undefined;
}

/**
 * What the pod writes too much of; `undefined`: nothing.
 *
 * Mirrors: pkg/kubelet/eviction/eviction_manager.go, localStorageEviction (v1.36)
 */
export function localStorageExcess(pod: Pod, usage: PodUsage, dedicatedImageFs: boolean): string | undefined {
  for (const { name, emptyDir } of pod.spec.volumes ?? []) {
    const limit = emptyDir?.sizeLimit;
    const used = usage.volumes.get(name)?.bytes;
    if (limit === undefined || used === undefined) continue;
    const most = wholeValue({ limit }, 'limit');
    if (most > 0 && used > most) {
      return `Usage of EmptyDir volume "${name}" exceeds the limit "${canonicalQuantity(limit)}". `;
    }
  }
  const limits = podLimits(pod);
  if (limits[STORAGE] !== undefined && diskUsage(usage, EVERYTHING).bytes > wholeValue(limits, STORAGE)) {
    return `Pod ephemeral local storage usage exceeds the total limit of containers ${limits[STORAGE]}. `;
  }
  for (const { name, writableLayer, logs } of usage.containers) {
    const limits = pod.spec.containers.find((container) => container.name === name)?.resources?.limits;
    const most = wholeValue(limits, STORAGE);
    const used = (logs?.bytes ?? 0) + (dedicatedImageFs ? 0 : (writableLayer?.bytes ?? 0));
    if (most > 0 && used > most) {
      return `Container ${name} exceeded its local ephemeral storage limit "${canonicalQuantity(limits![STORAGE]!)}". `;
    }
  }
  return undefined;
}
