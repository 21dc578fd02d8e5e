import type { JsonValue } from '../scalars.ts';
import type { ListSchema, ScalarFormat } from '../schema.ts';
import { goValueText } from '../go-value-text.ts';
import { elementText } from './path-element.ts';
import { elementOf, isAssociative, isList, isMap, memberElement, memberType, type Type } from './typed-value.ts';

/**
 * What is wrong with an applied object; empty if it fits its type. Upstream's words, path first.
 *
 * Mirrors: sigs.k8s.io/structured-merge-diff/v6/typed/validate.go (v1.36)
 */
export function validateApplied(type: Type, value: JsonValue): readonly string[] {
  const errors: Problem[] = [];
  visit(errors, '', type, value);
  return errors.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
}

/** One problem as it is, several as a list under a heading. */
export function problemsText(problems: readonly string[]): string {
  return problems.length === 1 ? problems[0]! : ['errors:', ...problems.map((problem) => `  ${problem}`)].join('\n');
}

interface Problem {
  readonly path: string;
  readonly message: string;
}

function visit(errors: Problem[], path: string, type: Type, value: JsonValue): void {
  if (value === null || type === undefined) return;
  if (type.type === 'scalar') {
    const message = scalarProblem(type.format, value);
    if (message !== undefined) errors.push({ path, message });
  } else if (type.type === 'list') {
    if (isList(value)) visitElements(errors, path, type, value);
    else errors.push({ path, message: `expected list, got ${reflected(value)}` });
  } else if (!isMap(value)) {
    errors.push({ path, message: `expected map, got ${reflected(value)}` });
  } else {
    for (const [name, member] of Object.entries(value)) {
      const below = `${path}${elementText(memberElement(name))}`;
      const { type: memberSchema, declared } = memberType(type, name);
      if (type.type === 'object' && !declared) {
        if (type.preserveUnknownFields) continue;
        errors.push({ path: below, message: 'field not declared in schema' });
        return;
      }
      visit(errors, below, memberSchema, member);
    }
  }
}

function visitElements(errors: Problem[], path: string, type: ListSchema, list: readonly JsonValue[]): void {
  const seen = new Set<string>();
  for (const [index, item] of list.entries()) {
    let text = `[${index}]`;
    if (isAssociative(type)) {
      try {
        const element = elementOf(type, item);
        text = elementText(element);
        if (seen.has(element)) errors.push({ path, message: `duplicate entries for key ${text}` });
        seen.add(element);
      } catch (error) {
        errors.push({ path, message: `element ${index}: ${(error as Error).message}` });
        return;
      }
    }
    visit(errors, `${path}${text}`, type.items, item);
  }
}

function scalarProblem(format: ScalarFormat, value: JsonValue): string | undefined {
  switch (format) {
    case 'string':
    case 'bytes':
    case 'duration':
      return typeof value === 'string' ? undefined : `expected string, got ${debugged(value)}`;
    case 'boolean':
      return typeof value === 'boolean' ? undefined : `expected boolean, got ${reflected(value)}`;
    case 'int32':
    case 'int64':
    case 'double':
      return typeof value === 'number' ? undefined : `expected numeric (int or float), got ${goType(value)}`;
    case 'time':
    case 'microTime':
    case 'quantity':
    case 'intOrString':
      return typeof value === 'object' ? `expected any scalar, got ${reflected(value)}` : undefined;
    case 'json':
    case 'jsonObject':
      return undefined;
  }
}

/** How Go's `%v` and `%#v` show a value that upstream has wrapped. */
const reflected = (value: JsonValue): string => `&{${goValueText(value)}}`;
const debugged = (value: JsonValue): string => `&value.valueUnstructured{Value:${JSON.stringify(value)}}`;

function goType(value: JsonValue): string {
  if (isList(value)) return '[]interface {}';
  if (isMap(value)) return 'map[string]interface {}';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}
