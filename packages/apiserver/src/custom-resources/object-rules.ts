import type { FieldError } from '@kts/apimachinery';

import type { Correlation } from './schema/correlation.ts';

/** The rules (`x-kubernetes-validations`) of one schema. */
export interface RuleSet {
  /**
   * `correlation` says what has changed since which object; undefined for a new one. What was wrong before and has not
   * changed is only warned of.
   */
  validate(
    object: unknown,
    old: unknown,
    correlation: Correlation | undefined,
    warn: (text: string) => void,
  ): readonly FieldError[];
}
