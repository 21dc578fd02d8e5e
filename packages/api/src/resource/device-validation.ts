/**
 * One device of a slice.
 *
 * Mirrors: validateDevice in pkg/apis/resource/validation/validation.go (v1.36)
 */
import {
  duplicate,
  invalid,
  required,
  tooLong,
  wasSentEmpty,
  type FieldError,
  type FieldPath,
} from '@kts/apimachinery';
import { validateNodeSelector } from '../core/affinity-validation.ts';
import { byteLength, checkDnsLabel, checkDnsSubdomain, checkQualifiedName, sameValue } from '../field-checks.ts';
import { internalForm } from '../internal-form.ts';
import type { Counter, Device, DeviceAttribute, DeviceCounterConsumption } from '../gen/resource-v1.gen.ts';
import { validateBoundedList, validateBoundedMap, validateBoundedSet } from './bounded-collections.ts';
import { validateCapacity } from './capacity-policy-validation.ts';
import { QUALIFIED_NAME_BYTES_MAX, validateQualifiedName } from './device-names.ts';
import { validateDeviceTaint } from './device-taint-validation.ts';

const ATTRIBUTES_AND_CAPACITIES_MAX = 32;
const ATTRIBUTE_VALUES_MAX = 48;
const ATTRIBUTE_BYTES_MAX = 64;
const TAINTS_MAX = 16;
const CONSUMPTIONS_MAX = 2;
const COUNTERS_MAX = 32;
const CONDITIONS_MAX = 4;
const LABEL_LENGTH_MAX = 63;

const NUMBER = '(0|[1-9]\\d*)';
const PRE_RELEASE = '(0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*)';
const BUILD = '[0-9a-zA-Z-]+';
const SEMANTIC_VERSION = new RegExp(
  `^${NUMBER}\\.${NUMBER}\\.${NUMBER}(-${PRE_RELEASE}(\\.${PRE_RELEASE})*)?(\\+${BUILD}(\\.${BUILD})*)?$`,
);

export function validateDevice(
  device: Device,
  old: Device | undefined,
  path: FieldPath,
  nodesPerDevice: boolean,
): FieldError[] {
  const { attributes, capacity, taints } = device;
  const keys = { keyLengthMax: QUALIFIED_NAME_BYTES_MAX };
  return [
    ...checkDnsLabel(device.name ?? '', path.child('name')),
    ...validateNumbers(device, path),
    ...validateBoundedMap(attributes, keys, validateQualifiedName, validateAttribute, path.child('attributes')),
    ...validateBoundedMap(
      capacity,
      keys,
      validateQualifiedName,
      (item, at) => validateCapacity(item, at, device.allowMultipleAllocations === true),
      path.child('capacity'),
    ),
    ...(old && sameValue(old.taints, taints)
      ? []
      : validateBoundedList(taints, TAINTS_MAX, validateDeviceTaint, path.child('taints'))),
    ...validateBoundedSet(
      device.consumesCounters,
      CONSUMPTIONS_MAX,
      validateConsumption,
      ({ counterSet }) => counterSet ?? '',
      path.child('consumesCounters'),
    ),
    ...(nodesPerDevice ? validateNodes(device, path) : refuseNodes(device, path)),
    ...validateBindingConditions(device, path),
  ];
}

function validateNumbers({ attributes = {}, capacity = {} }: Device, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const names = Object.keys(attributes).length + Object.keys(capacity).length;
  if (names > ATTRIBUTES_AND_CAPACITIES_MAX) {
    const text = `the total number of attributes and capacities must not exceed ${ATTRIBUTES_AND_CAPACITIES_MAX}`;
    errors.push(invalid(path, names, text));
  }
  const values = Object.values(attributes).reduce((sum, attribute) => sum + Math.max(listLength(attribute), 1), 0);
  if (values > ATTRIBUTE_VALUES_MAX) {
    errors.push(invalid(path, values, `the total number of attribute values must not exceed ${ATTRIBUTE_VALUES_MAX}`));
  }
  return errors;
}

function listLength({ ints, bools, strings, versions }: DeviceAttribute): number {
  return [ints, bools, strings, versions].reduce((sum, list) => sum + (list?.length ?? 0), 0);
}

function validateAttribute(attribute: DeviceAttribute, path: FieldPath): FieldError[] {
  const { string, version, strings = [], versions = [] } = attribute;
  const errors = [
    ...(string === undefined ? [] : validateText(string, path.child('string'))),
    ...(version === undefined ? [] : validateVersion(version, path.child('version'))),
    ...strings.flatMap((text, index) => validateText(text, path.child('strings').index(index))),
    ...versions.flatMap((text, index) => validateVersion(text, path.child('versions').index(index))),
  ];
  const given = Object.values(attribute).filter((value) => value !== undefined).length;
  if (given === 1) return errors;
  const shown = given === 0 ? '' : internalForm('resource.v1.DeviceAttribute', attribute);
  return [...errors, invalid(path, shown, 'exactly one value must be specified')];
}

function validateText(text: string, path: FieldPath): FieldError[] {
  return byteLength(text) > ATTRIBUTE_BYTES_MAX ? [tooLong(path, ATTRIBUTE_BYTES_MAX)] : [];
}

function validateVersion(text: string, path: FieldPath): FieldError[] {
  const problem = 'must be a string compatible with semver.org spec 2.0.0';
  return [...(SEMANTIC_VERSION.test(text) ? [] : [invalid(path, text, problem)]), ...validateText(text, path)];
}

function validateConsumption({ counterSet, counters }: DeviceCounterConsumption, path: FieldPath): FieldError[] {
  const at = path.child('counterSet');
  return [
    ...(counterSet ? checkDnsLabel(counterSet, at) : [required(at)]),
    ...validateCounters(counters, path.child('counters')),
  ];
}

export function validateCounters(
  counters: Readonly<Record<string, Counter>> | undefined,
  path: FieldPath,
): FieldError[] {
  if (Object.keys(counters ?? {}).length === 0) return [required(path)];
  const limits = { max: COUNTERS_MAX, keyLengthMax: LABEL_LENGTH_MAX };
  return validateBoundedMap(counters, limits, checkDnsLabel, () => [], path);
}

const ONE_OF_NODES =
  'exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true in the ResourceSlice spec';

function validateNodes({ nodeName, nodeSelector, allNodes }: Device, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const given: string[] = [];
  if (nodeName) {
    given.push('`nodeName`');
    errors.push(...checkDnsSubdomain(nodeName, path.child('nodeName')));
  } else if (nodeName !== undefined) errors.push(invalid(path.child('nodeName'), '', 'must not be empty'));
  if (nodeSelector) {
    given.push('`nodeSelector`');
    errors.push(...validateNodeSelector(nodeSelector, path.child('nodeSelector'), false));
  }
  if (allNodes) given.push('`allNodes`');
  else if (allNodes === false) {
    errors.push(invalid(path.child('allNodes'), false, 'must be either unset or set to true'));
  }
  if (given.length === 0) errors.push(required(path, ONE_OF_NODES));
  if (given.length > 1) errors.push(invalid(path, `{${given.join(', ')}}`, ONE_OF_NODES));
  return errors;
}

function refuseNodes({ nodeName, nodeSelector, allNodes }: Device, path: FieldPath): FieldError[] {
  if (nodeName === undefined && !nodeSelector && allNodes === undefined) return [];
  const text =
    '`nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the ResourceSlice spec';
  return [invalid(path, null, text)];
}

interface BindingConditions {
  readonly bindingConditions?: readonly string[];
  readonly bindingFailureConditions?: readonly string[];
}

/** Conditions that must come true before a pod is bound, and those that make it fail: both or none. */
export function validateBindingConditions(binding: BindingConditions, path: FieldPath): FieldError[] {
  const { bindingConditions: conditions = [], bindingFailureConditions: failures = [] } = binding;
  const at = path.child('bindingConditions');
  const atFailures = path.child('bindingFailureConditions');
  const errors = [
    ...validateBoundedList(conditions, CONDITIONS_MAX, checkQualifiedName, at),
    ...validateBoundedList(failures, CONDITIONS_MAX, checkQualifiedName, atFailures),
    ...repeated(conditions).map((index) => duplicate(at.index(index), conditions[index])),
  ];
  const again = new Set(repeated(failures));
  for (const [index, failure] of failures.entries()) {
    if (again.has(index)) errors.push(duplicate(atFailures.index(index), failure));
    if (!conditions.includes(failure)) continue;
    const text = 'bindingFailureConditions must not overlap with bindingConditions';
    errors.push(invalid(atFailures.index(index), failure, text));
  }
  if (conditions.length === 0 && failures.length > 0) {
    const shown = wasSentEmpty(binding, 'bindingConditions') ? [] : null;
    errors.push(invalid(at, shown, 'bindingConditions are required to use bindingFailureConditions'));
  }
  if (failures.length === 0 && conditions.length > 0) {
    const shown = wasSentEmpty(binding, 'bindingFailureConditions') ? [] : null;
    errors.push(invalid(atFailures, shown, 'bindingFailureConditions are required to use bindingConditions'));
  }
  return errors;
}

/** Where a text occurs that was there before. */
function repeated(texts: readonly string[]): number[] {
  return [...texts.keys()].filter((index) => texts.indexOf(texts[index]!) < index);
}
