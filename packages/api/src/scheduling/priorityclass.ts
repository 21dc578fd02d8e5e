import { FieldPath, forbidden, type FieldError } from '@kts/apimachinery';
import { defineResource } from '../define-resource.ts';
import { checkChoice, checkImmutable } from '../field-checks.ts';
import type { PriorityClass } from '../gen/scheduling-v1.gen.ts';
import { age } from '../human-duration.ts';

const VALUE = FieldPath.of('value');
const USER_VALUE_MAX = 1_000_000_000;
const SYSTEM_PREFIX = 'system-';
const SYSTEM_VALUES: Readonly<Record<string, number>> = {
  'system-node-critical': 2_000_001_000,
  'system-cluster-critical': 2_000_000_000,
};

/**
 * A name for an importance of pods.
 *
 * Mirrors: pkg/registry/scheduling/priorityclass, pkg/apis/scheduling/{v1,validation} (v1.36)
 */
export const priorityClasses = defineResource<PriorityClass>('scheduling.k8s.io/v1', 'priorityclasses', {
  setDefaults: (draft) => {
    draft.preemptionPolicy ??= 'PreemptLowerPriority';
  },
  validate: validatePriorityClass,
  validateUpdate: (priorityClass, old) => [
    ...((priorityClass.value ?? 0) === (old.value ?? 0) ? [] : [forbidden(VALUE, 'may not be changed in an update.')]),
    ...checkImmutable(priorityClass.preemptionPolicy, old.preemptionPolicy, FieldPath.of('preemptionPolicy')),
  ],
  generation: (priorityClass, old) => (priorityClass.value ?? 0) !== (old.value ?? 0),
  cells: ({ metadata, value, globalDefault, preemptionPolicy }, now) => [
    metadata.name,
    value ?? 0,
    globalDefault ?? false,
    age(metadata.creationTimestamp, now),
    preemptionPolicy ?? '',
  ],
});

function validatePriorityClass(priorityClass: PriorityClass): FieldError[] {
  const { metadata, value = 0, preemptionPolicy } = priorityClass;
  const errors: FieldError[] = [];
  if (metadata.name?.startsWith(SYSTEM_PREFIX)) {
    const problem = systemClassError(priorityClass);
    const text = `priority class names with '${SYSTEM_PREFIX}' prefix are reserved for system use only. error: ${problem}`;
    if (problem) errors.push(forbidden(FieldPath.of('metadata', 'name'), text));
  } else if (value > USER_VALUE_MAX) {
    errors.push(forbidden(VALUE, `maximum allowed value of a user defined priority is ${USER_VALUE_MAX}`));
  }
  if (preemptionPolicy === undefined) return errors;
  const policies = ['PreemptLowerPriority', 'Never'];
  return [...errors, ...checkChoice(preemptionPolicy, policies, FieldPath.of('preemptionPolicy'))];
}

function systemClassError({ metadata: { name }, value = 0, globalDefault }: PriorityClass): string | undefined {
  const expected = SYSTEM_VALUES[name];
  if (expected === undefined) return `${name} is not a known system priority class`;
  if (value !== expected) return `value of ${name} PriorityClass must be ${expected}`;
  return globalDefault ? `globalDefault of ${name} PriorityClass must be false` : undefined;
}
