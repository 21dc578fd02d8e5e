import type { Frame } from './frame.ts';
import { invalidKey, missing, qualify } from './qualifier.ts';
import { CelError, CelOptional, NO_SUCH_OVERLOAD, OPTIONAL_NONE, type CelValue } from './value.ts';

/**
 * A variable or other value with the selections and indices that follow it, evaluated as one: `a.b[c].?d`.
 *
 * Mirrors: github.com/google/cel-go/interpreter/attributes.go
 */
export class Attribute {
  readonly #base: Base;
  readonly #qualifiers: readonly Qualifier[];

  private constructor(base: Base, qualifiers: readonly Qualifier[]) {
    this.#base = base;
    this.#qualifiers = qualifiers;
  }

  static of(value: Step): Attribute {
    return new Attribute({ value }, []);
  }

  /** `condition ? whenTrue : whenFalse`: what follows is selected from whichever it is. */
  static choose(condition: Step, whenTrue: Attribute, whenFalse: Attribute): Attribute {
    return new Attribute({ condition, whenTrue, whenFalse }, []);
  }

  with(qualifier: Qualifier): Attribute {
    if ('condition' in this.#base) {
      const { condition, whenTrue, whenFalse } = this.#base;
      return Attribute.choose(condition, whenTrue.with(qualifier), whenFalse.with(qualifier));
    }
    return new Attribute(this.#base, [...this.#qualifiers, qualifier]);
  }

  /** Reads it and charges for it: one, and one for each qualifier. A presence test is free but for its qualifiers. */
  reader(): Step {
    const resolve = this.resolver();
    const isTest = this.#qualifiers.at(-1)?.testOnly ?? false;
    if ('condition' in this.#base || isTest) return resolve;
    return (frame) => {
      const value = resolve(frame);
      frame.charge(1);
      return value;
    };
  }

  /** Without the cost of reading it. */
  resolver(): Step {
    const base = this.#base;
    if ('condition' in base) {
      const { condition } = base;
      const [whenTrue, whenFalse] = [base.whenTrue.resolver(), base.whenFalse.resolver()];
      return (frame) => {
        const chosen = condition(frame);
        if (chosen === true) return whenTrue(frame);
        if (chosen === false) return whenFalse(frame);
        return chosen instanceof CelError ? chosen : NO_SUCH_OVERLOAD;
      };
    }
    const { value } = base;
    const qualifiers = this.#qualifiers;
    return qualifiers.length === 0 ? value : (frame) => applyQualifiers(frame, value(frame), qualifiers);
  }
}

export interface Qualifier {
  readonly key: CelValue | Step;
  /** `.?key` and `[?key]`: from here on the result is optional. */
  readonly optional: boolean;
  /** `has()`: only whether it is there. */
  readonly testOnly: boolean;
}

type Step = (frame: Frame) => CelValue;
type Base =
  | { readonly value: Step }
  | { readonly condition: Step; readonly whenTrue: Attribute; readonly whenFalse: Attribute };

function applyQualifiers(frame: Frame, start: CelValue, qualifiers: readonly Qualifier[]): CelValue {
  let value = start;
  let optional = false;
  if (value instanceof CelOptional) {
    if (value.value === undefined) return qualifiers.at(-1)!.testOnly ? false : value;
    value = value.value;
    optional = true;
  }
  if (value instanceof CelError) return value;
  for (const qualifier of qualifiers) {
    optional ||= qualifier.optional;
    const key = typeof qualifier.key === 'function' ? qualifier.key(frame) : qualifier.key;
    const invalid = invalidKey(key);
    if (invalid) {
      if (!optional) frame.charge(1);
      return invalid;
    }
    const next = qualify(value, key);
    // An optional selection of something that is not there is not charged for.
    if (next !== undefined || !optional) frame.charge(1);
    if (next instanceof CelError) return next;
    if (qualifier.testOnly) return next !== undefined;
    if (next === undefined) {
      if (!optional) return missing(value, key);
      return qualifiers.at(-1)!.testOnly ? false : OPTIONAL_NONE;
    }
    value = next;
  }
  return optional ? new CelOptional(value) : value;
}
