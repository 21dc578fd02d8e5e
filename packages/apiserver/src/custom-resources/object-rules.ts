import type { FieldError } from '@kts/apimachinery';

import type { Correlation } from './schema/correlation.ts';

/** The rules (`x-kubernetes-validations`) of one schema, compiled when they are first needed. */
export interface RuleSet {
  /** `correlation` says what has changed since which object; undefined for a new one. */
  validate(object: unknown, old: unknown, correlation: Correlation | undefined): readonly FieldError[];
}
