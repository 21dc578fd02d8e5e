import {
  FieldPath,
  formatLabelSelector,
  invalid,
  notSupported,
  required,
  type Draft,
  type FieldError,
} from '@kts/apimachinery';
import { setPodTemplateDefaults } from '../core/pod-defaults.ts';
import { dropDisabledPodFields } from '../core/pod-disabled-fields.ts';
import { rulesForTemplate } from '../core/pod-rules.ts';
import { validatePodTemplateSpec } from '../core/pod-spec-validation.ts';
import { containerCells, formatLabels, isEmptySelector, matcherOf } from '../core/pod-template.ts';
import { templateWarnings } from '../core/pod-warnings.ts';
import { defineResource } from '../define-resource.ts';
import { checkImmutable, checkNonNegative, checkNotDecremented, sameValue } from '../field-checks.ts';
import type { DaemonSet, DaemonSetSpec, DaemonSetUpdateStrategy } from '../gen/apps-v1.gen.ts';
import { age } from '../human-duration.ts';
import { validateLabelSelector } from '../label-validation.ts';
import {
  amountOf,
  checkTemplateLabels,
  validateAtMost100Percent,
  validateCounters,
  validateIntOrPercent,
  validateLongRunning,
} from './rollout-validation.ts';
import { internalForm } from '../internal-form.ts';

const SPEC = FieldPath.of('spec');
/** Counts changes of the template; kept as an annotation since the field is gone from v1. */
const TEMPLATE_GENERATION = 'deprecated.daemonset.template.generation';

/**
 * One pod on every node that fits.
 *
 * Mirrors: pkg/registry/apps/daemonset, pkg/apis/apps/{v1,validation} (v1.36)
 */
export const daemonSets = defineResource<DaemonSet>('apps/v1', 'daemonsets', {
  fieldAnnotations: [TEMPLATE_GENERATION],
  setDefaults: setDaemonSetDefaults,
  prepareForCreate: (draft) => {
    draft.status = {
      currentNumberScheduled: 0,
      numberMisscheduled: 0,
      desiredNumberScheduled: 0,
      numberReady: 0,
    };
    setTemplateGeneration(draft, Math.max(1, templateGenerationOf(draft.metadata.annotations)));
    dropDisabledPodFields(draft.spec.template.spec!);
  },
  prepareForUpdate: (draft, old, { subresource }) => {
    if (subresource !== '') {
      setTemplateGeneration(draft, templateGenerationOf(old.metadata.annotations));
      return;
    }
    dropDisabledPodFields(draft.spec.template.spec!, old.spec.template.spec);
    const changed = !sameValue(draft.spec.template, old.spec.template);
    setTemplateGeneration(draft, templateGenerationOf(old.metadata.annotations) + (changed ? 1 : 0));
  },
  validate: ({ spec }) => validateDaemonSetSpec(spec),
  validateUpdate: (daemonSet, old) => [
    ...checkImmutable(daemonSet.spec.selector, old.spec.selector, SPEC.child('selector')),
    ...validateDaemonSetSpec(daemonSet.spec, old.spec),
  ],
  validateStatusUpdate: validateDaemonSetStatus,
  warnings: (daemonSet, old) =>
    isTemplateRevised(daemonSet, old) ? templateWarnings(daemonSet.spec.template, SPEC.child('template')) : [],
  cells: ({ metadata, spec, status }, now) => [
    metadata.name,
    status?.desiredNumberScheduled ?? 0,
    status?.currentNumberScheduled ?? 0,
    status?.numberReady ?? 0,
    status?.updatedNumberScheduled ?? 0,
    status?.numberAvailable ?? 0,
    formatLabels(spec.template.spec?.nodeSelector),
    age(metadata.creationTimestamp, now),
    ...containerCells(spec.template.spec?.containers),
    formatLabelSelector(spec.selector),
  ],
});

function setDaemonSetDefaults({ metadata, spec }: Draft<DaemonSet>): void {
  (metadata.annotations ??= {})[TEMPLATE_GENERATION] ??= '0';
  const strategy = (spec.updateStrategy ??= {});
  if (!strategy.type) strategy.type = 'RollingUpdate';
  if (strategy.type === 'RollingUpdate') {
    strategy.rollingUpdate ??= {};
    strategy.rollingUpdate.maxUnavailable ??= 1;
    strategy.rollingUpdate.maxSurge ??= 0;
  }
  spec.revisionHistoryLimit ??= 10;
  spec.template ??= {};
  setPodTemplateDefaults(spec.template);
}

function templateGenerationOf(annotations: Readonly<Record<string, string>> | undefined): number {
  return Number(annotations?.[TEMPLATE_GENERATION] ?? 0) || 0;
}

function isTemplateRevised({ metadata }: DaemonSet, old: DaemonSet | undefined): boolean {
  return !old || templateGenerationOf(metadata.annotations) !== templateGenerationOf(old.metadata.annotations);
}

function setTemplateGeneration({ metadata }: Draft<DaemonSet>, generation: number): void {
  metadata.annotations = { ...metadata.annotations, [TEMPLATE_GENERATION]: String(generation) };
}

function validateDaemonSetSpec(spec: DaemonSetSpec, old?: DaemonSetSpec): FieldError[] {
  const { selector, template } = spec;
  const rules = rulesForTemplate(old?.template);
  const matcher = matcherOf(selector);
  return [
    ...validateLabelSelector(selector, SPEC.child('selector'), {
      allowInvalidValues: rules.allowInvalidSelectorValues,
    }),
    ...(matcher ? checkTemplateLabels(template, matcher, SPEC.child('template')) : []),
    ...(selector && isEmptySelector(selector)
      ? [invalid(SPEC.child('selector'), selector, 'empty selector is invalid for daemonset')]
      : []),
    ...validatePodTemplateSpec(template, SPEC.child('template'), rules),
    ...validateLongRunning(template, SPEC.child('template', 'spec'), 'DaemonSet'),
    ...checkNonNegative(spec.minReadySeconds, SPEC.child('minReadySeconds')),
    ...validateUpdateStrategy(spec.updateStrategy ?? {}, SPEC.child('updateStrategy')),
    ...checkNonNegative(spec.revisionHistoryLimit, SPEC.child('revisionHistoryLimit')),
  ];
}

function validateUpdateStrategy(strategy: DaemonSetUpdateStrategy, path: FieldPath): FieldError[] {
  const { type, rollingUpdate } = strategy;
  if (type === 'OnDelete') return [];
  if (type !== 'RollingUpdate') {
    const internal = internalForm('apps.v1.DaemonSetUpdateStrategy', strategy);
    return [notSupported(path, internal, ['RollingUpdate', 'OnDelete'])];
  }
  const at = path.child('rollingUpdate');
  if (!rollingUpdate) return [required(at)];
  const { maxUnavailable, maxSurge } = rollingUpdate;
  const errors = [
    ...validateIntOrPercent(maxUnavailable, at.child('maxUnavailable')),
    ...validateIntOrPercent(maxSurge, at.child('maxSurge')),
    ...validateAtMost100Percent(maxUnavailable, at.child('maxUnavailable')),
    ...validateAtMost100Percent(maxSurge, at.child('maxSurge')),
  ];
  const unavailable = amountOf(maxUnavailable) !== 0;
  const surge = amountOf(maxSurge) !== 0;
  if (unavailable && surge) {
    errors.push(invalid(at.child('maxSurge'), maxSurge, 'may not be set when maxUnavailable is non-zero'));
  } else if (!unavailable && !surge) {
    errors.push(required(at.child('maxUnavailable'), 'cannot be 0 when maxSurge is 0'));
  }
  return errors;
}

const NO_STATUS: NonNullable<DaemonSet['status']> = {
  currentNumberScheduled: 0,
  numberMisscheduled: 0,
  desiredNumberScheduled: 0,
  numberReady: 0,
};

function validateDaemonSetStatus({ status }: DaemonSet, old: DaemonSet): FieldError[] {
  const path = FieldPath.of('status');
  return [
    ...validateCounters(
      status ?? NO_STATUS,
      path,
      [
        'currentNumberScheduled',
        'numberMisscheduled',
        'desiredNumberScheduled',
        'numberReady',
        'observedGeneration',
        'updatedNumberScheduled',
        'numberAvailable',
        'numberUnavailable',
        'collisionCount',
      ],
      [],
    ),
    ...checkNotDecremented(status?.collisionCount, old.status?.collisionCount, path.child('collisionCount')),
  ];
}
