/**
 * A namespace may not use more than its quotas allow. What a write will use is added to the quota's status at once, so
 * that two writes cannot use the same rest; the quota controller corrects it from what there really is.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/admission/plugin/resourcequota/controller.go (v1.36)
 */
import {
  formatQuantity,
  quantityAdd,
  quantityCompare,
  quantitySub,
  type KubeObject,
  type Quantity,
} from '@kts/apimachinery';
import { missingRequests, quotaMatches, quotaUsage, resourceQuotas, type ResourceAmounts } from '@kts/api';
import type { Pod, ResourceQuota } from '@kts/api/types/core-v1';

import type { Registry } from '../registry/deps.ts';
import { updateStored } from '../registry/update-stored.ts';
import { resourceOf, type AdmissionAttributes, type AdmissionPlugin } from './admission.ts';
import { forbiddenBy } from './forbidden.ts';
import type { LiveObjects } from './live-objects.ts';

/** `registry` is asked for when the first write is checked, because it contains this plugin. */
export function resourceQuota(live: LiveObjects, registry: () => Registry): AdmissionPlugin {
  return {
    name: 'ResourceQuota',
    async validate(attributes) {
      const { namespace, object } = attributes;
      if (!object || namespace === '' || !concerns(attributes)) return;
      const quotas = await live.list(resourceQuotas, namespace);
      const added = object as unknown as KubeObject;
      const resource = resourceOf(attributes);
      const concerned = quotas.filter((quota) => quotaMatches(quota, resource, added));
      if (concerned.length === 0) return;
      const delta = usageDelta(resource, added, attributes.old);
      for (const quota of concerned) checkQuota(attributes, quota, delta);
      const scope = { registry: registry(), namespace, signal: attributes.request.signal };
      for (const quota of concerned) {
        const options = { dryRun: attributes.dryRun, trackedAs: 'status' };
        await updateStored<ResourceQuota>(scope, resourceQuotas, quota.metadata.name, options, (current) => {
          const used = checkQuota(attributes, current, delta);
          return used && ((draft) => void (draft.status = { ...draft.status, used }));
        });
      }
    },
  };
}

function concerns({ definition, operation, subresource, object, old }: AdmissionAttributes): boolean {
  if (definition.plural === 'resourcequotas' && operation !== 'CREATE') return false;
  if (definition.storagePrefix === '' || definition.storagePrefix === 'events') return false;
  if (definition.plural === 'pods' && subresource === 'resize') return operation === 'UPDATE';
  if (subresource !== '') return false;
  if (operation === 'CREATE') return true;
  if (operation !== 'UPDATE') return false;
  if (definition.plural === 'pods') {
    const deadline = (pod: unknown): boolean => ((pod as Pod).spec.activeDeadlineSeconds ?? -1) >= 0;
    return deadline(object) !== deadline(old);
  }
  return definition.plural === 'services' || definition.plural === 'persistentvolumeclaims';
}

/** What a write uses more than before; what it uses less is left to the controller. */
function usageDelta(resource: string, object: KubeObject, old: KubeObject | undefined): ResourceAmounts {
  const usage = quotaUsage(resource, object);
  if (!old) return usage;
  const before = quotaUsage(resource, old);
  const delta: Record<string, Quantity> = {};
  for (const [name, amount] of Object.entries(usage)) {
    const more = quantitySub(amount, before[name] ?? '0');
    if (quantityCompare(more, '0') > 0) delta[name] = formatQuantity(more);
  }
  return delta;
}

/** The quota's usage after the write; undefined if it limits nothing of it. Throws Forbidden. */
function checkQuota(
  attributes: AdmissionAttributes,
  quota: ResourceQuota,
  delta: ResourceAmounts,
): Record<string, Quantity> | undefined {
  const { name } = quota.metadata;
  const hard = quota.status?.hard ?? {};
  const limited = Object.keys(quota.spec?.hard ?? {});
  if (attributes.definition.plural === 'pods' && attributes.operation === 'CREATE') {
    const problem = missingRequests(attributes.object as unknown as Pod, limited);
    if (problem) throw forbiddenBy(attributes, `failed quota: ${name}: ${problem}`);
  }
  const wanted = Object.keys(delta).filter((one) => limited.includes(one));
  if (wanted.length === 0) return undefined;
  const used = quota.status?.used ?? {};
  const unknown = wanted.filter((one) => hard[one] === undefined || used[one] === undefined);
  if (unknown.length > 0) {
    throw forbiddenBy(attributes, `status unknown for quota: ${name}, resources: ${unknown.sort().join(',')}`);
  }
  const after: Record<string, Quantity> = { ...used };
  for (const one of wanted) after[one] = formatQuantity(quantityAdd(used[one]!, delta[one]!));
  const exceeded = wanted.filter(
    (one) => quantityCompare(after[one]!, hard[one]!) > 0 && quantityCompare(delta[one]!, '0') > 0,
  );
  if (exceeded.length === 0) return after;
  const show = (amounts: ResourceAmounts): string =>
    exceeded
      .sort()
      .map((one) => `${one}=${amounts[one]}`)
      .join(',');
  throw forbiddenBy(
    attributes,
    `exceeded quota: ${name}, requested: ${show(delta)}, used: ${show(used)}, limited: ${show(hard)}`,
  );
}
