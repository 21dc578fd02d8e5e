import type { Pod, ResourceFieldSelector } from '@kts/api/types/core-v1';
import { findContainer, type AnyContainer } from '../pod/containers.ts';
import { milliValue, wholeValue, type ResourceList } from '../pod/resource-list.ts';
import { FieldReferenceError } from './field-reference.ts';

/**
 * A container's request or limit as a whole number of `divisor`s, rounded up. Where it has no limit, the node's
 * allocatable amount counts.
 *
 * Mirrors: pkg/api/v1/resource/helpers.go, pkg/kubelet/kubelet_resources.go (v1.36)
 */
export function resourceFieldValue(
  selector: ResourceFieldSelector,
  pod: Pod,
  container: AnyContainer | undefined,
  allocatable: ResourceList,
): string {
  const target = selector.containerName ? findContainer(pod, selector.containerName) : container;
  if (!target) throw new FieldReferenceError(`container ${selector.containerName ?? ''} not found`);
  const [side, resource] = splitResource(selector.resource);
  const amounts = side === 'limits' ? withNodeLimits(target, pod, allocatable) : (target.resources?.requests ?? {});
  return divide(amounts, resource, selector.divisor ?? '0');
}

function splitResource(text: string): readonly ['limits' | 'requests', string] {
  const [side, resource = ''] = splitOnce(text);
  const known = ['cpu', 'memory', 'ephemeral-storage'].includes(resource) || resource.startsWith('hugepages-');
  if ((side !== 'limits' && side !== 'requests') || !known) {
    throw new FieldReferenceError(`Unsupported container resource : ${text}`);
  }
  return [side, resource];
}

function splitOnce(text: string): readonly [string, string?] {
  const dot = text.indexOf('.');
  return dot < 0 ? [text] : [text.slice(0, dot), text.slice(dot + 1)];
}

function withNodeLimits(container: AnyContainer, pod: Pod, allocatable: ResourceList): ResourceList {
  const limits = { ...container.resources?.limits };
  for (const name of ['cpu', 'memory', 'ephemeral-storage']) {
    if (milliValue(limits, name) !== 0) continue;
    const fallback = pod.spec.resources?.limits?.[name] ?? allocatable[name];
    if (fallback !== undefined) limits[name] = fallback;
  }
  return limits;
}

function divide(amounts: ResourceList, resource: string, divisor: string): string {
  const value = { amount: amounts[resource] ?? '0', divisor: /^0*$/.test(divisor) ? '1' : divisor };
  if (resource === 'cpu') return String(Math.ceil(milliValue(value, 'amount') / milliValue(value, 'divisor')));
  return String(Math.ceil(wholeValue(value, 'amount') / wholeValue(value, 'divisor')));
}
