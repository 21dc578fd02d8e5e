import { formatPlain } from './format-value.ts';
import { runtimeTypeName } from '../types/format-type.ts';
import { typeOfValue } from './type-of-value.ts';
import { CelError, CelUint, isList, isMap, type CelList, type CelValue } from './value.ts';

/**
 * `value.key`, `value[key]`: undefined where there is no such key or index.
 *
 * Mirrors: github.com/google/cel-go/interpreter/attributes.go: refQualify
 */
export function qualify(value: CelValue, key: CelValue): CelValue | undefined {
  if (isMap(value)) return value.get(key);
  if (isList(value)) return listItem(value, key);
  return value instanceof CelError ? value : undefined;
}

export function missing(value: CelValue, key: CelValue): CelError {
  return new CelError(`${isList(value) ? 'index out of bounds' : 'no such key'}: ${formatPlain(key)}`);
}

/** What may be a key: anything else is refused before it is looked up. */
export function invalidKey(key: CelValue): CelError | undefined {
  if (typeof key !== 'object') return undefined;
  if (key instanceof CelError) return key;
  return key instanceof CelUint ? undefined : new CelError(`invalid qualifier type: ${goTypeName(key)}`);
}

function listItem(list: CelList, key: CelValue): CelValue | undefined {
  const index = listIndex(key);
  return index instanceof CelError ? index : list.at(index);
}

/** An index as a number, beyond the end if it is beyond what numbers can tell. */
export function listIndex(key: CelValue): number | CelError {
  if (typeof key === 'bigint') return Number(key);
  if (key instanceof CelUint) return Number(key.value);
  if (typeof key === 'number') {
    return Number.isInteger(key) ? key : new CelError(`unsupported index value ${formatPlain(key)} in list`);
  }
  return new CelError(`unsupported index type '${runtimeTypeName(typeOfValue(key))}' in list`);
}

/** The name of the Go type that upstream's messages show. */
export function goTypeName(value: CelValue): string {
  const name = runtimeTypeName(typeOfValue(value));
  return GO_TYPE_NAMES[name] ?? `*types.${name}`;
}

const GO_TYPE_NAMES: Readonly<Record<string, string>> = {
  bool: 'types.Bool',
  bytes: 'types.Bytes',
  double: 'types.Double',
  'google.protobuf.Duration': 'types.Duration',
  'google.protobuf.Timestamp': 'types.Timestamp',
  int: 'types.Int',
  list: '*types.baseList',
  map: '*types.baseMap',
  null_type: 'types.Null',
  optional_type: '*types.Optional',
  string: 'types.String',
  type: '*types.Type',
  uint: 'types.Uint',
};
