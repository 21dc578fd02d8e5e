import {
  FieldPath,
  formatLabelSelector,
  invalid,
  isDNS1123Label,
  parseTime,
  required,
  wasSentEmpty,
  type Draft,
  type FieldError,
} from '@kts/apimachinery';
import { checkTemplateLabels } from '../apps/rollout-validation.ts';
import { setPodTemplateDefaults } from '../core/pod-defaults.ts';
import { dropDisabledPodFields } from '../core/pod-disabled-fields.ts';
import { rulesForTemplate, type PodRules } from '../core/pod-rules.ts';
import { containerCells, matcherOf, nameWarnings, isRevised } from '../core/pod-template.ts';
import { templateWarnings } from '../core/pod-warnings.ts';
import { defineResource } from '../define-resource.ts';
import { checkImmutable } from '../field-checks.ts';
import type { Job, JobSpec } from '../gen/batch-v1.gen.ts';
import type { Container, PodSpec, PodTemplateSpec } from '../gen/core-v1.gen.ts';
import { age, humanDuration } from '../human-duration.ts';
import { hasInvalidLabelValue, validateLabelSelector } from '../label-validation.ts';
import { validateObjectMeta } from '../metadata-validation.ts';
import { validateJobSpec } from './job-spec-validation.ts';
import { hasCondition, validateJobStatus } from './job-status-validation.ts';

const SPEC = FieldPath.of('spec');
const INT32_MAX = 2 ** 31 - 1;
const NAME_LABELS = ['job-name', 'batch.kubernetes.io/job-name'] as const;
const UID_LABELS = ['controller-uid', 'batch.kubernetes.io/controller-uid'] as const;

/**
 * Pods that run to completion.
 *
 * Mirrors: pkg/registry/batch/job/strategy.go, pkg/apis/batch/{v1/defaults.go,validation} (v1.36)
 */
export const jobs = defineResource<Job>('batch/v1', 'jobs', {
  setDefaults: setJobDefaults,
  prepareForCreate: (draft) => {
    shareEmptyLabels(draft);
    if (!draft.spec?.manualSelector) generateSelector(draft);
    // Upstream defaults what it reads, too: a job that is stored without labels is shown with those of its pods.
    const labels = draft.spec!.template.metadata?.labels;
    if (labels && Object.keys(draft.metadata.labels ?? {}).length === 0) draft.metadata.labels = { ...labels };
    draft.status = {};
    dropDisabledPodFields(draft.spec!.template.spec!);
  },
  prepareForUpdate: (draft, old, { subresource }) => {
    if (subresource === '') dropDisabledPodFields(draft.spec!.template.spec!, old.spec?.template.spec);
  },
  validate: (job) => validateJob(job, rulesForTemplate(undefined), true),
  validateUpdate: validateJobUpdate,
  validateStatusUpdate: validateJobStatus,
  warnings: ({ metadata, spec }, old) => [
    ...(old ? [] : nameWarnings(metadata.name)),
    ...(isRevised({ metadata }, old) ? jobSpecWarnings(spec, SPEC) : []),
  ],
  selectableFields: ({ status }) => ({ 'status.successful': String(status?.succeeded ?? 0) }),
  cells: (job, now) => [
    job.metadata.name,
    statusText(job),
    completionsText(job),
    durationText(job, now),
    age(job.metadata.creationTimestamp, now),
    ...containerCells(job.spec?.template.spec?.containers),
    formatLabelSelector(job.spec?.selector),
  ],
});

function setJobDefaults(job: Draft<Job>): void {
  const spec = (job.spec ??= { template: {} });
  setJobSpecDefaults(spec);
  const labels = spec.template.metadata?.labels;
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1;
  spec.parallelism ??= 1;
  spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? 6 : INT32_MAX;
  // One map for both: what the server adds to the template's labels, the job gets too.
  if (labels && Object.keys(job.metadata.labels ?? {}).length === 0) job.metadata.labels = labels;
  spec.completionMode ??= 'NonIndexed';
  spec.suspend ??= false;
  spec.podReplacementPolicy ??= spec.podFailurePolicy ? 'Failed' : 'TerminatingOrFailed';
  spec.manualSelector ??= false;
}

/** Labels that were sent empty are labels: the job shares them, too, but nobody owns them. */
function shareEmptyLabels({ metadata, spec }: Draft<Job>): void {
  const { template } = spec!;
  if (!wasSentEmpty(template.metadata, 'labels') && !wasSentEmpty(template, 'metadata.labels')) return;
  const labels = ((template.metadata ??= {}).labels ??= {});
  if (Object.keys(metadata.labels ?? {}).length === 0) metadata.labels = labels;
}

/** What is also defaulted in the template of a cron job. */
export function setJobSpecDefaults(spec: Draft<JobSpec>): void {
  for (const { onPodConditions } of spec.podFailurePolicy?.rules ?? []) {
    for (const pattern of onPodConditions ?? []) if (!pattern.status) pattern.status = 'True';
  }
  spec.template ??= {};
  setPodTemplateDefaults(spec.template);
}

/** Pods of a job carry its name and UID, and the selector asks for the UID. */
function generateSelector({ metadata, spec }: Draft<Job>): void {
  const template = (spec!.template.metadata ??= {});
  const labels = (template.labels ??= {});
  for (const label of NAME_LABELS) labels[label] ??= metadata.name ?? '';
  for (const label of UID_LABELS) labels[label] ??= metadata.uid;
  sortKeys(labels);
  const selector = (spec!.selector ??= {});
  selector.matchLabels ??= {};
  selector.matchLabels['batch.kubernetes.io/controller-uid'] ??= metadata.uid;
}

/** In place, since the job's own labels may be the same map. */
function sortKeys(labels: Record<string, string>): void {
  for (const [key, value] of Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    delete labels[key];
    labels[key] = value;
  }
}

function validateJob(job: Job, rules: PodRules, requireDomainLabels: boolean): FieldError[] {
  const { metadata, spec } = job;
  const errors = [...validateGenerated(job, requireDomainLabels), ...validateSelectedSpec(spec, rules)];
  if (spec.completionMode === 'Indexed' && (spec.completions ?? 0) > 0) {
    const host = `${metadata.name ?? ''}-${spec.completions! - 1}`;
    if (isDNS1123Label(host).length > 0) {
      const text = `will not able to create pod with invalid DNS label: ${host}`;
      errors.push(invalid(FieldPath.of('metadata', 'name'), metadata.name ?? '', text));
    }
  }
  return errors;
}

function validateSelectedSpec(spec: JobSpec, rules: PodRules): FieldError[] {
  const { selector } = spec;
  const matcher = matcherOf(selector);
  return [
    ...validateJobSpec(spec, SPEC, rules),
    ...(selector
      ? validateLabelSelector(selector, SPEC.child('selector'), {
          allowInvalidValues: rules.allowInvalidSelectorValues,
        })
      : [required(SPEC.child('selector'))]),
    ...(matcher ? checkTemplateLabels(spec.template, matcher, SPEC.child('template')) : []),
  ];
}

/** Unless the client selects by hand, labels and selector are those that the server generates. */
function validateGenerated({ metadata, spec }: Job, requireDomainLabels: boolean): FieldError[] {
  if (!spec || spec.manualSelector || !spec.selector) return [];
  const expected: [string, string][] = [
    [UID_LABELS[0], metadata.uid],
    [NAME_LABELS[0], metadata.name ?? ''],
    ...(requireDomainLabels
      ? ([
          [UID_LABELS[1], metadata.uid],
          [NAME_LABELS[1], metadata.name ?? ''],
        ] as [string, string][])
      : []),
  ];
  const labels = spec.template.metadata?.labels;
  const path = SPEC.child('template', 'metadata', 'labels');
  const errors = expected.flatMap(([key, value]) => {
    const text = `must be '${value}'`;
    if (labels?.[key] === undefined) return [required(path.key(key), text)];
    return labels[key] === value ? [] : [invalid(path.key(key), labels, text)];
  });
  const matcher = matcherOf(spec.selector);
  if (!matcher || matcher.matches(Object.fromEntries(expected))) return errors;
  return [...errors, invalid(SPEC.child('selector'), spec.selector, '`selector` not auto-generated')];
}

function validateJobUpdate(job: Job, old: Job): FieldError[] {
  const base = rulesForTemplate(old.spec?.template);
  const rules = {
    ...base,
    allowInvalidSelectorValues: base.allowInvalidSelectorValues || hasInvalidLabelValue(old.spec?.selector),
  };
  const labels = old.spec?.template.metadata?.labels ?? {};
  const domainLabels = [NAME_LABELS[1], UID_LABELS[1]].every((label) => labels[label] !== undefined);
  const { spec } = job;
  const { spec: before } = old;
  return [
    ...validateObjectMeta(job.metadata, jobs),
    ...validateJob(job, rules, domainLabels),
    ...validateSelectedSpec(spec, rules),
    ...validateCompletionsChange(spec, before),
    ...checkImmutable(spec.selector, before.selector, SPEC.child('selector')),
    ...validateTemplateChange(spec, old),
    ...FIXED.flatMap(([field, type]) => checkImmutable(spec[field], before[field], SPEC.child(field), type)),
  ];
}

/** What stays, with the types of structs. */
const FIXED: readonly (readonly [keyof JobSpec, string?])[] = [
  ['completionMode'],
  ['podFailurePolicy', 'batch.v1.PodFailurePolicy'],
  ['backoffLimitPerIndex'],
  ['managedBy'],
  ['successPolicy', 'batch.v1.SuccessPolicy'],
];

/** An indexed job can grow and shrink, if its parallelism does the same. */
function validateCompletionsChange(spec: JobSpec, old: JobSpec): FieldError[] {
  const path = SPEC.child('completions');
  if (spec.completionMode !== 'Indexed') return checkImmutable(spec.completions, old.completions, path);
  if (spec.completions === old.completions || spec.completions === undefined) return [];
  if (spec.completions === spec.parallelism) return [];
  return [invalid(path, spec.completions, 'can only be modified in tandem with spec.parallelism')];
}

/** The template of a suspended job without pods may still be adapted: where pods go and what they get. */
function validateTemplateChange(spec: JobSpec, { spec: old, status }: Job): FieldError[] {
  const before = old?.template ?? {};
  const suspended = old?.suspend === true;
  const idle = (!status?.startTime || hasCondition(status, 'Suspended')) && !status?.active;
  if (!suspended || !idle)
    return checkImmutable(spec.template, before, SPEC.child('template'), 'core.v1.PodTemplateSpec');
  const allowed = withResourcesOf(withPlacementOf(before, spec.template), spec.template);
  return checkImmutable(spec.template.spec, allowed.spec, SPEC.child('template.spec'), 'core.v1.PodSpec');
}

function withPlacementOf(old: PodTemplateSpec, template: PodTemplateSpec): PodTemplateSpec {
  const { affinity, nodeSelector, tolerations, schedulingGates } = template.spec ?? {};
  const merged = { ...old.spec?.affinity, nodeAffinity: affinity?.nodeAffinity };
  const empty = Object.values(merged).every((part) => part === undefined);
  return {
    ...old,
    spec: { ...old.spec, affinity: empty ? affinity : merged, nodeSelector, tolerations, schedulingGates } as PodSpec,
  };
}

function withResourcesOf(old: PodTemplateSpec, template: PodTemplateSpec): PodTemplateSpec {
  const merge = (before: readonly Container[] = [], after: readonly Container[] = []): readonly Container[] =>
    before.length !== after.length
      ? before
      : before.map((container, index) =>
          container.name === after[index]!.name ? { ...container, resources: after[index]!.resources! } : container,
        );
  const { containers, initContainers } = old.spec ?? {};
  return {
    ...old,
    spec: {
      ...old.spec,
      containers: merge(containers, template.spec?.containers),
      ...(initContainers ? { initContainers: merge(initContainers, template.spec?.initContainers) } : {}),
    },
  };
}

export function jobSpecWarnings(spec: JobSpec | undefined, path: FieldPath): string[] {
  const warnings: string[] = [];
  const { completionMode, completions = 0, parallelism = 0 } = spec ?? {};
  if (completionMode === 'Indexed' && completions > 100_000 && parallelism > 10_000) {
    const text = 'In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4';
    warnings.push(
      `${path.toString()}: ${text}, Kubernetes might not be able to track completedIndexes when a big number of indexes fail`,
    );
  }
  return [...warnings, ...templateWarnings(spec?.template, path.child('template'))];
}

function statusText({ metadata, status }: Job): string {
  if (hasCondition(status, 'Complete')) return 'Complete';
  if (hasCondition(status, 'Failed')) return 'Failed';
  if (metadata.deletionTimestamp) return 'Terminating';
  return ['Suspended', 'FailureTarget', 'SuccessCriteriaMet'].find((type) => hasCondition(status, type)) ?? 'Running';
}

function completionsText({ spec, status }: Job): string {
  const succeeded = status?.succeeded ?? 0;
  const { completions, parallelism = 0 } = spec ?? {};
  if (completions !== undefined) return `${succeeded}/${completions}`;
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function durationText({ status }: Job, now: number): string {
  if (!status?.startTime) return '';
  const end = status.completionTime ? parseTime(status.completionTime) : now;
  return humanDuration(end - parseTime(status.startTime));
}
