/**
 * What expressions have made, as JSON.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/cel/mutation (v1.36)
 */
import { formatTime } from '@kts/base';
import type { JsonValue } from '@kts/apimachinery';
import { CelDuration, CelTimestamp, CelUint, isList, isMap, type CelValue } from '@kts/cel';
import { ObjectValue } from '@kts/api/expressions/mutation-types';

/** A value that JSON has no form for. */
export class UnmarshalableError extends Error {
  override readonly name = 'UnmarshalableError';
}

/** Throws UnmarshalableError. */
export function jsonOf(value: CelValue): JsonValue {
  if (value === null || typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number')
    return value;
  return typeof value === 'bigint' ? Number(value) : compoundJson(value);
}

const NANOSECONDS_PER_MS = 1_000_000n;
const NANOSECONDS_PER_SECOND = 1e9;

function compoundJson(value: Exclude<CelValue, string | boolean | number | bigint | null>): JsonValue {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (value instanceof CelUint) return Number(value.value);
  if (value instanceof CelTimestamp) return formatTime(Number(value.nanoseconds / NANOSECONDS_PER_MS));
  if (value instanceof CelDuration) return `${Number(value.nanoseconds) / NANOSECONDS_PER_SECOND}s`;
  if (isList(value)) return Array.from({ length: value.size }, (_, index) => jsonOf(value.at(index)!));
  if (!isMap(value)) throw new UnmarshalableError(`unsupported value of type ${value.kind}`);
  const json: Record<string, JsonValue> = {};
  for (const key of value.keys()) {
    if (typeof key !== 'string') throw new UnmarshalableError('map keys must be strings');
    json[key] = jsonOf(value.get(key)!);
  }
  return json;
}

/** Objects are named after the fields that they stand in: `Object.spec` belongs into `spec`. Empty: all of them do. */
export function misplacedTypes(value: CelValue, path: readonly string[]): readonly string[] {
  if (value instanceof ObjectValue) {
    const expected = path.join('.');
    const inner = [...value.fields].flatMap(([name, field]) => misplacedTypes(field, [...path, name]));
    if (value.typeName === expected) return inner;
    const [is, wanted] = [JSON.stringify(value.typeName), JSON.stringify(expected)];
    return [
      `unexpected type name ${is}, expected ${wanted}, which matches field name path from root Object type`,
      ...inner,
    ];
  }
  if (typeof value !== 'object' || value === null) return [];
  if (isList(value)) {
    return Array.from({ length: value.size }, (_, index) => value.at(index)!).flatMap((item) =>
      misplacedTypes(item, path),
    );
  }
  if (!isMap(value)) return [];
  return [...value.keys()].flatMap((key) => misplacedTypes(value.get(key)!, path));
}
