import {
  FieldPath,
  formatLabelSelector,
  invalid,
  notSupported,
  required,
  type Draft,
  type FieldError,
} from '@kts/apimachinery';
import { dropDisabledPodFields } from '../core/pod-disabled-fields.ts';
import { rulesForTemplate } from '../core/pod-rules.ts';
import { containerCells, nameWarnings, isRevised } from '../core/pod-template.ts';
import { defineResource } from '../define-resource.ts';
import { byteLength, checkChoice, checkNonNegative } from '../field-checks.ts';
import type { CronJob, CronJobSpec, JobTemplateSpec } from '../gen/batch-v1.gen.ts';
import { age } from '../human-duration.ts';
import { CronScheduleError, parseCronSchedule } from './cron-schedule.ts';
import { jobSpecWarnings, setJobSpecDefaults } from './job.ts';
import { validateJobSpec } from './job-spec-validation.ts';
import { zonedFields } from './time-zone.ts';

const SPEC = FieldPath.of('spec');
/** Jobs get eleven more letters. */
const NAME_LENGTH_MAX = 52;

/**
 * Jobs by the clock.
 *
 * Mirrors: pkg/registry/batch/cronjob/strategy.go, pkg/apis/batch/{v1/defaults.go,validation} (v1.36)
 */
export const cronJobs = defineResource<CronJob>('batch/v1', 'cronjobs', {
  setDefaults: setCronJobDefaults,
  prepareForCreate: (draft) => {
    draft.status = {};
    dropDisabledPodFields(draft.spec!.jobTemplate.spec!.template.spec!);
  },
  prepareForUpdate: (draft, old, { subresource }) => {
    if (subresource !== '') return;
    const before = old.spec?.jobTemplate.spec?.template.spec;
    dropDisabledPodFields(draft.spec!.jobTemplate.spec!.template.spec!, before);
  },
  validate: ({ metadata, spec }) => [
    ...validateCronJobSpec(spec!),
    ...(byteLength(metadata.name ?? '') > NAME_LENGTH_MAX
      ? [invalid(FieldPath.of('metadata', 'name'), metadata.name, 'must be no more than 52 characters')]
      : []),
  ],
  validateUpdate: ({ spec }, old) => validateCronJobSpec(spec!, old.spec),
  warnings: ({ metadata, spec }, old) => [
    ...(old ? [] : nameWarnings(metadata.name)),
    ...(isRevised({ metadata }, old) ? jobSpecWarnings(spec?.jobTemplate.spec, SPEC.child('jobTemplate', 'spec')) : []),
    ...(spec?.schedule.includes('TZ')
      ? [
          'CRON_TZ or TZ used in spec.schedule is not officially supported, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details',
        ]
      : []),
  ],
  cells: ({ metadata, spec, status }, now) => [
    metadata.name,
    spec?.schedule ?? '',
    spec?.timeZone ?? '<none>',
    spec?.suspend === undefined ? '<unset>' : spec.suspend ? 'True' : 'False',
    status?.active?.length ?? 0,
    status?.lastScheduleTime ? age(status.lastScheduleTime, now) : '<none>',
    age(metadata.creationTimestamp, now),
    ...containerCells(spec?.jobTemplate.spec?.template.spec?.containers),
    formatLabelSelector(spec?.jobTemplate.spec?.selector),
  ],
});

function setCronJobDefaults(cronJob: Draft<CronJob>): void {
  const spec = (cronJob.spec ??= { schedule: '', jobTemplate: {} });
  if (!spec.concurrencyPolicy) spec.concurrencyPolicy = 'Allow';
  spec.suspend ??= false;
  spec.successfulJobsHistoryLimit ??= 3;
  spec.failedJobsHistoryLimit ??= 1;
  spec.jobTemplate ??= {};
  setJobSpecDefaults((spec.jobTemplate.spec ??= { template: {} }));
}

function validateCronJobSpec(spec: CronJobSpec, old?: CronJobSpec): FieldError[] {
  return [
    ...validateSchedule(spec, old),
    ...checkNonNegative(spec.startingDeadlineSeconds, SPEC.child('startingDeadlineSeconds')),
    ...(old && old.timeZone === spec.timeZone ? [] : validateTimeZone(spec.timeZone, SPEC.child('timeZone'))),
    ...checkChoice(spec.concurrencyPolicy, ['Allow', 'Forbid', 'Replace'], SPEC.child('concurrencyPolicy')),
    ...validateJobTemplate(spec.jobTemplate, old?.jobTemplate),
    ...checkNonNegative(spec.successfulJobsHistoryLimit, SPEC.child('successfulJobsHistoryLimit')),
    ...checkNonNegative(spec.failedJobsHistoryLimit, SPEC.child('failedJobsHistoryLimit')),
  ];
}

/** A zone inside the schedule is tolerated only where it has been before. */
function validateSchedule({ schedule, timeZone }: CronJobSpec, old?: CronJobSpec): FieldError[] {
  const path = SPEC.child('schedule');
  if (!schedule) return [required(path)];
  const errors: FieldError[] = [];
  const problem = scheduleError(schedule);
  if (problem !== undefined) errors.push(invalid(path, schedule, problem));
  if (!schedule.includes('TZ')) return errors;
  if (!old?.schedule.includes('TZ')) {
    errors.push(invalid(path, schedule, 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead'));
  } else if (timeZone !== undefined) {
    errors.push(invalid(path, schedule, 'cannot use both timeZone field and TZ or CRON_TZ in schedule'));
  }
  return errors;
}

function scheduleError(schedule: string): string | undefined {
  try {
    parseCronSchedule(schedule);
    return undefined;
  } catch (error) {
    if (error instanceof CronScheduleError) return error.message;
    throw error;
  }
}

function validateTimeZone(zone: string | undefined, path: FieldPath): FieldError[] {
  if (zone === undefined) return [];
  if (zone === '') return [invalid(path, zone, 'timeZone must be nil or non-empty string')];
  const unknown = invalid(path, zone, `unknown time zone ${zone}`);
  const wellFormed = zone
    .split('/')
    .every((part) => part !== '.' && part !== '..' && !part.startsWith('-') && /^[A-Za-z.\-_0-9+]{1,14}$/.test(part));
  if (!wellFormed) return [unknown];
  if (zone.toLowerCase() === 'local') {
    const text = 'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones';
    return [invalid(path, zone, text), ...(zone === 'Local' ? [] : [unknown])];
  }
  return zonedFields(0, zone) ? [] : [unknown];
}

function validateJobTemplate(template: JobTemplateSpec, old?: JobTemplateSpec): FieldError[] {
  const path = SPEC.child('jobTemplate', 'spec');
  const spec = template.spec ?? { template: {} };
  const errors = validateJobSpec(spec, path, rulesForTemplate(old?.spec?.template));
  if (spec.selector) errors.push(invalid(path.child('selector'), spec.selector, '`selector` will be auto-generated'));
  if (spec.manualSelector) errors.push(notSupported(path.child('manualSelector'), true, ['nil', 'false']));
  return errors;
}
