/**
 * A pod's runtime class says what the runtime itself costs and where it is.
 *
 * Mirrors: plugin/pkg/admission/runtimeclass (v1.36)
 */
import { deepEqual, wasSentEmpty, type Draft } from '@kts/apimachinery';
import { runtimeClasses } from '@kts/api';
import type { Pod } from '@kts/api/types/core-v1';
import type { RuntimeClass } from '@kts/api/types/node-v1';

import { only, type AdmissionAttributes, type AdmissionPlugin } from './admission.ts';
import { forbiddenBy } from './forbidden.ts';
import type { LiveObjects } from './live-objects.ts';

export function runtimeClass(live: LiveObjects): AdmissionPlugin {
  const classOf = async (attributes: AdmissionAttributes, pod: Pod | Draft<Pod>): Promise<RuntimeClass | undefined> => {
    const name = pod.spec.runtimeClassName;
    if (name === undefined) return undefined;
    const found = await live.get(runtimeClasses, '', name);
    if (!found) throw forbiddenBy(attributes, `pod rejected: RuntimeClass ${JSON.stringify(name)} not found`);
    return found;
  };
  return {
    name: 'RuntimeClass',
    concerns: only('pods'),
    async admit(attributes) {
      if (!creates(attributes)) return;
      const pod = attributes.object as unknown as Draft<Pod>;
      const found = await classOf(attributes, pod);
      if (!found) return;
      const overhead = found.overhead?.podFixed;
      if (found.overhead) {
        if (pod.spec.overhead && Object.keys(pod.spec.overhead).length > 0 && !deepEqual(pod.spec.overhead, overhead)) {
          throw mismatch(attributes);
        }
        if (overhead) pod.spec.overhead = { ...overhead };
      }
      if (found.scheduling) schedule(attributes, pod, found);
    },
    async validate(attributes) {
      if (!creates(attributes)) return;
      const pod = attributes.object as unknown as Pod;
      const found = await classOf(attributes, pod);
      if (found?.overhead) {
        if (!deepEqual(found.overhead.podFixed, pod.spec.overhead)) throw mismatch(attributes);
      } else if (pod.spec.overhead !== undefined || wasSentEmpty(pod.spec, 'overhead')) {
        const text = 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead';
        throw forbiddenBy(attributes, text);
      }
    },
  };
}

function creates(attributes: AdmissionAttributes): boolean {
  const { operation, subresource, object } = attributes;
  return subresource === '' && operation === 'CREATE' && object !== undefined;
}

function mismatch(attributes: AdmissionAttributes): Error {
  return forbiddenBy(attributes, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead");
}

function schedule(attributes: AdmissionAttributes, pod: Draft<Pod>, { scheduling }: RuntimeClass): void {
  const selector: Record<string, string> = { ...pod.spec.nodeSelector };
  for (const [key, value] of Object.entries(scheduling?.nodeSelector ?? {})) {
    const own = selector[key];
    if (own !== undefined && own !== value) {
      throw forbiddenBy(
        attributes,
        `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${own}`,
      );
    }
    selector[key] = value;
  }
  if (Object.keys(selector).length > 0) pod.spec.nodeSelector = selector;
  const own = pod.spec.tolerations ?? [];
  const added = (scheduling?.tolerations ?? []).filter((toleration) => !own.some((one) => deepEqual(one, toleration)));
  if (added.length > 0) pod.spec.tolerations = [...own, ...added];
}
