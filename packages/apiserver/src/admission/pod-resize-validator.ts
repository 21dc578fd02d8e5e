/**
 * A pod can only be resized to what its node has.
 *
 * Mirrors: plugin/pkg/admission/podresize (v1.36)
 */
import { quantityCompare, quantityToMilli, quantityToNumber, StatusError } from '@kts/apimachinery';
import { nodes, podRequests } from '@kts/api';
import type { Node, Pod } from '@kts/api/types/core-v1';

import { only, type AdmissionAttributes, type AdmissionPlugin } from './admission.ts';
import { forbiddenBy } from './forbidden.ts';
import type { LiveObjects } from './live-objects.ts';

const OS_LABEL = 'kubernetes.io/os';

export function podResizeValidator(live: LiveObjects): AdmissionPlugin {
  return {
    name: 'PodResizeValidator',
    concerns: only('pods'),
    async validate(attributes) {
      const { object, old, operation, subresource } = attributes;
      if (operation !== 'UPDATE' || subresource !== 'resize') return;
      const pod = object as unknown as Pod;
      const { nodeName } = pod.spec;
      if (!nodeName || pod.metadata.generation === old?.metadata.generation) return;
      const node = await live.get(nodes, '', nodeName);
      if (!node) throw forbiddenBy(attributes, `node ${JSON.stringify(nodeName)} not found`);
      const system = node.metadata.labels?.[OS_LABEL];
      if (system !== undefined && system !== 'linux') {
        const text = `pod resize is only supported on linux nodes, node ${JSON.stringify(nodeName)} is ${JSON.stringify(system)}`;
        throw refused(attributes, text, 'UnsupportedPlatform');
      }
      const missing = missingResources(pod, node);
      if (missing.length === 0) return;
      const text = `node didn't have enough allocatable resources: ${missing.join('; ')}`;
      throw refused(attributes, text, 'NodeCapacity');
    },
  };
}

function missingResources(pod: Pod, node: Node): readonly string[] {
  const requests = podRequests(pod);
  const allocatable = node.status?.allocatable ?? {};
  const [cpu, cpuThere] = [requests['cpu'] ?? '0', allocatable['cpu'] ?? '0'];
  const [memory, memoryThere] = [requests['memory'] ?? '0', allocatable['memory'] ?? '0'];
  const missing: string[] = [];
  if (quantityCompare(cpu, cpuThere) > 0) {
    missing.push(`cpu, requested: ${quantityToMilli(cpu)}, allocatable: ${quantityToMilli(cpuThere)}`);
  }
  if (quantityCompare(memory, memoryThere) > 0) {
    missing.push(`memory, requested: ${quantityToNumber(memory)}, allocatable: ${quantityToNumber(memoryThere)}`);
  }
  return missing;
}

function refused(attributes: AdmissionAttributes, text: string, reason: string): StatusError {
  const { status } = forbiddenBy(attributes, text);
  return new StatusError({ ...status, details: { ...status.details, causes: [{ reason }] } });
}
