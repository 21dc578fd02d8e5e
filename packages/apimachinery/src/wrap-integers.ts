import type { JsonValue } from './scalars.ts';
import type { Schema } from './schema.ts';

/**
 * A value whose integers have as many bits as their fields: Go converts the results of strategic merge patches and of
 * apply without looking at what is lost, so that too large a number becomes another one. The same value if nothing is.
 *
 * Mirrors: staging/src/k8s.io/apimachinery/pkg/runtime/converter.go (v1.36)
 */
export function wrapIntegers(schema: Schema, value: JsonValue): JsonValue {
  if (typeof value === 'number') return schema.type === 'scalar' ? wrapped(schema.format, value) : value;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    if (schema.type !== 'list') return value;
    const list = value as readonly JsonValue[];
    const items = list.map((item) => wrapIntegers(schema.items, item));
    return items.some((item, index) => item !== list[index]) ? items : value;
  }
  const map = value as Readonly<Record<string, JsonValue>>;
  let copy: Record<string, JsonValue> | undefined;
  for (const name in map) {
    const below = schema.type === 'map' ? schema.values : schema.type === 'object' && schema.fields.get(name)?.schema;
    if (!below) continue;
    const result = wrapIntegers(below, map[name]!);
    if (result !== map[name]) (copy ??= { ...map })[name] = result;
  }
  return copy ?? value;
}

function wrapped(format: string, value: number): number {
  const bits = format === 'int32' ? 32 : format === 'int64' ? 64 : 0;
  if (bits === 0 || !Number.isInteger(value)) return value;
  const integer = BigInt(value);
  if (BigInt.asIntN(bits, integer) === integer) return value;
  // What not even 64 bits can hold was a float, for which the processor has one answer.
  if (BigInt.asIntN(64, integer) !== integer) return Number(-(2n ** BigInt(bits - 1)));
  return Number(BigInt.asIntN(bits, integer));
}
