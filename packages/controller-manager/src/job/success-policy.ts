/**
 * Whether an Indexed Job has succeeded before all its indexes have.
 *
 * Mirrors: pkg/controller/job/success_policy.go (v1.36)
 */
import type { SuccessPolicy } from '@kts/api/types/batch-v1';

import { countCommonIndexes, countIndexes, parseIndexIntervals, type IndexIntervals } from './job-indexes.ts';

/** Why it has; undefined if it has not. */
export function matchSuccessPolicy(
  policy: SuccessPolicy | undefined,
  completions: number,
  succeeded: IndexIntervals,
): string | undefined {
  if (succeeded.length === 0) return undefined;
  const index = (policy?.rules ?? []).findIndex(({ succeededIndexes, succeededCount }) => {
    if (succeededIndexes === undefined) {
      return succeededCount !== undefined && countIndexes(succeeded) >= succeededCount;
    }
    const required = parseIndexIntervals(succeededIndexes, completions);
    if (required.length === 0) return false;
    const reached = countCommonIndexes(required, succeeded);
    return reached === countIndexes(required) || (succeededCount !== undefined && reached >= succeededCount);
  });
  return index < 0 ? undefined : `Matched rules at index ${index}`;
}
