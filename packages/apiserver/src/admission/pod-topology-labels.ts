/**
 * A pod tells in its labels the zone and the region that it runs in: those of the node that it is bound to or created on.
 *
 * Mirrors: plugin/pkg/admission/podtopologylabels (v1.36)
 */
import type { Draft } from '@kts/apimachinery';
import { nodes } from '@kts/api';
import type { Binding, Pod } from '@kts/api/types/core-v1';

import { only, type AdmissionPlugin } from './admission.ts';
import type { LiveObjects } from './live-objects.ts';

const COPIED_LABELS = ['topology.kubernetes.io/zone', 'topology.kubernetes.io/region'];

export function podTopologyLabels(live: LiveObjects): AdmissionPlugin {
  return {
    name: 'PodTopologyLabels',
    concerns: only('pods'),
    async admit(attributes) {
      const { object, operation, subresource } = attributes;
      if (!object || operation !== 'CREATE') return;
      const nodeName = nodeNameOf(object, subresource);
      if (!nodeName) return;
      const labels = (await live.get(nodes, '', nodeName))?.metadata.labels ?? {};
      const copied = Object.entries(labels).filter(([key]) => COPIED_LABELS.includes(key));
      if (copied.length === 0) return;
      object.metadata.labels = { ...object.metadata.labels, ...Object.fromEntries(copied) };
    },
  };
}

/** The scheduler says in its bindings no more of the target than that it is a node. */
function nodeNameOf(object: object, subresource: string): string | undefined {
  if (subresource === '') return (object as Draft<Pod>).spec?.nodeName;
  if (subresource !== 'binding') return undefined;
  const { target } = object as Draft<Binding>;
  return target?.kind === 'Node' ? target.name : undefined;
}
