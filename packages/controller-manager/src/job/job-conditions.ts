/**
 * A Job's conditions.
 *
 * Mirrors: newCondition and ensureJobConditionStatus in pkg/controller/job/job_controller.go (v1.36)
 */
import type { JobCondition } from '@kts/api/types/batch-v1';
import { formatTime } from '@kts/base';

export function newJobCondition(
  type: string,
  status: 'True' | 'False',
  reason: string,
  message: string,
  now: number,
): JobCondition {
  const time = formatTime(now);
  return { type, status, lastProbeTime: time, lastTransitionTime: time, reason, message };
}

/** The same list if it says so already. One that is not there and false is not added. */
export function withJobCondition(
  conditions: readonly JobCondition[],
  condition: JobCondition,
): readonly JobCondition[] {
  const known = conditions.find(({ type }) => type === condition.type);
  if (!known) return condition.status === 'False' ? conditions : [...conditions, condition];
  const { status, reason, message } = known;
  if (status === condition.status && reason === condition.reason && message === condition.message) return conditions;
  return conditions.map((each) => (each === known ? condition : each));
}
