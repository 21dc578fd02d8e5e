/**
 * Node selectors and affinity.
 *
 * Mirrors: validateAffinity, ValidateNodeSelector and their callees in pkg/apis/core/validation/validation.go (v1.36)
 */
import {
  forbidden,
  invalid,
  isLabelValue,
  nameIsDNSLabel,
  nameIsDNSSubdomain,
  required,
  type FieldError,
  type FieldPath,
  type LabelSelector,
} from '@kts/apimachinery';
import { checkQualifiedName, invalidEach } from '../field-checks.ts';
import type {
  Affinity,
  NodeAffinity,
  NodeSelector,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodAffinity,
  PodAffinityTerm,
} from '../gen/core-v1.gen.ts';
import { validateLabelSelector } from '../label-validation.ts';

export interface AffinityRules {
  readonly allowInvalidSelectorValues: boolean;
  readonly allowInvalidNodeAffinityValues: boolean;
}

export function validateAffinity(affinity: Affinity | undefined, path: FieldPath, rules: AffinityRules): FieldError[] {
  const { nodeAffinity, podAffinity, podAntiAffinity } = affinity ?? {};
  return [
    ...(nodeAffinity ? validateNodeAffinity(nodeAffinity, path.child('nodeAffinity'), rules) : []),
    ...(podAffinity ? validatePodAffinity(podAffinity, path.child('podAffinity'), rules) : []),
    ...(podAntiAffinity ? validatePodAffinity(podAntiAffinity, path.child('podAntiAffinity'), rules) : []),
  ];
}

function validateNodeAffinity(affinity: NodeAffinity, path: FieldPath, rules: AffinityRules): FieldError[] {
  const { requiredDuringSchedulingIgnoredDuringExecution: hard } = affinity;
  const errors = hard
    ? validateNodeSelector(
        hard,
        path.child('requiredDuringSchedulingIgnoredDuringExecution'),
        rules.allowInvalidNodeAffinityValues,
      )
    : [];
  const soft = path.child('preferredDuringSchedulingIgnoredDuringExecution');
  for (const [index, term] of (affinity.preferredDuringSchedulingIgnoredDuringExecution ?? []).entries()) {
    errors.push(...validateWeight(term.weight, soft.index(index)));
    errors.push(...validateNodeSelectorTerm(term.preference ?? {}, soft.index(index).child('preference'), true));
  }
  return errors;
}

export function validateNodeSelector(
  selector: NodeSelector,
  path: FieldPath,
  allowInvalidValues: boolean,
): FieldError[] {
  const at = path.child('nodeSelectorTerms');
  const terms = selector.nodeSelectorTerms ?? [];
  if (terms.length === 0) return [required(at, 'must have at least one node selector term')];
  return terms.flatMap((term, index) => validateNodeSelectorTerm(term, at.index(index), allowInvalidValues));
}

function validateNodeSelectorTerm(term: NodeSelectorTerm, path: FieldPath, allowInvalidValues: boolean): FieldError[] {
  return [
    ...(term.matchExpressions ?? []).flatMap((requirement, index) =>
      validateNodeLabelRequirement(requirement, path.child('matchExpressions').index(index), allowInvalidValues),
    ),
    ...(term.matchFields ?? []).flatMap((requirement, index) =>
      validateNodeFieldRequirement(requirement, path.child('matchFields').index(index)),
    ),
  ];
}

function validateNodeLabelRequirement(
  { key, operator, values = [] }: NodeSelectorRequirement,
  path: FieldPath,
  allowInvalidValues: boolean,
): FieldError[] {
  const errors: FieldError[] = [];
  const at = path.child('values');
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length === 0) errors.push(required(at, "must be specified when `operator` is 'In' or 'NotIn'"));
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    const text = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
    if (values.length > 0) errors.push(forbidden(at, text));
  } else if (operator === 'Gt' || operator === 'Lt') {
    const text = "must be specified single value when `operator` is 'Lt' or 'Gt'";
    if (values.length !== 1) errors.push(required(at, text));
  } else errors.push(invalid(path.child('operator'), operator ?? '', 'not a valid selector operator'));
  errors.push(...checkQualifiedName(key, path.child('key')));
  if (allowInvalidValues) return errors;
  return [...errors, ...values.flatMap((value, index) => invalidEach(at.index(index), value, isLabelValue(value)))];
}

/** The only field of nodes to select by is their name. */
function validateNodeFieldRequirement(
  { key, operator, values = [] }: NodeSelectorRequirement,
  path: FieldPath,
): FieldError[] {
  const errors: FieldError[] = [];
  const at = path.child('values');
  if (operator === 'In' || operator === 'NotIn') {
    const text = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
    if (values.length !== 1) errors.push(required(at, text));
  } else errors.push(invalid(path.child('operator'), operator ?? '', 'not a valid selector operator'));
  if (key !== 'metadata.name') {
    return [...errors, invalid(path.child('key'), key, 'not a valid field selector key')];
  }
  return [
    ...errors,
    ...values.flatMap((value, index) => invalidEach(at.index(index), value, nameIsDNSSubdomain(value, false))),
  ];
}

function validatePodAffinity(affinity: PodAffinity, path: FieldPath, rules: AffinityRules): FieldError[] {
  const hard = path.child('requiredDuringSchedulingIgnoredDuringExecution');
  const soft = path.child('preferredDuringSchedulingIgnoredDuringExecution');
  return [
    ...(affinity.requiredDuringSchedulingIgnoredDuringExecution ?? []).flatMap((term, index) =>
      validatePodAffinityTerm(term, hard.index(index), rules),
    ),
    ...(affinity.preferredDuringSchedulingIgnoredDuringExecution ?? []).flatMap(
      ({ weight, podAffinityTerm }, index) => [
        ...validateWeight(weight, soft.index(index)),
        ...validatePodAffinityTerm(
          podAffinityTerm ?? { topologyKey: '' },
          soft.index(index).child('podAffinityTerm'),
          rules,
        ),
      ],
    ),
  ];
}

function validatePodAffinityTerm(term: PodAffinityTerm, path: FieldPath, rules: AffinityRules): FieldError[] {
  const { labelSelector, namespaceSelector, topologyKey } = term;
  const selectorRules = { allowInvalidValues: rules.allowInvalidSelectorValues };
  return [
    ...validateLabelSelector(labelSelector, path.child('labelSelector'), selectorRules),
    ...validateLabelSelector(namespaceSelector, path.child('namespaceSelector'), selectorRules),
    ...(term.namespaces ?? []).flatMap((name) =>
      invalidEach(path.child('namespace'), name, nameIsDNSLabel(name, false)),
    ),
    ...validateMatchLabelKeys(term.matchLabelKeys ?? [], term.mismatchLabelKeys ?? [], labelSelector, path),
    ...(topologyKey ? [] : [required(path.child('topologyKey'), 'can not be empty')]),
    ...checkQualifiedName(topologyKey, path.child('topologyKey')),
  ];
}

function validateWeight(weight: number | undefined, path: FieldPath): FieldError[] {
  const value = weight ?? 0;
  return value <= 0 || value > 100 ? [invalid(path.child('weight'), value, 'must be in the range 1-100')] : [];
}

/**
 * Keys whose values the pod brings along. They have been merged into the selector by now, so a key that is there twice
 * was also in the client's selector.
 */
export function validateMatchLabelKeys(
  matching: readonly string[],
  mismatching: readonly string[],
  selector: LabelSelector | undefined,
  path: FieldPath,
): FieldError[] {
  const errors = [
    ...validateLabelKeys(matching, selector, path.child('matchLabelKeys')),
    ...validateLabelKeys(mismatching, selector, path.child('mismatchLabelKeys')),
  ];
  const seen = new Set(Object.keys(selector?.matchLabels ?? {}));
  for (const { key } of selector?.matchExpressions ?? []) {
    const index = matching.lastIndexOf(key);
    if (index >= 0 && seen.has(key)) {
      errors.push(invalid(path.index(index), key, 'exists in both matchLabelKeys and labelSelector'));
    }
    seen.add(key);
  }
  for (const [index, key] of matching.entries()) {
    if (!mismatching.includes(key)) continue;
    const text = 'exists in both matchLabelKeys and mismatchLabelKeys';
    errors.push(invalid(path.child('matchLabelKeys').index(index), key, text));
  }
  return errors;
}

function validateLabelKeys(
  keys: readonly string[],
  selector: LabelSelector | undefined,
  path: FieldPath,
): FieldError[] {
  if (keys.length === 0) return [];
  if (!selector) return [forbidden(path, 'must not be specified when labelSelector is not set')];
  return keys.flatMap((key, index) => checkQualifiedName(key, path.index(index)));
}
