/**
 * What the validation of a pod may let pass because the stored pod already has it, so that rules can become stricter
 * without locking objects.
 *
 * Mirrors: PodValidationOptions, and GetValidationOptionsFromPodSpecAndMeta in pkg/api/pod/util.go (v1.36, default gates)
 */
import { FieldPath, isLabelValue, type LabelSelector } from '@kts/apimachinery';
import type { Affinity, NodeSelector, PodSpec, PodTemplateSpec } from '../gen/core-v1.gen.ts';
import { hasInvalidLabelValue } from '../label-validation.ts';
import { validateNonReservedPath } from './file-path-validation.ts';
import { containersOf, isSidecar } from './pod-containers-of.ts';
import { isHugePageResource } from './resource-list.ts';
import { isHugePageMultiple } from './resource-validation.ts';
import { sysctlConflict } from './sysctl-validation.ts';

export interface PodRules {
  /** A pod, not the template of one. */
  readonly isPod: boolean;
  readonly allowInvalidDeletionCost: boolean;
  readonly allowInvalidSelectorValues: boolean;
  readonly allowInvalidNodeAffinityValues: boolean;
  readonly allowInvalidSpreadSelector: boolean;
  readonly allowIndivisibleHugePages: boolean;
  readonly allowNonLocalTokenPath: boolean;
  readonly allowHostNamespacedSysctls: boolean;
  readonly allowAnySelinuxChangePolicy: boolean;
  readonly allowToleratedComparisons: boolean;
  readonly allowRestartOfInitContainerOnResize: boolean;
  readonly allowUserNamespacesWithDevices: boolean;
  readonly allowUserNamespacesWithHostNetwork: boolean;
}

/** The rules for new templates, such as those of a new deployment. */
export const TEMPLATE_RULES: PodRules = {
  isPod: false,
  allowInvalidDeletionCost: false,
  allowInvalidSelectorValues: false,
  allowInvalidNodeAffinityValues: false,
  allowInvalidSpreadSelector: false,
  allowIndivisibleHugePages: false,
  allowNonLocalTokenPath: false,
  allowHostNamespacedSysctls: false,
  allowAnySelinuxChangePolicy: false,
  allowToleratedComparisons: false,
  allowRestartOfInitContainerOnResize: false,
  allowUserNamespacesWithDevices: false,
  allowUserNamespacesWithHostNetwork: false,
};

export const POD_RULES: PodRules = { ...TEMPLATE_RULES, isPod: true };

/** The rules for a change of what is stored. */
export function rulesForUpdate(
  base: PodRules,
  old: PodSpec | undefined,
  annotations?: Readonly<Record<string, string>>,
): PodRules {
  if (!old) return base;
  const amounts = [
    ...containersOf(old, FieldPath.root).flatMap(({ container: { resources } }) => [
      resources?.limits,
      resources?.requests,
    ]),
    old.overhead,
  ].flatMap((list) => Object.entries(list ?? {}));
  return {
    ...base,
    allowInvalidDeletionCost: annotations !== undefined && deletionCostOf(annotations) === undefined,
    allowInvalidSelectorValues: podSelectorsOf(old.affinity).some(hasInvalidLabelValue),
    allowInvalidNodeAffinityValues: hasInvalidNodeValues(
      old.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution,
    ),
    allowInvalidSpreadSelector: (old.topologySpreadConstraints ?? []).some((constraint) =>
      hasInvalidLabelValue(constraint.labelSelector),
    ),
    allowIndivisibleHugePages: amounts.some(
      ([name, amount]) => isHugePageResource(name) && !isHugePageMultiple(name, amount),
    ),
    allowNonLocalTokenPath: hasNonLocalTokenPath(old),
    allowHostNamespacedSysctls: (old.securityContext?.sysctls ?? []).some(({ name }) => sysctlConflict(name, old)),
    allowAnySelinuxChangePolicy: old.securityContext?.seLinuxChangePolicy !== undefined,
    allowToleratedComparisons: (old.tolerations ?? []).some(({ operator }) => operator === 'Lt' || operator === 'Gt'),
    allowRestartOfInitContainerOnResize: (old.initContainers ?? []).some(
      (container) =>
        !isSidecar(container) &&
        container.resizePolicy?.some(({ restartPolicy }) => restartPolicy === 'RestartContainer'),
    ),
    allowUserNamespacesWithDevices:
      old.hostUsers === false &&
      containersOf(old, FieldPath.root).some(({ container }) => (container.volumeDevices?.length ?? 0) > 0),
    allowUserNamespacesWithHostNetwork: old.hostUsers === false && old.hostNetwork === true,
  };
}

export const rulesForTemplate = (old: PodTemplateSpec | undefined): PodRules =>
  rulesForUpdate(TEMPLATE_RULES, old?.spec);

/** What the controllers prefer to delete first; nothing when the annotation is no 32-bit integer. */
export function deletionCostOf(annotations: Readonly<Record<string, string>>): number | undefined {
  const text = annotations['controller.kubernetes.io/pod-deletion-cost'];
  if (text === undefined) return 0;
  if (!/^(0|-?[1-9]\d*)$/.test(text)) return undefined;
  const cost = Number(text);
  return cost >= -(2 ** 31) && cost < 2 ** 31 ? cost : undefined;
}

function podSelectorsOf(affinity: Affinity | undefined): (LabelSelector | undefined)[] {
  return [affinity?.podAffinity, affinity?.podAntiAffinity].flatMap((rules) => [
    ...(rules?.requiredDuringSchedulingIgnoredDuringExecution ?? []).map(({ labelSelector }) => labelSelector),
    ...(rules?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(
      ({ podAffinityTerm }) => podAffinityTerm.labelSelector,
    ),
  ]);
}

function hasInvalidNodeValues(selector: NodeSelector | undefined): boolean {
  return (selector?.nodeSelectorTerms ?? []).some((term) =>
    term.matchExpressions?.some(({ values }) => values?.some((value) => isLabelValue(value).length > 0)),
  );
}

function hasNonLocalTokenPath(spec: PodSpec): boolean {
  return (spec.volumes ?? []).some((volume) =>
    volume.projected?.sources?.some(
      ({ serviceAccountToken: token }) => token && validateNonReservedPath(token.path, FieldPath.root).length > 0,
    ),
  );
}
