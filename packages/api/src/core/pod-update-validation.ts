/**
 * What may change in a pod once it exists.
 *
 * Mirrors: ValidatePodUpdate, ValidatePodEphemeralContainersUpdate in pkg/apis/core/validation/validation.go (v1.36)
 */
import {
  carrySentEmpty,
  deepEqual,
  FieldPath,
  forbidden,
  inclusiveRangeError,
  invalid,
  required,
  type FieldError,
} from '@kts/apimachinery';
import { sameValue } from '../field-checks.ts';
import type { Affinity, Container, NodeAffinity, NodeSelectorTerm, Pod, PodSpec } from '../gen/core-v1.gen.ts';
import { validatePodAnnotations, validatePodAnnotationUpdate } from './pod-annotation-validation.ts';
import type { PodRules } from './pod-rules.ts';
import { validateTolerations } from './scheduling-validation.ts';
import { internalDiff, internalForm } from '../internal-form.ts';

const INT32_MAX = 2 ** 31 - 1;
const UPDATABLE = [
  '`spec.containers[*].image`',
  '`spec.initContainers[*].image`',
  '`spec.activeDeadlineSeconds`',
  '`spec.tolerations` (only additions to existing tolerations)',
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
].join(',');
const SPEC = FieldPath.of('spec');
const ANNOTATIONS = FieldPath.of('metadata', 'annotations');

export function validatePodChange(pod: Pod, old: Pod, rules: PodRules): FieldError[] {
  const { annotations = {} } = pod.metadata;
  const errors = [
    ...validatePodAnnotationUpdate(annotations, old.metadata.annotations ?? {}, ANNOTATIONS),
    // Once more: they were validated with the rest of the pod.
    ...validatePodAnnotations(annotations, pod.spec, ANNOTATIONS, rules),
  ];
  for (const field of ['containers', 'initContainers'] as const) {
    const before = old.spec[field] ?? [];
    const after = pod.spec[field] ?? [];
    if (before.length !== after.length) {
      return [...errors, forbidden(SPEC.child(field), 'pod updates may not add or remove containers')];
    }
    errors.push(...validateImages(after, SPEC.child(field)));
  }
  const [deadline, stop] = validateDeadline(pod.spec, old.spec);
  errors.push(...deadline);
  if (stop) return errors;
  errors.push(...validateAddedTolerations(pod.spec, old.spec, rules), ...validateDroppedGates(pod.spec, old.spec));
  if (sameValue(pod.spec, old.spec)) return errors;
  return [...errors, ...validateRest(pod.spec, old.spec)];
}

function validateImages(containers: readonly Container[], path: FieldPath): FieldError[] {
  return containers.flatMap(({ image }, index) => {
    const at = path.index(index).child('image');
    if (!image) return [required(at)];
    return image.trim() === image ? [] : [invalid(at, image, 'must not have leading or trailing whitespace')];
  });
}

/** It may appear or shrink. The second value: what follows would only repeat the complaint. */
function validateDeadline(spec: PodSpec, old: PodSpec): readonly [FieldError[], boolean] {
  const path = SPEC.child('activeDeadlineSeconds');
  const { activeDeadlineSeconds: after } = spec;
  const { activeDeadlineSeconds: before } = old;
  if (after === undefined) {
    if (before === undefined) return [[], false];
    return [[invalid(path, undefined, 'must not update from a positive integer to nil value')], false];
  }
  if (after < 0 || after > INT32_MAX) return [[invalid(path, after, inclusiveRangeError(0, INT32_MAX))], true];
  if (before !== undefined && before < after) {
    return [[invalid(path, after, 'must be less than or equal to previous value')], true];
  }
  return [[], false];
}

function validateAddedTolerations(spec: PodSpec, old: PodSpec, rules: PodRules): FieldError[] {
  const path = SPEC.child('tolerations');
  const tolerations = spec.tolerations ?? [];
  for (const toleration of old.tolerations ?? []) {
    const kept = tolerations.some((other) =>
      deepEqual({ ...toleration, tolerationSeconds: other.tolerationSeconds }, other),
    );
    if (!kept) return [forbidden(path, 'existing toleration can not be modified except its tolerationSeconds')];
  }
  return validateTolerations(tolerations, path, rules);
}

function validateDroppedGates(spec: PodSpec, old: PodSpec): FieldError[] {
  const known = new Set((old.schedulingGates ?? []).map(({ name }) => name));
  return (spec.schedulingGates ?? []).flatMap(({ name }, index) => {
    if (known.has(name)) return [];
    const text = `only deletion is allowed, but found new scheduling gate '${name}'`;
    return [forbidden(SPEC.child('schedulingGates').index(index).child('name'), text)];
  });
}

/** Everything that has not been looked at must be the same. */
function validateRest(spec: PodSpec, old: PodSpec): FieldError[] {
  const errors: FieldError[] = [];
  const becomesPositive = (old.terminationGracePeriodSeconds ?? 0) < 0 && spec.terminationGracePeriodSeconds === 1;
  let rest: PodSpec = {
    ...spec,
    containers: withImagesOf(spec.containers, old.containers),
    ...(spec.initContainers?.length
      ? { initContainers: withImagesOf(spec.initContainers, old.initContainers ?? []) }
      : {}),
    activeDeadlineSeconds: old.activeDeadlineSeconds!,
    schedulingGates: old.schedulingGates!,
    tolerations: old.tolerations!,
    ...(becomesPositive ? { terminationGracePeriodSeconds: old.terminationGracePeriodSeconds! } : {}),
  };
  if (old.schedulingGates?.length) {
    errors.push(...validateGatedSelector(spec, old));
    const affinity = { ...spec.affinity, nodeAffinity: old.affinity?.nodeAffinity };
    const nothingElse = Object.values(affinity).every((part) => part === undefined);
    rest = {
      ...rest,
      nodeSelector: old.nodeSelector!,
      affinity: (nothingElse && !old.affinity ? undefined : affinity) as Affinity,
    };
  }
  if (sameSpec(rest, old)) return errors;
  const shown = carrySentEmpty(spec, rest, ['schedulingGates', 'tolerations']);
  const difference = internalDiff('core.v1.PodSpec', old, shown);
  return [...errors, forbidden(SPEC, `pod updates may not change fields other than ${UPDATABLE}\n${difference}`)];
}

function sameSpec(a: PodSpec, b: PodSpec): boolean {
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]) as Set<keyof PodSpec>;
  return [...keys].every((key) => sameValue(a[key], b[key]) && (!POINTERS.has(key) || !a[key] === !b[key]));
}

/** Fields in which an empty struct is something else than none. */
const POINTERS: ReadonlySet<string> = new Set(['dnsConfig', 'os', 'resources']);

function withImagesOf(containers: readonly Container[], old: readonly Container[]): readonly Container[] {
  return containers.map((container, index) => carrySentEmpty(container, { ...container, image: old[index]!.image! }));
}

/** A pod that waits at a gate may be told more precisely where to go. */
function validateGatedSelector(spec: PodSpec, old: PodSpec): FieldError[] {
  const errors: FieldError[] = [];
  const selector = spec.nodeSelector ?? {};
  if (Object.entries(old.nodeSelector ?? {}).some(([key, value]) => selector[key] !== value)) {
    const text = 'only additions to spec.nodeSelector are allowed (no mutations or deletions)';
    errors.push(invalid(SPEC.child('nodeSelector'), spec.nodeSelector ?? null, text));
  }
  return [...errors, ...validateNodeAffinityChange(spec.affinity?.nodeAffinity, old.affinity?.nodeAffinity)];
}

function validateNodeAffinityChange(affinity: NodeAffinity | undefined, old: NodeAffinity | undefined): FieldError[] {
  const field = 'requiredDuringSchedulingIgnoredDuringExecution';
  const path = SPEC.child('affinity', 'nodeAffinity', field, 'nodeSelectorTerms');
  const before = old?.[field]?.nodeSelectorTerms ?? [];
  const after = affinity?.[field]?.nodeSelectorTerms ?? [];
  if (before.length === 0) return [];
  if (before.length !== after.length) {
    return [
      invalid(
        path,
        after.length > 0 ? after.map(internalTerm) : null,
        'no additions/deletions to non-empty NodeSelectorTerms list are allowed',
      ),
    ];
  }
  return after.flatMap((term, index) =>
    hasOnlyAdditions(term, before[index]!)
      ? []
      : [invalid(path.index(index), internalTerm(term), 'only additions are allowed (no mutations or deletions)')],
  );
}

const internalTerm = (term: NodeSelectorTerm): unknown => internalForm('core.v1.NodeSelectorTerm', term);

function hasOnlyAdditions(term: NodeSelectorTerm, old: NodeSelectorTerm): boolean {
  const fields = ['matchExpressions', 'matchFields'] as const;
  if (fields.every((field) => !old[field]?.length)) return fields.every((field) => !term[field]?.length);
  return fields.every((field) => {
    const before = old[field] ?? [];
    return deepEqual((term[field] ?? []).slice(0, before.length), before);
  });
}

/** Ephemeral containers come, and stay as they are. */
export function validateEphemeralContainersChange(pod: Pod, old: Pod): FieldError[] {
  const path = SPEC.child('ephemeralContainers');
  const after = new Map((pod.spec.ephemeralContainers ?? []).map((container) => [container.name, container]));
  return (old.spec.ephemeralContainers ?? []).flatMap((container) => {
    const other = after.get(container.name);
    const name = JSON.stringify(container.name);
    if (!other) return [forbidden(path, `existing ephemeral containers ${name} may not be removed\n`)];
    if (sameValue(other, container)) return [];
    const difference = internalDiff('core.v1.EphemeralContainer', container, other);
    return [forbidden(path, `existing ephemeral containers ${name} may not be changed\n${difference}`)];
  });
}
