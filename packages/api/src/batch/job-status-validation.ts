/**
 * What a controller may report about a job.
 *
 * Mirrors: ValidateJobUpdateStatus in pkg/apis/batch/validation, getStatusValidationOptions in
 * pkg/registry/batch/job/strategy.go (v1.36)
 */
import { FieldPath, invalid, parseTime, required, type FieldError } from '@kts/apimachinery';
import { checkNonNegative, invalidWithoutValue, sameValue } from '../field-checks.ts';
import type { Job, JobStatus } from '../gen/batch-v1.gen.ts';
import { firstCommonIndex, parseIndexes } from './completion-indexes.ts';
import { internalForm } from '../internal-form.ts';

const PATH = FieldPath.of('status');
const CONDITIONS = PATH.child('conditions');

export const hasCondition = (status: JobStatus | undefined, type: string): boolean =>
  status?.conditions?.some((condition) => condition.type === type && condition.status === 'True') ?? false;

export const isFinished = (status: JobStatus | undefined): boolean =>
  hasCondition(status, 'Complete') || hasCondition(status, 'Failed');

export function validateJobStatus(job: Job, old: Job): FieldError[] {
  const { status = {} } = job;
  return [
    ...(['active', 'succeeded', 'failed', 'ready', 'terminating'] as const).flatMap((field) =>
      checkNonNegative(status[field], PATH.child(field)),
    ),
    ...validateConditions(job),
    ...validateTimes(job),
    ...validateFinished(status),
    ...validateIndexes(job),
    ...validateChange(job, old),
  ];
}

function validateConditions({ spec, status = {} }: Job): FieldError[] {
  const complete = hasCondition(status, 'Complete');
  const failed = hasCondition(status, 'Failed');
  const target = hasCondition(status, 'FailureTarget');
  const criteria = hasCondition(status, 'SuccessCriteriaMet');
  const rules: readonly (readonly [boolean, string])[] = [
    [complete && failed, 'cannot set Complete=True and Failed=true conditions'],
    [complete && target, 'cannot set Complete=True and FailureTarget=true conditions'],
    [failed && !target, 'cannot set Failed=True condition without the FailureTarget=true condition'],
    [complete && !criteria, 'cannot set Complete=True condition without the SuccessCriteriaMet=true condition'],
    [criteria && failed, 'cannot set SuccessCriteriaMet=True and Failed=true conditions'],
    [criteria && target, 'cannot set SuccessCriteriaMet=True and FailureTarget=true conditions'],
    [
      spec?.successPolicy !== undefined && !criteria && complete,
      'cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True',
    ],
  ];
  return rules.filter(([broken]) => broken).map(([, text]) => invalidWithoutValue(CONDITIONS, text));
}

function validateTimes({ status = {} }: Job): FieldError[] {
  const { startTime, completionTime } = status;
  const complete = hasCondition(status, 'Complete');
  const path = PATH.child('completionTime');
  const errors: FieldError[] = [];
  if (completionTime && !complete) {
    errors.push(invalid(path, completionTime, 'cannot set completionTime when there is no Complete=True condition'));
  }
  if (!completionTime && complete) errors.push(required(path, 'completionTime is required for Complete jobs'));
  if (startTime && completionTime && parseTime(completionTime) < parseTime(startTime)) {
    errors.push(invalid(path, completionTime, 'must be equal to or after `startTime`'));
  }
  if (!startTime && isFinished(status)) {
    errors.push(required(PATH.child('startTime'), 'startTime is required for finished job'));
  }
  return errors;
}

function validateFinished(status: JobStatus): FieldError[] {
  const { active = 0, terminating = 0, ready, uncountedTerminatedPods: uncounted } = status;
  const errors: FieldError[] = [];
  if (isFinished(status)) {
    if (active > 0) errors.push(invalid(PATH.child('active'), active, 'active>0 is invalid for finished job'));
    if ((uncounted?.failed?.length ?? 0) + (uncounted?.succeeded?.length ?? 0) > 0) {
      const internal = internalForm('batch.v1.UncountedTerminatedPods', uncounted);
      errors.push(invalid(PATH.child('uncountedTerminatedPods'), internal, 'must be empty for finished job'));
    }
    if (terminating > 0) {
      errors.push(invalid(PATH.child('terminating'), terminating, 'terminating>0 is invalid for finished job'));
    }
  }
  if (ready !== undefined && ready > active) {
    errors.push(invalid(PATH.child('ready'), ready, 'cannot set more ready pods than active'));
  }
  return errors;
}

function validateIndexes({ spec, status = {} }: Job): FieldError[] {
  const { completedIndexes = '', failedIndexes } = status;
  const { completions, backoffLimitPerIndex } = spec;
  const completed = PATH.child('completedIndexes');
  const failed = PATH.child('failedIndexes');
  const errors: FieldError[] = [];
  if (completions !== undefined) {
    const parsed = parseIndexes(completedIndexes, completions);
    if (!parsed.ok) {
      errors.push(invalid(completed, completedIndexes, `error parsing completedIndexes: ${parsed.error}`));
    }
    const other = failedIndexes === undefined ? undefined : parseIndexes(failedIndexes, completions);
    if (backoffLimitPerIndex !== undefined && other && !other.ok) {
      errors.push(invalid(failed, failedIndexes, `error parsing failedIndexes: ${other.error}`));
    }
  }
  if (completedIndexes && spec.completionMode !== 'Indexed') {
    const text = 'cannot set non-empty completedIndexes when non-indexed completion mode';
    errors.push(invalid(completed, completedIndexes, text));
  }
  if (failedIndexes === undefined) return errors;
  if (backoffLimitPerIndex === undefined) {
    errors.push(invalid(failed, failedIndexes, 'cannot set non-null failedIndexes when backoffLimitPerIndex is null'));
  }
  const common = completions === undefined ? undefined : firstCommonIndex(completedIndexes, failedIndexes, completions);
  if (common === undefined) return errors;
  return [...errors, invalid(failed, failedIndexes, `failedIndexes and completedIndexes overlap at index: ${common}`)];
}

function validateChange({ spec, status = {} }: Job, { status: old = {} }: Job): FieldError[] {
  const errors: FieldError[] = [];
  for (const type of ['Failed', 'Complete', 'FailureTarget']) {
    if (!hasCondition(old, type) || hasCondition(status, type)) continue;
    errors.push(invalidWithoutValue(CONDITIONS, `cannot disable the terminal ${type}=True condition`));
  }
  for (const field of ['failed', 'succeeded'] as const) {
    const value = status[field] ?? 0;
    if (value >= (old[field] ?? 0)) continue;
    errors.push(invalid(PATH.child(field), value, `cannot decrease the ${field} counter`));
  }
  if (status.completionTime && old.completionTime && !sameValue(status.completionTime, old.completionTime)) {
    errors.push(invalid(PATH.child('completionTime'), status.completionTime, 'field is immutable'));
  }
  if (old.startTime && old.startTime !== status.startTime && !spec?.suspend) {
    const text = 'field is immutable for unsuspended job once set';
    errors.push(invalid(PATH.child('startTime'), status.startTime ?? null, text));
  }
  const had = hasCondition(old, 'SuccessCriteriaMet');
  const has = hasCondition(status, 'SuccessCriteriaMet');
  if (had && !has) {
    errors.push(invalidWithoutValue(CONDITIONS, 'cannot disable the SuccessCriteriaMet=True condition'));
  }
  if (hasCondition(old, 'Complete') && !had && has) {
    const text = 'cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions';
    errors.push(invalidWithoutValue(CONDITIONS, text));
  }
  return errors;
}
