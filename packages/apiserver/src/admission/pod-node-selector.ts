/**
 * Pods of a namespace go to the nodes that its annotation selects.
 *
 * Mirrors: plugin/pkg/admission/podnodeselector/admission.go (v1.36)
 * Differs: there is no configuration file with a default and a list of what namespaces may choose.
 */
import { failure, notFound, type Draft } from '@kts/apimachinery';
import { namespaces } from '@kts/api';
import type { Pod } from '@kts/api/types/core-v1';

import { resourceOf, type AdmissionAttributes, type AdmissionPlugin } from './admission.ts';
import { forbiddenBy } from './forbidden.ts';
import type { LiveObjects } from './live-objects.ts';

const ANNOTATION = 'scheduler.alpha.kubernetes.io/node-selector';

export function podNodeSelector(live: LiveObjects): AdmissionPlugin {
  return {
    name: 'PodNodeSelector',
    async admit(attributes) {
      if (!createsPod(attributes)) return;
      const selector = await selectorOf(live, attributes.namespace);
      const { spec } = attributes.object as unknown as Draft<Pod>;
      checkConflict(attributes, selector, spec.nodeSelector ?? {});
      const merged = { ...selector, ...spec.nodeSelector };
      if (Object.keys(merged).length > 0) spec.nodeSelector = merged;
    },
    async validate(attributes) {
      if (!createsPod(attributes)) return;
      const { spec } = attributes.object as unknown as Pod;
      checkConflict(attributes, await selectorOf(live, attributes.namespace), spec.nodeSelector ?? {});
    },
  };
}

type Labels = Readonly<Record<string, string>>;

function checkConflict(attributes: AdmissionAttributes, ofNamespace: Labels, ofPod: Labels): void {
  const differs = Object.entries(ofNamespace).some(([key, value]) => key in ofPod && ofPod[key] !== value);
  if (!differs) return;
  throw forbiddenBy(attributes, 'pod node label selector conflicts with its namespace node label selector');
}

function createsPod(attributes: AdmissionAttributes): boolean {
  return resourceOf(attributes) === 'pods' && attributes.subresource === '' && attributes.operation === 'CREATE';
}

async function selectorOf(live: LiveObjects, name: string): Promise<Labels> {
  const namespace = await live.get(namespaces, '', name);
  if (!namespace) throw notFound(namespaces, name);
  const text = namespace.metadata.annotations?.[ANNOTATION] ?? '';
  return text === '' ? {} : Object.fromEntries(text.split(',').map(parsePair));
}

function parsePair(text: string): readonly [string, string] {
  const [key, value, ...more] = text.split('=');
  if (value === undefined || more.length > 0) throw failure('', `invalid selector: [${text.replaceAll('=', ' ')}]`);
  return [key!.trim(), value.trim()];
}
