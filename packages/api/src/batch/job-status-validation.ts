/**
 * What a controller may report about a job.
 *
 * Mirrors: ValidateJobUpdateStatus in pkg/apis/batch/validation, getStatusValidationOptions in
 * pkg/registry/batch/job/strategy.go (v1.36)
 */
import { duplicate, FieldPath, invalid, parseTime, required, type FieldError } from '@kts/apimachinery';
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

/** Old and new status side by side. Most rules hold only where what they are about has changed. */
interface Change {
  readonly job: Job;
  readonly status: JobStatus;
  readonly old: JobStatus;
}

export function validateJobStatus(job: Job, old: Job): FieldError[] {
  const change: Change = { job, status: job.status ?? {}, old: old.status ?? {} };
  return [
    ...(['active', 'succeeded', 'failed', 'ready', 'terminating'] as const).flatMap((field) =>
      checkNonNegative(change.status[field], PATH.child(field)),
    ),
    ...validateUncounted(change.status),
    ...validateCompletion(change),
    ...validateFinished(change),
    ...validateIndexes(change),
    ...validateCounts(change),
    ...validateCriteria(change),
    ...validateTransition(change),
  ];
}

function isChanged({ status, old }: Change, ...fields: readonly (keyof JobStatus)[]): boolean {
  return fields.some((field) => !sameValue(status[field], old[field]));
}

function isConditionChanged({ status, old }: Change, ...types: readonly string[]): boolean {
  return types.some((type) => hasCondition(status, type) !== hasCondition(old, type));
}

const isFinishedChanged = ({ status, old }: Change): boolean => isFinished(status) !== isFinished(old);

/** No pod is listed twice, be it that it succeeded or failed. */
function validateUncounted({ uncountedTerminatedPods }: JobStatus): FieldError[] {
  const seen = new Set<string>();
  return (['succeeded', 'failed'] as const).flatMap((field) =>
    (uncountedTerminatedPods?.[field] ?? []).flatMap((uid, index) => {
      const path = PATH.child('uncountedTerminatedPods', field).index(index);
      if (uid === '') return [invalid(path, uid, 'must not be empty')];
      if (seen.has(uid)) return [duplicate(path, uid)];
      seen.add(uid);
      return [];
    }),
  );
}

function conditionErrors(rules: readonly (readonly [broken: boolean, text: string])[]): FieldError[] {
  return rules.filter(([broken]) => broken).map(([, text]) => invalidWithoutValue(CONDITIONS, text));
}

function validateCompletion(change: Change): FieldError[] {
  const { status } = change;
  const { startTime, completionTime } = status;
  const complete = hasCondition(status, 'Complete');
  const failed = hasCondition(status, 'Failed');
  const target = hasCondition(status, 'FailureTarget');
  const errors = conditionErrors([
    [
      complete && failed && isConditionChanged(change, 'Complete', 'Failed'),
      'cannot set Complete=True and Failed=true conditions',
    ],
    [
      complete && target && isConditionChanged(change, 'Complete', 'FailureTarget'),
      'cannot set Complete=True and FailureTarget=true conditions',
    ],
  ]);
  const path = PATH.child('completionTime');
  if (isConditionChanged(change, 'Complete') || isChanged(change, 'completionTime')) {
    if (completionTime && !complete) {
      errors.push(invalid(path, completionTime, 'cannot set completionTime when there is no Complete=True condition'));
    }
    if (!completionTime && complete) errors.push(required(path, 'completionTime is required for Complete jobs'));
  }
  const early = startTime && completionTime && parseTime(completionTime) < parseTime(startTime);
  if (early && isChanged(change, 'startTime', 'completionTime')) {
    errors.push(invalid(path, completionTime, 'must be equal to or after `startTime`'));
  }
  return [
    ...errors,
    ...conditionErrors([
      [
        failed && !target && (isConditionChanged(change, 'Failed') || isChanged(change, 'failedIndexes')),
        'cannot set Failed=True condition without the FailureTarget=true condition',
      ],
      [
        complete &&
          !hasCondition(status, 'SuccessCriteriaMet') &&
          isConditionChanged(change, 'Complete', 'SuccessCriteriaMet'),
        'cannot set Complete=True condition without the SuccessCriteriaMet=true condition',
      ],
    ]),
  ];
}

function validateFinished(change: Change): FieldError[] {
  const { status, job } = change;
  if (!isFinished(status)) return [];
  const { active = 0, startTime, uncountedTerminatedPods: uncounted } = status;
  const finishes = isFinishedChanged(change);
  const errors: FieldError[] = [];
  if (active > 0 && (finishes || isChanged(change, 'active'))) {
    errors.push(invalid(PATH.child('active'), active, 'active>0 is invalid for finished job'));
  }
  const neverStarts = job.spec.suspend === true && job.spec.completions === 0;
  if (!startTime && (finishes || isChanged(change, 'startTime')) && !neverStarts) {
    errors.push(required(PATH.child('startTime'), 'startTime is required for finished job'));
  }
  const pods = (uncounted?.failed?.length ?? 0) + (uncounted?.succeeded?.length ?? 0);
  if (pods > 0 && (finishes || isChanged(change, 'uncountedTerminatedPods'))) {
    const internal = internalForm('batch.v1.UncountedTerminatedPods', uncounted);
    errors.push(invalid(PATH.child('uncountedTerminatedPods'), internal, 'must be empty for finished job'));
  }
  return errors;
}

function validateIndexes(change: Change): FieldError[] {
  const completedChanged = isChanged(change, 'completedIndexes');
  const failedChanged = isChanged(change, 'failedIndexes');
  const { completedIndexes = '', failedIndexes } = change.status;
  const { completions, backoffLimitPerIndex, completionMode } = change.job.spec;
  const completed = PATH.child('completedIndexes');
  const failed = PATH.child('failedIndexes');
  const errors: FieldError[] = [];
  if (completions !== undefined) {
    const parsed = parseIndexes(completedIndexes, completions);
    if (completedChanged && !parsed.ok) {
      errors.push(invalid(completed, completedIndexes, `error parsing completedIndexes: ${parsed.error}`));
    }
    const other = failedIndexes === undefined ? undefined : parseIndexes(failedIndexes, completions);
    if (failedChanged && backoffLimitPerIndex !== undefined && other && !other.ok) {
      errors.push(invalid(failed, failedIndexes, `error parsing failedIndexes: ${other.error}`));
    }
  }
  if (completedChanged && completedIndexes && completionMode !== 'Indexed') {
    const text = 'cannot set non-empty completedIndexes when non-indexed completion mode';
    errors.push(invalid(completed, completedIndexes, text));
  }
  if (failedIndexes === undefined) return errors;
  if (failedChanged && backoffLimitPerIndex === undefined) {
    errors.push(invalid(failed, failedIndexes, 'cannot set non-null failedIndexes when backoffLimitPerIndex is null'));
  }
  if (completions === undefined || !(failedChanged || completedChanged)) return errors;
  const common = firstCommonIndex(completedIndexes, failedIndexes, completions);
  if (common === undefined) return errors;
  return [...errors, invalid(failed, failedIndexes, `failedIndexes and completedIndexes overlap at index: ${common}`)];
}

function validateCounts(change: Change): FieldError[] {
  const { active = 0, terminating = 0, ready } = change.status;
  const errors: FieldError[] = [];
  const finishedWithPods = terminating > 0 && isFinished(change.status);
  if (finishedWithPods && (isFinishedChanged(change) || isChanged(change, 'terminating'))) {
    errors.push(invalid(PATH.child('terminating'), terminating, 'terminating>0 is invalid for finished job'));
  }
  if (ready !== undefined && ready > active && isChanged(change, 'ready', 'active')) {
    errors.push(invalid(PATH.child('ready'), ready, 'cannot set more ready pods than active'));
  }
  return errors;
}

function validateCriteria({ job, status }: Change): FieldError[] {
  const criteria = hasCondition(status, 'SuccessCriteriaMet');
  return conditionErrors([
    [criteria && hasCondition(status, 'Failed'), 'cannot set SuccessCriteriaMet=True and Failed=true conditions'],
    [
      criteria && hasCondition(status, 'FailureTarget'),
      'cannot set SuccessCriteriaMet=True and FailureTarget=true conditions',
    ],
    [
      job.spec.successPolicy !== undefined && !criteria && hasCondition(status, 'Complete'),
      'cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True',
    ],
  ]);
}

function validateTransition(change: Change): FieldError[] {
  const { job, status, old } = change;
  const errors = conditionErrors(
    ['Failed', 'Complete', 'FailureTarget'].map((type) => [
      hasCondition(old, type) && !hasCondition(status, type),
      `cannot disable the terminal ${type}=True condition`,
    ]),
  );
  // Such jobs are scaled down.
  const shrinks = job.spec.completionMode === 'Indexed' && job.spec.completions === job.spec.parallelism;
  for (const field of shrinks ? (['failed'] as const) : (['failed', 'succeeded'] as const)) {
    const value = status[field] ?? 0;
    if (value < (old[field] ?? 0)) {
      errors.push(invalid(PATH.child(field), value, `cannot decrease the ${field} counter`));
    }
  }
  if (status.completionTime && old.completionTime && isChanged(change, 'completionTime')) {
    errors.push(invalid(PATH.child('completionTime'), status.completionTime, 'field is immutable'));
  }
  const suspended = conditionStatus(status, 'Suspended');
  const resumes = conditionStatus(old, 'Suspended') === 'True' && suspended === 'False';
  if (old.startTime && isChanged(change, 'startTime') && !resumes && !job.spec.suspend) {
    const text = 'field is immutable for unsuspended job once set';
    errors.push(invalid(PATH.child('startTime'), status.startTime ?? null, text));
  }
  const had = hasCondition(old, 'SuccessCriteriaMet');
  const has = hasCondition(status, 'SuccessCriteriaMet');
  return [
    ...errors,
    ...conditionErrors([
      [had && !has, 'cannot disable the SuccessCriteriaMet=True condition'],
      [
        hasCondition(old, 'Complete') && !had && has,
        'cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions',
      ],
    ]),
  ];
}

const conditionStatus = (status: JobStatus, type: string): string | undefined =>
  status.conditions?.find((condition) => condition.type === type)?.status;
