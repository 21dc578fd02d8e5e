/**
 * A new node is not ready until its kubelet has said otherwise.
 *
 * Mirrors: plugin/pkg/admission/nodetaint (v1.36)
 */
import type { Draft } from '@kts/apimachinery';
import type { Node } from '@kts/api/types/core-v1';

import { only, type AdmissionPlugin } from './admission.ts';

const NOT_READY = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' } as const;

export const taintNodesByCondition: AdmissionPlugin = {
  name: 'TaintNodesByCondition',
  concerns: only('nodes'),
  admit(attributes) {
    if (attributes.subresource !== '') return;
    if (attributes.operation !== 'CREATE' || !attributes.object) return;
    const node = attributes.object as unknown as Draft<Node>;
    const taints = node.spec?.taints ?? [];
    if (taints.some(({ key, effect }) => key === NOT_READY.key && effect === NOT_READY.effect)) return;
    node.spec = { ...node.spec, taints: [...taints, { ...NOT_READY }] };
  },
};
