/**
 * Slices: whose devices they are, and where they can be used.
 *
 * Mirrors: validateResourceSliceSpec in pkg/apis/resource/validation/validation.go (v1.36)
 */
import { FieldPath, invalid, required, wasSentEmpty, type FieldError } from '@kts/apimachinery';
import { validateNodeSelector } from '../core/affinity-validation.ts';
import { asSent, checkDnsLabel, checkDnsSubdomain, checkImmutable, NOT_POSITIVE } from '../field-checks.ts';
import type { CounterSet, Device, ResourcePool, ResourceSliceSpec } from '../gen/resource-v1.gen.ts';
import { internalForm } from '../internal-form.ts';
import { validateBoundedSet } from './bounded-collections.ts';
import { validateDriverName, validatePoolName } from './device-names.ts';
import { validateCounters, validateDevice } from './device-validation.ts';

const DEVICES_MAX = 128;
/** Where devices have taints or consume counters. */
const ADVANCED_DEVICES_MAX = 64;
const COUNTER_SETS_MAX = 8;
const SPEC = FieldPath.of('spec');
const ONE_OF = 'exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required';

export function validateSliceSpec(spec: ResourceSliceSpec, old?: ResourceSliceSpec): FieldError[] {
  const devices = spec.devices ?? [];
  const limit = devices.some(isAdvanced) ? ADVANCED_DEVICES_MAX : DEVICES_MAX;
  const nodesPerDevice = spec.perDeviceNodeSelection === true;
  return [
    ...validateDriverName(spec.driver, SPEC.child('driver')),
    ...validatePool(spec.pool, SPEC.child('pool')),
    ...(old ? refuseChanges(spec, old) : []),
    ...validateNodes(spec),
    ...(isGiven(spec, 'sharedCounters') && isGiven(spec, 'devices')
      ? [invalid(SPEC, '', 'only one of `sharedCounters` or `devices` is allowed')]
      : []),
    ...validateBoundedSet(
      devices,
      limit,
      (device, at) =>
        validateDevice(
          device,
          old?.devices?.find(({ name }) => name === device.name),
          at,
          nodesPerDevice,
        ),
      ({ name }) => name ?? '',
      SPEC.child('devices'),
    ),
    ...validateBoundedSet(
      spec.sharedCounters,
      COUNTER_SETS_MAX,
      validateCounterSet,
      ({ name }) => name ?? '',
      SPEC.child('sharedCounters'),
    ),
  ];
}

function isAdvanced({ taints, consumesCounters }: Device): boolean {
  return Boolean(taints?.length) || Boolean(consumesCounters?.length);
}

function validatePool(pool: ResourcePool | undefined, path: FieldPath): FieldError[] {
  const { name, resourceSliceCount = 0, generation = 0 } = pool ?? ({} as Partial<ResourcePool>);
  const errors = validatePoolName(name, path.child('name'));
  if (resourceSliceCount <= 0) {
    errors.push(invalid(path.child('resourceSliceCount'), resourceSliceCount, NOT_POSITIVE));
  }
  if (generation < 0) {
    errors.push(invalid(path.child('generation'), generation, 'must be greater than or equal to zero'));
  }
  return errors;
}

function refuseChanges(spec: ResourceSliceSpec, old: ResourceSliceSpec): FieldError[] {
  return [
    ...checkImmutable(spec.pool?.name ?? '', old.pool.name, SPEC.child('pool', 'name')),
    ...checkImmutable(spec.driver ?? '', old.driver, SPEC.child('driver')),
    ...checkImmutable(spec.nodeName, old.nodeName, SPEC.child('nodeName')),
  ];
}

function validateNodes({ nodeName, nodeSelector, allNodes, perDeviceNodeSelection }: ResourceSliceSpec): FieldError[] {
  const errors: FieldError[] = [];
  const given: string[] = [];
  if (nodeName) {
    given.push('`nodeName`');
    errors.push(...checkDnsSubdomain(nodeName, SPEC.child('nodeName')));
  } else if (nodeName !== undefined) {
    errors.push(invalid(SPEC.child('nodeName'), '', 'must be either unset or set to a non-empty string'));
  }
  if (nodeSelector) {
    given.push('`nodeSelector`');
    errors.push(...validateNodeSelector(nodeSelector, SPEC.child('nodeSelector'), false));
    const terms = nodeSelector.nodeSelectorTerms ?? [];
    if (terms.length !== 1) {
      const empty = asSent(nodeSelector, 'nodeSelectorTerms', []);
      const shown = terms.length === 0 ? empty : terms.map((term) => internalForm('core.v1.NodeSelectorTerm', term));
      const path = SPEC.child('nodeSelector', 'nodeSelectorTerms');
      errors.push(invalid(path, shown, 'must have exactly one node selector term'));
    }
  }
  for (const [field, value] of Object.entries({ allNodes, perDeviceNodeSelection })) {
    if (value) given.push(`\`${field}\``);
    else if (value === false) errors.push(invalid(SPEC.child(field), false, 'must be either unset or set to true'));
  }
  if (given.length === 0) errors.push(required(SPEC, ONE_OF));
  if (given.length > 1) {
    errors.push(invalid(SPEC, `{${given.join(', ')}}`, `${ONE_OF}, but multiple fields are set`));
  }
  return errors;
}

function validateCounterSet({ name, counters }: CounterSet, path: FieldPath): FieldError[] {
  const at = path.child('name');
  return [...(name ? checkDnsLabel(name, at) : [required(at)]), ...validateCounters(counters, path.child('counters'))];
}

/** An empty list is one, too. */
function isGiven(spec: ResourceSliceSpec, field: 'devices' | 'sharedCounters'): boolean {
  return spec[field] !== undefined || wasSentEmpty(spec, field);
}
