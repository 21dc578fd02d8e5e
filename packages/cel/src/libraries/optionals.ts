import type { Library } from '../check/function-declaration.ts';
import { GrowingMap, ValueList, iterate } from '../evaluate/collections.ts';
import {
  CelError,
  CelOptional,
  CelTimestamp,
  CelUint,
  OPTIONAL_NONE,
  isKind,
  isList,
  isMap,
  type CelList,
  type CelMap,
  type CelValue,
} from '../evaluate/value.ts';
import { formatPlain } from '../evaluate/format-value.ts';

/**
 * Optional values, and what the two-variable macros need.
 *
 * Mirrors: github.com/google/cel-go/cel/library.go: OptionalTypes (version 2), ext/comprehensions.go
 * Differs: `optional.ofNonZeroValue` of a Kubernetes type is always present, as there.
 */
export const optionalLibrary: Library = {
  'optional.of': { overloads: { optional_of: ['(V) optional_type(V)', (value: CelValue) => new CelOptional(value)] } },
  'optional.ofNonZeroValue': {
    overloads: {
      optional_ofNonZeroValue: [
        '(V) optional_type(V)',
        (value: CelValue) => (isZero(value) ? OPTIONAL_NONE : new CelOptional(value)),
      ],
    },
  },
  'optional.none': { overloads: { optional_none: ['() optional_type(V)', () => OPTIONAL_NONE] } },
  value: {
    overloads: {
      optional_value: [
        'optional_type(V).() V',
        (optional: CelOptional) => optional.value ?? (optional.value === null ? null : NO_VALUE),
      ],
    },
  },
  hasValue: {
    overloads: {
      optional_hasValue: ['optional_type(V).() bool', (optional: CelOptional) => optional.value !== undefined],
    },
  },
  or: { overloads: { optional_or_optional: ['optional_type(V).(optional_type(V)) optional_type(V)'] } },
  orValue: { overloads: { optional_orValue_value: ['optional_type(V).(V) V'] } },
  '_?._': { overloads: { select_optional_field: ['(dyn, string) optional_type(V)'] } },
  '_[?_]': {
    overloads: {
      list_optindex_optional_int: ['(list(V), int) optional_type(V)'],
      optional_list_optindex_optional_int: ['(optional_type(list(V)), int) optional_type(V)'],
      map_optindex_optional_value: ['(map(K, V), K) optional_type(V)'],
      optional_map_optindex_optional_value: ['(optional_type(map(K, V)), K) optional_type(V)'],
    },
  },
  '_[_]': {
    overloads: {
      optional_list_index_int: ['(optional_type(list(V)), int) optional_type(V)'],
      optional_map_index_value: ['(optional_type(map(K, V)), K) optional_type(V)'],
    },
  },
  last: { overloads: { list_last: ['list(V).() optional_type(V)', (list: CelList) => itemAt(list, list.size - 1)] } },
  first: { overloads: { list_first: ['list(V).() optional_type(V)', (list: CelList) => itemAt(list, 0)] } },
  'optional.unwrap': { overloads: { optional_unwrap: ['(list(optional_type(V))) list(V)', unwrap] } },
  unwrapOpt: { overloads: { optional_unwrapOpt: ['list(optional_type(V)).() list(V)', unwrap] } },
  'cel.@mapInsert': {
    overloads: {
      '@mapInsert_map_key_value': ['(map(K, V), K, V) map(K, V)', insert],
      '@mapInsert_map_map': ['(map(K, V), map(K, V)) map(K, V)', insertAll],
    },
  },
};

const NO_VALUE = new CelError('optional.none() dereference');
const ZERO_TIME_NANOSECONDS = -62_135_596_800_000_000_000n;

function isZero(value: CelValue): boolean {
  if (value === null || value === false || value === 0 || value === 0n || value === '') return true;
  if (value instanceof CelUint) return value.value === 0n;
  if (value instanceof Uint8Array) return value.length === 0;
  if (value instanceof CelTimestamp) return value.nanoseconds === ZERO_TIME_NANOSECONDS;
  if (isKind(value, 'duration')) return value.nanoseconds === 0n;
  return (isList(value) || isMap(value)) && value.size === 0;
}

function itemAt(list: CelList, index: number): CelValue {
  const value = list.at(index);
  return value === undefined ? OPTIONAL_NONE : new CelOptional(value);
}

function unwrap(list: CelList): CelValue {
  const values: CelValue[] = [];
  for (const item of iterate(list)) {
    if (!(item instanceof CelOptional)) return new CelError(`value ${formatPlain(item)} is not optional`);
    if (item.value !== undefined) values.push(item.value);
  }
  return new ValueList(values);
}

function insert(map: CelMap, key: CelValue, value: CelValue): CelValue {
  if (map instanceof GrowingMap) return map.insert(key, value);
  const copy = new GrowingMap();
  for (const known of map.keys()) copy.insert(known, map.get(known)!);
  return copy.insert(key, value);
}

function insertAll(map: CelMap, entries: CelMap): CelValue {
  let result: CelValue = map;
  for (const key of entries.keys()) {
    result = insert(result as CelMap, key, entries.get(key)!);
    if (result instanceof CelError) return result;
  }
  return result;
}
