import { formatTime } from '@kts/base';
import { FieldPath, forbidden, type Draft, type FieldError, type LabelSelector } from '@kts/apimachinery';
import { defineResource } from '../define-resource.ts';
import { sameValue } from '../field-checks.ts';
import type { Pod, PodAffinityTerm } from '../gen/core-v1.gen.ts';
import { validateObjectMeta } from '../metadata-validation.ts';
import type { StrategyContext } from '../resource-definition.ts';
import { validateImageSpacing } from './container-validation.ts';
import { validatePodAnnotations, validateProfileAnnotations } from './pod-annotation-validation.ts';
import { syncAppArmorFields } from './pod-apparmor.ts';
import { podCells, podRowConditions } from './pod-cells.ts';
import { setPodDefaults } from './pod-defaults.ts';
import { dropDisabledPodFields } from './pod-disabled-fields.ts';
import { computeQosClass } from './pod-qos.ts';
import { validatePodResize } from './pod-resize-validation.ts';
import { POD_RULES, rulesForUpdate, type PodRules } from './pod-rules.ts';
import { validatePodSpec } from './pod-spec-validation.ts';
import { validatePodStatus } from './pod-status-validation.ts';
import { validateEphemeralContainersChange, validatePodChange } from './pod-update-validation.ts';
import { podWarnings } from './pod-warnings.ts';

/**
 * Containers that share a network and volumes on one node.
 *
 * Mirrors: pkg/registry/core/pod/strategy.go (v1.36)
 */
export const pods = defineResource<Pod>('v1', 'pods', {
  setDefaults: setPodDefaults,
  prepareForCreate: preparePodForCreate,
  prepareForUpdate: preparePodForUpdate,
  validate: validatePod,
  validateUpdate: validatePodUpdate,
  validateStatusUpdate: validatePodStatus,
  warnings: podWarnings,
  generation: (pod, old) => !sameValue(pod.spec, old.spec),
  deletionGracePeriodSeconds: podGracePeriod,
  selectableFields: ({ spec, status }) => ({
    'spec.nodeName': spec.nodeName ?? '',
    'spec.restartPolicy': spec.restartPolicy ?? '',
    'spec.schedulerName': spec.schedulerName ?? '',
    'spec.serviceAccountName': spec.serviceAccountName ?? '',
    'spec.hostNetwork': String(spec.hostNetwork ?? false),
    'status.phase': status?.phase ?? '',
    'status.podIP': status?.podIPs?.[0]?.ip ?? '',
    'status.nominatedNodeName': status?.nominatedNodeName ?? '',
  }),
  cells: podCells,
  rowConditions: podRowConditions,
});

/** A new pod is pending, whatever the client says, and its class follows from its resources. */
function preparePodForCreate(pod: Draft<Pod>, context: StrategyContext): void {
  const { now } = context;
  pod.metadata.generation = 1;
  pod.status = { phase: 'Pending', qosClass: computeQosClass(pod.spec) };
  dropDisabledPodFields(pod.spec);
  if (pod.spec.schedulingGates?.length) {
    const message = 'Scheduling is blocked due to non-empty scheduling gates';
    pod.status.conditions = [
      {
        type: 'PodScheduled',
        status: 'False',
        lastTransitionTime: formatTime(now),
        reason: 'SchedulingGated',
        message,
      },
    ];
  }
  mergeLabelKeys(pod);
  syncAppArmorFields(pod, context);
}

/** Each subresource changes its own part of the pod and nothing else. */
function preparePodForUpdate(pod: Draft<Pod>, old: Pod, { subresource }: StrategyContext): void {
  const before = old as unknown as Draft<Pod>;
  if (subresource === 'status') {
    delete pod.metadata.deletionTimestamp;
    if (before.metadata.ownerReferences) pod.metadata.ownerReferences = before.metadata.ownerReferences;
    else delete pod.metadata.ownerReferences;
    keepObservedGenerations(pod, old);
    if (pod.status && !pod.status.qosClass && before.status?.qosClass) pod.status.qosClass = before.status.qosClass;
    return;
  }
  if (subresource === 'ephemeralcontainers') {
    const { ephemeralContainers } = pod.spec;
    pod.spec = { ...before.spec };
    if (ephemeralContainers) pod.spec.ephemeralContainers = ephemeralContainers;
    else delete pod.spec.ephemeralContainers;
  } else if (subresource === 'resize') keepAllButResources(pod, before);
  if (before.status) pod.status = before.status;
  dropDisabledPodFields(pod.spec, old.spec);
}

/** A renamed, added or removed container is left to validation. */
function keepAllButResources(pod: Draft<Pod>, old: Draft<Pod>): void {
  const { resources, containers, initContainers = [] } = pod.spec;
  const before = old.spec;
  const oldInit = before.initContainers ?? [];
  if (containers?.length !== before.containers.length || initContainers.length !== oldInit.length) return;
  const merge = (list: typeof containers, oldList: typeof containers): typeof containers => {
    if (list.some(({ name }, index) => name !== oldList[index]!.name)) return list;
    return list.map((container, index) => {
      const { resources: _old, resizePolicy: _policy, ...kept } = oldList[index]!;
      const merged = { ...kept } as (typeof containers)[number];
      if (container.resources) merged.resources = container.resources;
      if (container.resizePolicy) merged.resizePolicy = container.resizePolicy;
      return merged;
    });
  };
  pod.spec = { ...before, containers: merge(containers, before.containers) };
  if (before.initContainers) pod.spec.initContainers = merge(initContainers, oldInit);
  if (resources) pod.spec.resources = resources;
  else delete pod.spec.resources;
}

/** A client that does not know `observedGeneration` must not clear it. */
function keepObservedGenerations(pod: Draft<Pod>, old: Pod): void {
  if (!pod.status) return;
  if (!pod.status.observedGeneration && old.status?.observedGeneration) {
    pod.status.observedGeneration = old.status.observedGeneration;
  }
  const known = Map.groupBy(old.status?.conditions ?? [], ({ type }) => type);
  for (const condition of pod.status.conditions ?? []) {
    const before = known.get(condition.type)?.shift()?.observedGeneration;
    if (!condition.observedGeneration && before) condition.observedGeneration = before;
  }
}

/** `matchLabelKeys` become requirements for the values that this pod has. */
function mergeLabelKeys({ metadata, spec }: Draft<Pod>): void {
  const labels = metadata.labels ?? {};
  const merge = (selector: Draft<LabelSelector> | undefined, keys: string[] | undefined, operator: string): void => {
    for (const key of keys ?? []) {
      const value = labels[key];
      if (!selector || value === undefined) continue;
      (selector.matchExpressions ??= []).push({ key, operator, values: [value] });
    }
  };
  const mergeTerm = (term: Draft<PodAffinityTerm>): void => {
    merge(term.labelSelector, term.matchLabelKeys, 'In');
    merge(term.labelSelector, term.mismatchLabelKeys, 'NotIn');
  };
  for (const affinity of [spec.affinity?.podAffinity, spec.affinity?.podAntiAffinity]) {
    for (const weighted of affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []) {
      if (weighted.podAffinityTerm) mergeTerm(weighted.podAffinityTerm);
    }
    for (const term of affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []) mergeTerm(term);
  }
  for (const constraint of spec.topologySpreadConstraints ?? []) {
    merge(constraint.labelSelector, constraint.matchLabelKeys, 'In');
  }
}

function validatePod(pod: Pod): FieldError[] {
  const { spec, metadata } = pod;
  const path = FieldPath.of('spec');
  const errors = validatePodParts(pod, POD_RULES);
  if (spec.ephemeralContainers?.length) {
    errors.push(forbidden(path.child('ephemeralContainers'), 'cannot be set on create'));
  }
  if (spec.nodeName && spec.schedulingGates?.length) {
    errors.push(forbidden(path.child('nodeName'), 'cannot be set until all schedulingGates have been cleared'));
  }
  return [...errors, ...validateProfileAnnotations(metadata.annotations ?? {}, spec, path)];
}

function validatePodParts({ spec, metadata }: Pod, rules: PodRules): FieldError[] {
  const path = FieldPath.of('spec');
  const tokens = spec.serviceAccountName
    ? []
    : (spec.volumes ?? []).flatMap(({ projected }, index) =>
        (projected?.sources ?? []).flatMap(({ serviceAccountToken }, i) => {
          const at = path.child('volumes').index(index).child('projected', 'sources').index(i);
          const text = 'must not be specified when serviceAccountName is not set';
          return serviceAccountToken ? [forbidden(at.child('serviceAccountToken'), text)] : [];
        }),
      );
  return [
    ...validatePodAnnotations(metadata.annotations ?? {}, spec, FieldPath.of('metadata', 'annotations'), rules),
    ...validatePodSpec(spec, metadata, path, rules),
    ...tokens,
    ...(['containers', 'initContainers'] as const).flatMap((field) =>
      (spec[field] ?? []).flatMap((container, index) =>
        validateImageSpacing(container, path.child(field).index(index)),
      ),
    ),
  ];
}

function validatePodUpdate(pod: Pod, old: Pod, { subresource }: StrategyContext): FieldError[] {
  const rules = rulesForUpdate(POD_RULES, old.spec, old.metadata.annotations ?? {});
  const errors = [...validateObjectMeta(pod.metadata, pods), ...validatePodParts(pod, rules)];
  if (subresource === 'ephemeralcontainers') {
    if (old.metadata.annotations?.['kubernetes.io/config.mirror'] !== undefined) {
      return [forbidden(FieldPath.root, 'static pods do not support ephemeral containers')];
    }
    return [...errors, ...validateEphemeralContainersChange(pod, old)];
  }
  if (subresource === 'resize') return [...errors, ...validatePodResize(pod, old)];
  return [...errors, ...validatePodChange(pod, old, rules)];
}

/** Pods without a node, and finished ones, go at once. */
function podGracePeriod({ spec, status }: Pod, requested: number | undefined): number {
  if (!spec.nodeName || status?.phase === 'Failed' || status?.phase === 'Succeeded') return 0;
  const period = requested ?? spec.terminationGracePeriodSeconds ?? 0;
  return period < 0 ? 1 : period;
}
