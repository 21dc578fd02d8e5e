import type { Pod } from '@kts/api/types/core-v1';
import { canonicalQuantity } from '@kts/apimachinery';
import { hasPodLevelResources } from '../pod/pod-resources.ts';
import { formatBytes, formatMilli, wholeValue, type ResourceList } from '../pod/resource-list.ts';
import type { ContainerUsage, PodUsage } from './pod-usage.ts';
import type { Observations } from './pressure.ts';
import { amountOf, SIGNALS, type StarvedResource, type Threshold } from './thresholds.ts';

/**
 * Why a pod had to go: what the node lacks, and which of its containers use more than they asked for.
 *
 * Mirrors: pkg/kubelet/eviction/helpers.go, evictionMessage (v1.36)
 */
export function evictionMessage(
  resource: StarvedResource,
  pod: Pod,
  usage: PodUsage | undefined,
  thresholds: readonly Threshold[],
  observations: Observations,
): string {
  const parts = [`The node was low on resource: ${resource}. `, thresholdText(resource, thresholds, observations)];
  if (usage) {
    parts.push(podText(resource, pod, usage));
    for (const container of usage.containers) parts.push(containerText(resource, pod, container));
  }
  return parts.join('');
}

function thresholdText(
  resource: StarvedResource,
  thresholds: readonly Threshold[],
  observations: Observations,
): string {
  const threshold = thresholds.find(
    ({ signal }) => SIGNALS[signal].resource === resource && observations.get(signal) !== undefined,
  );
  if (!threshold) return '';
  const { available, capacity } = observations.get(threshold.signal)!;
  const { value } = threshold;
  const quantity = 'quantity' in value ? value.quantity : formatBytes(amountOf(value, capacity));
  return `Threshold quantity: ${quantity}, available: ${formatAmount(resource, available)}. `;
}

function podText(resource: StarvedResource, pod: Pod, usage: PodUsage): string {
  const request = pod.spec.resources?.requests?.['memory'];
  if (resource !== 'memory' || !hasPodLevelResources(pod) || request === undefined) return '';
  if (usage.memoryBytes === undefined) return '';
  const used = formatBytes(usage.memoryBytes);
  return `Pod ${pod.metadata.name} was using ${used}, request is ${canonicalQuantity(request)}, has larger consumption of ${resource}. `;
}

function containerText(resource: StarvedResource, pod: Pod, usage: ContainerUsage): string {
  const container = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].find(
    ({ name }) => name === usage.name,
  );
  const used = usedBy(resource, usage);
  if (!container || used === undefined) return '';
  const requests: ResourceList = container.resources?.requests ?? {};
  if (used <= wholeValue(requests, resource)) return '';
  const request = canonicalQuantity(requests[resource] ?? '0');
  return `Container ${container.name} was using ${formatBytes(used)}, request is ${request}, has larger consumption of ${resource}. `;
}

function usedBy(resource: StarvedResource, { memoryBytes, writableLayer, logs }: ContainerUsage): number | undefined {
  if (resource === 'memory') return memoryBytes;
  if (resource !== 'ephemeral-storage' || !writableLayer || !logs) return undefined;
  return writableLayer.bytes + logs.bytes;
}

function formatAmount(resource: StarvedResource, amount: number): string {
  return resource === 'memory' || resource === 'ephemeral-storage' ? formatBytes(amount) : formatMilli(amount * 1000);
}
