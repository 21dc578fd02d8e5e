import type { HorizontalPodAutoscalerCondition } from '@kts/api/types/autoscaling-v2';
import { formatTime } from '@kts/base';

type Conditions = readonly HorizontalPodAutoscalerCondition[];

export type ConditionText = Pick<HorizontalPodAutoscalerCondition, 'type' | 'status' | 'reason' | 'message'>;

/** The list with that condition in its place, or at the end; its time changes with its status. */
export function setCondition(conditions: Conditions, condition: ConditionText, now: number): Conditions {
  const before = conditions.find(({ type }) => type === condition.type);
  const isSame = before?.status === condition.status && before.lastTransitionTime !== undefined;
  const lastTransitionTime = isSame ? before.lastTransitionTime! : formatTime(now);
  const complete = { ...condition, lastTransitionTime };
  return before ? conditions.map((each) => (each === before ? complete : each)) : [...conditions, complete];
}
