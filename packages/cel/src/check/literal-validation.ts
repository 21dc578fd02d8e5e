import { compilePattern } from '../evaluate/pattern.ts';
import { NANOSECONDS, isTimestampInRange, parseDuration, parseTimestamp } from '../evaluate/time-text.ts';
import { CelError } from '../evaluate/value.ts';
import { CLAUSE_ERRORS, FormatFailure, replaceClauses, type Clause } from '../libraries/string-format.ts';
import type { CallExpression, Expression, ListExpression, MapExpression } from '../syntax/expression.ts';
import type { Parsed } from '../syntax/parser.ts';
import type { Issue } from '../syntax/source.ts';
import { parametersOf, sameType, type CelType } from '../types/cel-type.ts';
import { formatType, runtimeTypeName } from '../types/format-type.ts';
import type { Checked } from './checker.ts';

/**
 * Constants that would always fail: durations, timestamps, patterns, formats. Also lists and maps of several types.
 *
 * Mirrors: github.com/google/cel-go/cel/validator.go, ext/formatting.go: stringFormatValidator
 */
export function validateLiterals(parsed: Parsed, checked: Checked, homogeneous: boolean): readonly Issue[] {
  const validator = new LiteralValidator(parsed, checked, homogeneous);
  validator.visit(checked.expression, false);
  return validator.issues;
}

const VALIDATORS: Readonly<Record<string, (value: unknown) => boolean>> = {
  duration: (value) => typeof value === 'string' && parseDuration(value) !== undefined,
  timestamp: isTimestamp,
  matches: (value) => typeof value === 'string' && !(compilePattern(value) instanceof CelError),
};

/** The kinds of types that a clause takes. */
const CLAUSE_KINDS: Readonly<Record<Clause, readonly CelType['kind'][]>> = {
  s: ['list', 'map', 'int', 'uint', 'double', 'bool', 'string', 'timestamp', 'bytes', 'duration', 'type', 'null'],
  d: ['int', 'uint'],
  f: ['double', 'string'],
  e: ['double', 'string'],
  b: ['int', 'uint', 'bool'],
  x: ['int', 'uint', 'string', 'bytes'],
  X: ['int', 'uint', 'string', 'bytes'],
  o: ['int', 'uint'],
};

class LiteralValidator {
  readonly issues: Issue[] = [];
  readonly #parsed: Parsed;
  readonly #checked: Checked;
  readonly #homogeneous: boolean;

  constructor(parsed: Parsed, checked: Checked, homogeneous: boolean) {
    this.#parsed = parsed;
    this.#checked = checked;
    this.#homogeneous = homogeneous;
  }

  /** `exempt`: within a call of `format`, whose list holds whatever it likes. */
  visit(expression: Expression, exempt: boolean): void {
    if (expression.kind === 'call') this.#validateCall(expression);
    if (this.#homogeneous && !exempt) {
      if (expression.kind === 'list') this.#validateList(expression);
      if (expression.kind === 'map') this.#validateMap(expression);
    }
    const within = exempt || (expression.kind === 'call' && expression.function === 'format');
    for (const child of childrenOf(expression)) this.visit(child, within);
  }

  #validateCall(call: CallExpression): void {
    const argument = call.args[0];
    if (argument?.kind === 'literal' && Object.hasOwn(VALIDATORS, call.function)) {
      if (!VALIDATORS[call.function]!(argument.value)) this.#report(argument.id, `invalid ${call.function} argument`);
    }
    const { target } = call;
    if (call.function !== 'format' || target?.kind !== 'literal' || typeof target.value !== 'string') return;
    if (call.args.length === 1 && argument?.kind === 'list') this.#validateFormat(call.id, target.value, argument);
  }

  #validateFormat(id: number, text: string, { elements }: ListExpression): void {
    let wrong = id;
    let used = 0;
    try {
      replaceClauses(text, elements.length, (clause, _, index) => {
        used++;
        const bad = this.#misfit(elements[index]!, clause);
        if (!bad) return '';
        wrong = bad.id;
        const type = runtimeTypeName(this.#typeOf(bad));
        throw new FormatFailure(`error during formatting: ${CLAUSE_ERRORS[clause]}${type}`);
      });
    } catch (error) {
      if (!(error instanceof FormatFailure)) throw error;
      this.#report(wrong, error.message);
      return;
    }
    if (elements.length > used) {
      this.#report(id, `too many arguments supplied to string.format (expected ${used}, got ${elements.length})`);
    }
  }

  /** The expression that the clause cannot take: the argument or, in a list or map, a part of it. */
  #misfit(argument: Expression, clause: Clause): Expression | undefined {
    const { kind } = this.#typeOf(argument);
    if (kind !== 'dyn' && !CLAUSE_KINDS[clause].includes(kind)) return argument;
    if (clause !== 's') return undefined;
    if (argument.kind === 'list') return firstDefined(argument.elements, (element) => this.#misfit(element, 's'));
    if (argument.kind !== 'map') return undefined;
    const parts = argument.entries.flatMap((entry) => [entry.key, entry.value]);
    return firstDefined(parts, (part) => this.#misfit(part, 's'));
  }

  #validateList({ elements, optionals }: ListExpression): void {
    const types = elements.map((element, index) => entryType(this.#typeOf(element), optionals.includes(index)));
    const index = types.findIndex((type) => !sameType(types[0]!, type));
    if (index !== -1) this.#mismatch(elements[index]!.id, types[0]!, types[index]!);
  }

  #validateMap({ entries }: MapExpression): void {
    const [first] = entries;
    if (!first) return;
    const [keyType, valueType] = [this.#typeOf(first.key), entryType(this.#typeOf(first.value), first.optional)];
    for (const { key, value, optional } of entries) {
      const [otherKey, otherValue] = [this.#typeOf(key), entryType(this.#typeOf(value), optional)];
      if (!sameType(keyType, otherKey)) this.#mismatch(key.id, keyType, otherKey);
      if (!sameType(valueType, otherValue)) this.#mismatch(value.id, valueType, otherValue);
    }
  }

  #mismatch(id: number, expected: CelType, actual: CelType): void {
    this.#report(id, `expected type '${formatType(expected)}' but found '${formatType(actual)}'`);
  }

  #report(id: number, message: string): void {
    this.issues.push({ location: this.#parsed.source.locate(this.#parsed.offsets[id]!), message });
  }

  #typeOf(expression: Expression): CelType {
    return this.#checked.types.get(expression.id)!;
  }
}

function isTimestamp(value: unknown): boolean {
  if (typeof value === 'bigint') return isTimestampInRange(value * NANOSECONDS);
  const parsed = typeof value === 'string' ? parseTimestamp(value) : undefined;
  return parsed !== undefined && isTimestampInRange(parsed.nanoseconds);
}

function entryType(type: CelType, optional: boolean): CelType {
  return optional ? (parametersOf(type)[0] ?? type) : type;
}

function firstDefined<T, R>(items: readonly T[], find: (item: T) => R | undefined): R | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

function childrenOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case 'select':
      return [expression.operand];
    case 'call':
      return expression.target ? [expression.target, ...expression.args] : expression.args;
    case 'list':
      return expression.elements;
    case 'map':
      return expression.entries.flatMap((entry) => [entry.key, entry.value]);
    case 'struct':
      return expression.fields.map((field) => field.value);
    case 'comprehension': {
      const { range, initial, condition, step, result } = expression;
      return [range, initial, condition, step, result];
    }
    case 'literal':
    case 'identifier':
    case 'unspecified':
      return [];
  }
}
