import { compilePattern } from '../evaluate/pattern.ts';
import { parseDuration, parseTimestamp } from '../evaluate/time-text.ts';
import { CelError } from '../evaluate/value.ts';
import type { Expression } from '../syntax/expression.ts';
import type { Parsed } from '../syntax/parser.ts';
import type { Issue } from '../syntax/source.ts';
import { sameType, parametersOf, type CelType } from '../types/cel-type.ts';
import { formatType } from '../types/format-type.ts';
import type { Checked } from './checker.ts';

/**
 * Constants that would always fail: durations, timestamps, patterns. Also lists and maps of several types.
 *
 * Mirrors: github.com/google/cel-go/cel/validator.go
 */
export function validateLiterals(parsed: Parsed, checked: Checked): readonly Issue[] {
  const issues: Issue[] = [];
  const report = (id: number, message: string) => {
    issues.push({ location: parsed.source.locate(parsed.offsets[id]!), message });
  };
  visit(checked.expression, (expression) => {
    switch (expression.kind) {
      case 'call': {
        const argument = expression.args[0];
        const isValid = VALIDATORS[expression.function];
        if (!isValid || argument?.kind !== 'literal' || isValid(argument.value)) return;
        report(argument.id, `invalid ${expression.function} argument`);
        return;
      }
      case 'list': {
        const types = expression.elements.map((element, index) =>
          entryType(checked.types.get(element.id)!, expression.optionals.includes(index)),
        );
        reportMixed(types, (index) => expression.elements[index]!.id, report);
        return;
      }
      case 'map': {
        const { entries } = expression;
        const keys = entries.map((entry) => checked.types.get(entry.key.id)!);
        const values = entries.map((entry) => entryType(checked.types.get(entry.value.id)!, entry.optional));
        reportMixed(keys, (index) => entries[index]!.key.id, report, true);
        reportMixed(values, (index) => entries[index]!.value.id, report, true);
        return;
      }
      default:
    }
  });
  return issues;
}

type Report = (id: number, message: string) => void;

const VALIDATORS: Readonly<Record<string, (value: unknown) => boolean>> = {
  duration: (value) => typeof value === 'string' && parseDuration(value) !== undefined,
  timestamp: (value) => typeof value === 'bigint' || (typeof value === 'string' && parseTimestamp(value) !== undefined),
  matches: (value) => typeof value === 'string' && !(compilePattern(value) instanceof CelError),
};

function reportMixed(types: readonly CelType[], idOf: (index: number) => number, report: Report, all = false): void {
  const [first] = types;
  if (!first) return;
  for (const [index, type] of types.entries()) {
    if (sameType(first, type)) continue;
    report(idOf(index), `expected type '${formatType(first)}' but found '${formatType(type)}'`);
    if (!all) return;
  }
}

function entryType(type: CelType, optional: boolean): CelType {
  return optional ? (parametersOf(type)[0] ?? type) : type;
}

function visit(expression: Expression, seen: (expression: Expression) => void): void {
  seen(expression);
  for (const child of childrenOf(expression)) visit(child, seen);
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
    default:
      return [];
  }
}
