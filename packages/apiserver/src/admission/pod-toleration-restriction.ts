/**
 * Pods of a namespace get the tolerations that its annotation gives them, and may have no others than another one lists.
 *
 * Mirrors: plugin/pkg/admission/podtolerationrestriction and pkg/util/tolerations (v1.36)
 * Differs: there is no configuration file with defaults for namespaces without annotations.
 */
import { deepEqual, failure, notFound } from '@kts/apimachinery';
import { computeQosClass, namespaces } from '@kts/api';
import type { Pod, Toleration } from '@kts/api/types/core-v1';

import { resourceOf, type AdmissionAttributes, type AdmissionPlugin } from './admission.ts';
import type { LiveObjects } from './live-objects.ts';

const DEFAULTS = 'scheduler.alpha.kubernetes.io/defaultTolerations';
const WHITELIST = 'scheduler.alpha.kubernetes.io/tolerationsWhitelist';
const MEMORY_PRESSURE: Toleration = {
  key: 'node.kubernetes.io/memory-pressure',
  operator: 'Exists',
  effect: 'NoSchedule',
};

export function podTolerationRestriction(live: LiveObjects): AdmissionPlugin {
  return {
    name: 'PodTolerationRestriction',
    async admit(attributes) {
      if (!writesPod(attributes)) return;
      const { spec } = attributes.object as unknown as Pod;
      const own = spec.tolerations ?? [];
      const defaults = attributes.operation === 'CREATE' ? await listed(live, attributes.namespace, DEFAULTS) : [];
      const given = defaults.length > 0 && own.length > 0 ? mergeTolerations(defaults, own) : [...defaults, ...own];
      const best = computeQosClass(spec) === 'BestEffort';
      const all = best ? given : mergeTolerations(given, [MEMORY_PRESSURE]);
      if (all.length > 0) Object.assign(spec, { tolerations: all });
    },
    async validate(attributes) {
      if (!writesPod(attributes)) return;
      const { tolerations = [] } = (attributes.object as unknown as Pod).spec;
      if (tolerations.length === 0) return;
      const allowed = await listed(live, attributes.namespace, WHITELIST);
      if (allowed.length === 0 || tolerations.every((one) => allowed.some((wide) => includes(wide, one)))) return;
      throw failure(
        '',
        'pod tolerations (possibly merged with namespace default tolerations) conflict with its namespace whitelist',
      );
    },
  };
}

function writesPod(attributes: AdmissionAttributes): boolean {
  if (resourceOf(attributes) !== 'pods' || attributes.subresource !== '') return false;
  return attributes.operation === 'CREATE' || attributes.operation === 'UPDATE';
}

async function listed(live: LiveObjects, name: string, annotation: string): Promise<readonly Toleration[]> {
  const namespace = await live.get(namespaces, '', name);
  if (!namespace) throw notFound(namespaces, name);
  const text = namespace.metadata.annotations?.[annotation];
  if (!text) return [];
  try {
    return JSON.parse(text) as readonly Toleration[];
  } catch (error) {
    throw failure('', (error as Error).message);
  }
}

/** Both, without those that others include; of equal ones the first stays. */
export function mergeTolerations(first: readonly Toleration[], second: readonly Toleration[]): readonly Toleration[] {
  const all = [...first, ...second];
  const merged: Toleration[] = [];
  for (const [index, one] of all.entries()) {
    if (merged.some((wide) => includes(wide, one))) continue;
    if (all.slice(index + 1).some((wide) => !deepEqual(wide, one) && includes(wide, one))) continue;
    merged.push(one);
  }
  return merged;
}

/** Whether `wide` tolerates everything that `one` does. */
export function includes(wide: Toleration, one: Toleration): boolean {
  if (deepEqual(wide, one)) return true;
  const isExists = wide.operator === 'Exists';
  if ((one.key ?? '') !== (wide.key ?? '') && (wide.key || !isExists)) return false;
  if (wide.effect && one.effect !== wide.effect) return false;
  if (wide.effect === 'NoExecute' && wide.tolerationSeconds !== undefined) {
    if (one.tolerationSeconds === undefined || one.tolerationSeconds > wide.tolerationSeconds) return false;
  }
  if (isExists) return true;
  const isEqual = (operator: Toleration['operator']): boolean => operator === 'Equal' || !operator;
  return isEqual(wide.operator) && isEqual(one.operator) && (one.value ?? '') === (wide.value ?? '');
}
