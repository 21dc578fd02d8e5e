import type { FieldError, FieldPath } from '@kts/apimachinery';
import type { JSONSchemaProps } from '@kts/api/types/apiextensions-v1';

/**
 * What the rules of a schema can count on at one place of it: types, and how often the place may occur. Going down a
 * schema makes the contexts of its parts.
 */
export interface RuleContext {
  /** The context of a property, of an item, or of a map's values. */
  below(schema: JSONSchemaProps): RuleContext;
  /** What is wrong with the rules at this place. `uncorrelated` is a list around it whose items cannot be told apart. */
  check(path: FieldPath, uncorrelated: FieldPath | undefined): readonly FieldError[];
  /** What all rules of the schema together may cost; asked at the root, when everything has been checked. */
  checkTotal(path: FieldPath): readonly FieldError[];
}
