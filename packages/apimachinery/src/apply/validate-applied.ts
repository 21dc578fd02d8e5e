import type { JsonObject, JsonValue } from '../scalars.ts';
import type { ListSchema, MapSchema, ObjectSchema, ScalarFormat } from '../schema.ts';
import { goValueText } from '../go-value-text.ts';
import { elementText, pathText, type PathElement } from './path-element.ts';
import { elementOf, isAssociative, isList, isMap, memberElement, memberType, type Type } from './typed-value.ts';

/**
 * What is wrong with an applied object; empty if it fits its type. Upstream's words, path first.
 *
 * Mirrors: sigs.k8s.io/structured-merge-diff/v6/typed/validate.go (v1.36)
 */
export function validateApplied(type: Type, value: JsonValue): readonly string[] {
  const walk: Walk = { path: [], problems: [] };
  visit(walk, type, value);
  return walk.problems;
}

/** One problem as it is, several as a list under a heading. */
export function problemsText(problems: readonly string[]): string {
  return problems.length === 1 ? problems[0]! : ['errors:', ...problems.map((problem) => `  ${problem}`)].join('\n');
}

interface Walk {
  readonly path: PathElement[];
  readonly problems: string[];
}

function report({ path, problems }: Walk, message: string): void {
  problems.push(path.length === 0 ? message : `${pathText(path)}: ${message}`);
}

function visit(walk: Walk, type: Type, value: JsonValue): void {
  if (value === null || type === undefined) return;
  if (type.type === 'scalar') {
    const message = scalarProblem(type.format, value);
    if (message !== undefined) report(walk, message);
  } else if (type.type === 'list') {
    if (isList(value)) visitElements(walk, type, value);
    else report(walk, `expected list, got ${reflected(value)}`);
  } else if (isMap(value)) {
    visitMembers(walk, type, value);
  } else {
    report(walk, `expected map, got ${reflected(value)}`);
  }
}

/** An unknown field ends the look at its object. */
function visitMembers(walk: Walk, type: ObjectSchema | MapSchema, object: JsonObject): void {
  for (const name in object) {
    const { type: below, declared } = memberType(type, name);
    if (type.type === 'object' && !declared && type.preserveUnknownFields) continue;
    walk.path.push(memberElement(name));
    const isUnknown = type.type === 'object' && !declared;
    if (isUnknown) report(walk, 'field not declared in schema');
    else visit(walk, below, object[name]!);
    walk.path.pop();
    if (isUnknown) return;
  }
}

function visitElements(walk: Walk, type: ListSchema, list: readonly JsonValue[]): void {
  const seen = new Set<PathElement>();
  for (const [index, item] of list.entries()) {
    let element: PathElement = `i:${index}`;
    if (isAssociative(type)) {
      try {
        element = elementOf(type, item);
      } catch (error) {
        report(walk, `element ${index}: ${(error as Error).message}`);
        return;
      }
      if (seen.has(element)) report(walk, `duplicate entries for key ${elementText(element)}`);
      seen.add(element);
    }
    walk.path.push(element);
    visit(walk, type.items, item);
    walk.path.pop();
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
