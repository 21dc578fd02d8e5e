import { createEnvironment, type Environment } from '../environment.ts';
import { iterate } from '../evaluate/collections.ts';
import { formatDouble } from '../evaluate/format-double.ts';
import { formatSeconds, formatTimestamp } from '../evaluate/time-text.ts';
import { isKind, isList, isMap, type CelValue } from '../evaluate/value.ts';
import { fromJson } from '../schema/schema-value.ts';
import { DYN, INT, STRING, listOf, mapOf } from '../types/cel-type.ts';
import { runtimeTypeName } from '../types/format-type.ts';

/** What tests of expressions start from: some variables with values, and results as text. */
export function testEnvironment(): Environment {
  return createEnvironment({
    variables: { x: DYN, s: STRING, i: INT, l: listOf(STRING), m: mapOf(STRING, INT) },
  });
}

export const TEST_VALUES: ReadonlyMap<string, CelValue> = new Map<string, CelValue>([
  ['x', fromJson({ a: 1, b: 'two', c: [1, 'z', 2.5], n: null })],
  ['s', 'hello'],
  ['i', 7n],
  ['l', fromJson(['a', 'b'])],
  ['m', fromJson({ k: 1 })],
]);

/** The value as an expression would write it, or what went wrong. */
export function evaluateText(expression: string, environment: Environment = testEnvironment()): string {
  const compiled = environment.compile(expression);
  if (!compiled.ok) return compiled.message;
  const result = compiled.program.evaluate(TEST_VALUES);
  return result.ok ? describeValue(result.value) : `error: ${result.error.message}`;
}

export function describeValue(value: CelValue): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') return Number.isInteger(value) ? value.toFixed(1) : formatDouble(value);
  if (typeof value !== 'object' || value === null) return String(value);
  if (value instanceof Uint8Array) return `b[${value.join(' ')}]`;
  if (isList(value)) return `[${[...iterate(value)].map(describeValue).join(', ')}]`;
  if (isMap(value)) {
    const entries = [...value.keys()].map((key) => `${describeValue(key)}: ${describeValue(value.get(key)!)}`);
    return `{${entries.join(', ')}}`;
  }
  if (isKind(value, 'uint')) return `${value.value}u`;
  if (isKind(value, 'timestamp')) return `timestamp(${formatTimestamp(value)})`;
  if (isKind(value, 'duration')) return `duration(${formatSeconds(value.nanoseconds)})`;
  if (isKind(value, 'optional')) return value.value === undefined ? 'none' : `optional(${describeValue(value.value)})`;
  if (isKind(value, 'type')) return runtimeTypeName(value.type);
  return isKind(value, 'opaque') ? `<${runtimeTypeName(value.type)}>` : value.kind;
}
