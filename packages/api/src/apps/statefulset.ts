import {
  FieldPath,
  forbidden,
  invalid,
  isDNS1123Label,
  nameIsDNSLabel,
  notSupported,
  required,
  type Draft,
  type FieldError,
} from '@kts/apimachinery';
import { setClaimSpecDefaults, setPodTemplateDefaults } from '../core/pod-defaults.ts';
import { dropDisabledPodFields } from '../core/pod-disabled-fields.ts';
import { validateClaimSpec } from '../core/persistentvolumeclaim-validation.ts';
import { validatePodAnnotations } from '../core/pod-annotation-validation.ts';
import { rulesForTemplate } from '../core/pod-rules.ts';
import { validatePodTemplateSpec } from '../core/pod-spec-validation.ts';
import { containerCells, EMPTY_POD_SPEC, matcherOf, isRevised } from '../core/pod-template.ts';
import { templateWarnings } from '../core/pod-warnings.ts';
import { defineResource } from '../define-resource.ts';
import { checkNonNegative, checkNotDecremented, invalidEach, sameValue } from '../field-checks.ts';
import type { StatefulSet, StatefulSetSpec, StatefulSetUpdateStrategy } from '../gen/apps-v1.gen.ts';
import type { PodTemplateSpec, Volume } from '../gen/core-v1.gen.ts';
import { age } from '../human-duration.ts';
import { validateAnnotations, validateLabels } from '../label-validation.ts';
import {
  amountOf,
  checkTemplateLabels,
  validateAtMost100Percent,
  validateCounters,
  validateIntOrPercent,
  validateLongRunning,
  validateWorkloadSelector,
} from './rollout-validation.ts';
import { internalForm } from '../internal-form.ts';

const SPEC = FieldPath.of('spec');
const MUTABLE = new Set<keyof StatefulSetSpec>([
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
]);

/**
 * Pods with identities: stable names, and storage that stays with them.
 *
 * Mirrors: pkg/registry/apps/statefulset, pkg/apis/apps/{v1,validation} (v1.36)
 */
export const statefulSets = defineResource<StatefulSet>('apps/v1', 'statefulsets', {
  setDefaults: setStatefulSetDefaults,
  prepareForCreate: (draft) => {
    draft.status = { replicas: 0 };
    delete draft.spec.updateStrategy?.rollingUpdate?.maxUnavailable;
    dropDisabledPodFields(draft.spec.template.spec!);
  },
  prepareForUpdate: (draft, old, { subresource }) => {
    if (subresource !== '') return;
    if (old.spec.updateStrategy?.rollingUpdate?.maxUnavailable === undefined) {
      delete draft.spec.updateStrategy?.rollingUpdate?.maxUnavailable;
    }
    dropDisabledPodFields(draft.spec.template.spec!, old.spec.template.spec);
  },
  validateName: nameIsDNSLabel,
  validate: ({ spec }) => validateStatefulSetSpec(spec),
  validateUpdate: validateStatefulSetUpdate,
  validateStatusUpdate: validateStatefulSetStatus,
  warnings: ({ metadata, spec }, old) => [
    ...(isRevised({ metadata }, old) ? templateWarnings(spec.template, SPEC.child('template')) : []),
    ...((spec.revisionHistoryLimit ?? 0) < 0
      ? ['spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended']
      : []),
  ],
  cells: ({ metadata, spec, status }, now) => [
    metadata.name,
    `${status?.readyReplicas ?? 0}/${spec.replicas ?? 0}`,
    age(metadata.creationTimestamp, now),
    ...containerCells(spec.template.spec?.containers),
  ],
});

function setStatefulSetDefaults({ spec }: Draft<StatefulSet>): void {
  if (!spec.podManagementPolicy) spec.podManagementPolicy = 'OrderedReady';
  const strategy = (spec.updateStrategy ??= {});
  if (!strategy.type) {
    strategy.type = 'RollingUpdate';
    strategy.rollingUpdate ??= {};
  }
  if (strategy.type === 'RollingUpdate' && strategy.rollingUpdate) strategy.rollingUpdate.partition ??= 0;
  const retention = (spec.persistentVolumeClaimRetentionPolicy ??= {});
  if (!retention.whenDeleted) retention.whenDeleted = 'Retain';
  if (!retention.whenScaled) retention.whenScaled = 'Retain';
  spec.replicas ??= 1;
  spec.revisionHistoryLimit ??= 10;
  spec.template ??= {};
  setPodTemplateDefaults(spec.template);
  for (const claim of spec.volumeClaimTemplates ?? []) {
    claim.kind = 'PersistentVolumeClaim';
    claim.apiVersion = 'v1';
    setClaimSpecDefaults((claim.spec ??= {}));
    claim.status ??= {};
    if (!claim.status.phase) claim.status.phase = 'Pending';
  }
}

interface StatefulSetRules {
  /** What is immutable is not looked at again. */
  readonly isUpdate: boolean;
  readonly skipTemplate: boolean;
}

function validateStatefulSetSpec(
  spec: StatefulSetSpec,
  { isUpdate, skipTemplate }: StatefulSetRules = { isUpdate: false, skipTemplate: false },
  old?: StatefulSetSpec,
): FieldError[] {
  const errors: FieldError[] = [];
  const policy = spec.podManagementPolicy;
  const policyPath = SPEC.child('podManagementPolicy');
  if (!policy) errors.push(required(policyPath));
  else if (policy !== 'OrderedReady' && policy !== 'Parallel') {
    errors.push(invalid(policyPath, policy, "must be 'OrderedReady' or 'Parallel'"));
  }
  errors.push(...validateUpdateStrategy(spec.updateStrategy ?? {}, SPEC.child('updateStrategy')));
  errors.push(...validateRetention(spec));
  if (!isUpdate) {
    for (const [index, claim] of (spec.volumeClaimTemplates ?? []).entries()) {
      errors.push(
        ...validateClaimSpec(claim.spec ?? {}, SPEC.child('volumeClaimTemplates').index(index).child('spec')),
      );
    }
  }
  errors.push(
    ...checkNonNegative(spec.replicas, SPEC.child('replicas')),
    ...checkNonNegative(spec.minReadySeconds, SPEC.child('minReadySeconds')),
    ...checkNonNegative(spec.ordinals?.start, SPEC.child('ordinals.start')),
  );
  if (!isUpdate && spec.serviceName) {
    errors.push(...invalidEach(SPEC.child('serviceName'), spec.serviceName, isDNS1123Label(spec.serviceName)));
  }
  errors.push(...validateWorkloadSelector(spec.selector, SPEC.child('selector'), 'statefulset'));
  return [
    ...errors,
    ...validateTemplate(spec, skipTemplate, old),
    ...validateLongRunning(spec.template, SPEC.child('template', 'spec'), 'StatefulSet'),
  ];
}

function validateRetention({ persistentVolumeClaimRetentionPolicy: retention }: StatefulSetSpec): FieldError[] {
  if (!retention) return [];
  const path = SPEC.child('persistentVolumeClaimRetentionPolicy');
  return (['whenDeleted', 'whenScaled'] as const)
    .filter((field) => !['Retain', 'Delete'].includes(retention[field] ?? ''))
    .map((field) => notSupported(path.child(field), retention[field] ?? '', ['Retain', 'Delete']));
}

function validateUpdateStrategy(strategy: StatefulSetUpdateStrategy, path: FieldPath): FieldError[] {
  const { type, rollingUpdate } = strategy;
  const at = path.child('rollingUpdate');
  if (!type) return [required(path)];
  if (type === 'OnDelete') {
    if (!rollingUpdate) return [];
    const internal = internalForm('apps.v1.RollingUpdateStatefulSetStrategy', rollingUpdate);
    return [invalid(at, internal, "only allowed for updateStrategy 'RollingUpdate'")];
  }
  if (type !== 'RollingUpdate') {
    const internal = internalForm('apps.v1.StatefulSetUpdateStrategy', strategy);
    return [invalid(path, internal, "must be 'RollingUpdate' or 'OnDelete'")];
  }
  if (!rollingUpdate) return [];
  const { partition, maxUnavailable } = rollingUpdate;
  const errors = checkNonNegative(partition, at.child('partition'));
  if (maxUnavailable === undefined) return errors;
  errors.push(...validateIntOrPercent(maxUnavailable, at.child('maxUnavailable')));
  if (amountOf(maxUnavailable) === 0) errors.push(invalid(at.child('maxUnavailable'), maxUnavailable, 'cannot be 0'));
  return [...errors, ...validateAtMost100Percent(maxUnavailable, at.child('maxUnavailable'))];
}

/** The template with the volumes that its claims will add; host names come from the set. */
function validateTemplate(spec: StatefulSetSpec, skip: boolean, old?: StatefulSetSpec): FieldError[] {
  const matcher = matcherOf(spec.selector);
  const path = SPEC.child('template');
  if (!matcher) return [invalid(SPEC.child('selector'), spec.selector, '')];
  const claims = (spec.volumeClaimTemplates ?? []).map(({ metadata }): Volume => {
    const name = metadata?.name ?? '';
    return { name, persistentVolumeClaim: { claimName: name } };
  });
  const names = new Set(claims.map(({ name }) => name));
  const own = (spec.template.spec?.volumes ?? []).filter(({ name }) => !names.has(name));
  const { subdomain: _subdomain, hostname: _hostname, ...rest } = spec.template.spec ?? EMPTY_POD_SPEC;
  const podSpec = claims.length > 0 ? { ...rest, volumes: [...uniqueByName(claims), ...own] } : rest;
  const template: PodTemplateSpec = { ...spec.template, spec: podSpec };
  const { labels, annotations } = template.metadata ?? {};
  const rules = rulesForTemplate(old?.template);
  return [
    ...checkTemplateLabels(template, matcher, path),
    ...(skip ? [] : validatePodTemplateSpec(template, path, rules)),
    // Checked a second time, as upstream does.
    ...validateLabels(labels, path.child('labels')),
    ...validateAnnotations(annotations, path.child('annotations')),
    ...validatePodAnnotations(annotations ?? {}, podSpec, path.child('annotations'), rules),
  ];
}

const uniqueByName = (volumes: readonly Volume[]): readonly Volume[] => [
  ...new Map(volumes.map((volume) => [volume.name, volume])).values(),
];

function validateStatefulSetUpdate({ spec }: StatefulSet, { spec: old }: StatefulSet): FieldError[] {
  const skipTemplate = validateStatefulSetSpec(old, { isUpdate: true, skipTemplate: false }, old).length > 0;
  const errors = validateStatefulSetSpec(spec, { isUpdate: true, skipTemplate }, old);
  const keys = new Set([...Object.keys(spec), ...Object.keys(old)]) as Set<keyof StatefulSetSpec>;
  if ([...keys].every((key) => MUTABLE.has(key) || sameValue(spec[key], old[key]))) return errors;
  const list =
    "'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds'";
  return [...errors, forbidden(SPEC, `updates to statefulset spec for fields other than ${list} are forbidden`)];
}

function validateStatefulSetStatus({ status }: StatefulSet, old: StatefulSet): FieldError[] {
  const path = FieldPath.of('status');
  const above = 'cannot be greater than status.replicas';
  return [
    ...validateCounters(
      status ?? { replicas: 0 },
      path,
      [
        'replicas',
        'readyReplicas',
        'currentReplicas',
        'updatedReplicas',
        'availableReplicas',
        'observedGeneration',
        'collisionCount',
      ],
      [
        ['readyReplicas', 'replicas', above],
        ['currentReplicas', 'replicas', above],
        ['updatedReplicas', 'replicas', above],
        ['availableReplicas', 'replicas', above],
        ['availableReplicas', 'readyReplicas', 'cannot be greater than status.readyReplicas'],
      ],
    ),
    ...checkNotDecremented(status?.collisionCount, old.status?.collisionCount, path.child('collisionCount')),
  ];
}
