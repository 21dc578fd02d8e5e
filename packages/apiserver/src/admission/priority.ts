/**
 * Gives pods the number behind their priority class, and keeps at most one class the default.
 *
 * Mirrors: plugin/pkg/admission/priority (v1.36)
 */
import type { Draft } from '@kts/apimachinery';
import { priorityClasses } from '@kts/api';
import type { Pod } from '@kts/api/types/core-v1';
import type { PriorityClass } from '@kts/api/types/scheduling-v1';

import { only, resourceOf, type AdmissionAttributes, type AdmissionPlugin } from './admission.ts';
import { forbiddenBy } from './forbidden.ts';
import type { LiveObjects } from './live-objects.ts';

interface Established {
  readonly name: string;
  readonly value: number;
  readonly preemptionPolicy: NonNullable<PriorityClass['preemptionPolicy']>;
}

export function priority(live: LiveObjects): AdmissionPlugin {
  return {
    name: 'Priority',
    concerns: only('pods', 'priorityclasses.scheduling.k8s.io'),
    async admit(attributes) {
      if (resourceOf(attributes) !== 'pods' || attributes.subresource !== '') return;
      const pod = attributes.object as Draft<Pod> | undefined;
      if (!pod) return;
      if (attributes.operation === 'UPDATE') keepPriority(pod, attributes.old as Pod | undefined);
      else if (attributes.operation === 'CREATE') await setPriority(live, attributes, pod);
    },
    async validate(attributes) {
      if (resourceOf(attributes) !== 'priorityclasses.scheduling.k8s.io' || !attributes.object) return;
      const added = attributes.object as unknown as PriorityClass;
      if (!added.globalDefault) return;
      const present = await defaultClass(live);
      if (!present || (attributes.operation === 'UPDATE' && present.metadata.name === added.metadata.name)) return;
      const { name } = present.metadata;
      throw forbiddenBy(attributes, `PriorityClass ${name} is already marked as default. Only one default can exist`);
    },
  };
}

function keepPriority(pod: Draft<Pod>, old: Pod | undefined): void {
  if (old?.spec.priority !== undefined) pod.spec.priority ??= old.spec.priority;
  if (old?.spec.preemptionPolicy !== undefined) pod.spec.preemptionPolicy ??= old.spec.preemptionPolicy;
}

async function setPriority(live: LiveObjects, attributes: AdmissionAttributes, pod: Draft<Pod>): Promise<void> {
  const { name, value, preemptionPolicy } = await establish(live, attributes, pod.spec.priorityClassName ?? '');
  if (name) pod.spec.priorityClassName = name;
  const { priority: own, preemptionPolicy: ownPolicy } = pod.spec;
  if (own !== undefined && own !== value) {
    throw forbiddenBy(
      attributes,
      `the integer value of priority (${own}) must not be provided in pod spec; priority admission controller computed ${value} from the given PriorityClass name`,
    );
  }
  pod.spec.priority = value;
  if (ownPolicy !== undefined && ownPolicy !== preemptionPolicy) {
    throw forbiddenBy(
      attributes,
      `the string value of PreemptionPolicy (${ownPolicy}) must not be provided in pod spec; priority admission controller computed ${preemptionPolicy} from the given PriorityClass name`,
    );
  }
  pod.spec.preemptionPolicy = preemptionPolicy;
}

async function establish(live: LiveObjects, attributes: AdmissionAttributes, name: string): Promise<Established> {
  const found = name === '' ? await defaultClass(live) : await live.get(priorityClasses, '', name);
  if (!found) {
    if (name === '') return { name: '', value: 0, preemptionPolicy: 'PreemptLowerPriority' };
    throw forbiddenBy(attributes, `no PriorityClass with name ${name} was found`);
  }
  const { value = 0, preemptionPolicy = 'PreemptLowerPriority' } = found;
  return { name: found.metadata.name, value, preemptionPolicy };
}

/** If several claim to be the default, the one with the smallest value is. */
async function defaultClass(live: LiveObjects): Promise<PriorityClass | undefined> {
  let found: PriorityClass | undefined;
  for (const candidate of await live.list(priorityClasses, '')) {
    if (candidate.globalDefault && (!found || (found.value ?? 0) > (candidate.value ?? 0))) found = candidate;
  }
  return found;
}
