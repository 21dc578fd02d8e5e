import type { Library } from '../check/function-declaration.ts';
import { EMPTY_LIST, ValueList, iterate } from '../evaluate/collections.ts';
import { compareValues, isComparable } from '../evaluate/compare.ts';
import { equalValues } from '../evaluate/equality.ts';
import { typeOfValue } from '../evaluate/type-of-value.ts';
import {
  CelDuration,
  CelError,
  CelUint,
  NO_SUCH_OVERLOAD,
  isList,
  type CelList,
  type CelValue,
} from '../evaluate/value.ts';
import { runtimeTypeName } from '../types/format-type.ts';
import { arithmeticLibrary } from './arithmetic.ts';

/**
 * Lists: Kubernetes' own functions and those of cel-go's extension.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/cel/library/lists.go (v1.36), github.com/google/cel-go/ext/lists.go, version 3
 * Differs: equal elements keep their order when sorted; upstream's order of them is arbitrary. `lists.range` has a limit
 *   of its own, because upstream's only one is the memory of the process.
 */
const COMPARABLE = ['int', 'uint', 'double', 'bool', 'duration', 'timestamp', 'string', 'bytes'];
/** In the ids of cel-go's own functions. */
const LONG_NAMES: Readonly<Record<string, string>> = {
  duration: 'google.protobuf.Duration',
  timestamp: 'google.protobuf.Timestamp',
};
const SORT_TYPES = COMPARABLE.map((type) => [type, LONG_NAMES[type] ?? type] as const);

type Overloads = Library[string]['overloads'];

/** Lists longer than this are not made from a number. */
const RANGE_MAX = 2 ** 24;

export const kubernetesListsLibrary: Library = {
  isSorted: each(COMPARABLE, (type) => [`list_${type}_is_sorted_bool`, [`list(${type}).() bool`, isSorted]]),
  sum: {
    overloads: {
      list_int_sum_int: ['list(int).() int', (list: CelList) => sum(list, 0n)],
      list_uint_sum_uint: ['list(uint).() uint', (list: CelList) => sum(list, new CelUint(0n))],
      list_double_sum_double: ['list(double).() double', (list: CelList) => sum(list, 0)],
      list_duration_sum_duration: ['list(duration).() duration', (list: CelList) => sum(list, new CelDuration(0n))],
    },
  },
  max: each(COMPARABLE, (type) => [`list_${type}_max_${type}`, [`list(${type}).() ${type}`, extreme('max', -1)]]),
  min: each(COMPARABLE, (type) => [`list_${type}_min_${type}`, [`list(${type}).() ${type}`, extreme('min', 1)]]),
  indexOf: { overloads: { list_a_index_of_int: ['list(A).(A) int', indexOf] } },
  lastIndexOf: { overloads: { list_a_last_index_of_int: ['list(A).(A) int', lastIndexOf] } },
};

export const listsLibrary: Library = {
  slice: { overloads: { list_slice: ['list(T).(int, int) list(T)', slice] } },
  flatten: {
    overloads: {
      list_flatten: ['list(list(T)).() list(T)', (list: CelValue) => flatten(list, 1n)],
      list_flatten_int: ['list(dyn).(int) list(dyn)', flatten],
    },
    // A list that is flat already is fine.
    unguarded: true,
  },
  sort: {
    ...each(SORT_TYPES, ([type, name]) => [`list_${name}_sort`, [`list(${type}).() list(${type})`]]),
    call: (list: CelValue) => (isList(list) ? sortBy(list, list) : NO_SUCH_OVERLOAD),
    accepts: isList,
  },
  '@sortByAssociatedKeys': {
    ...each(SORT_TYPES, ([type, name]) => [`list_${name}_sortByAssociatedKeys`, [`list(T).(list(${type})) list(T)`]]),
    call: (list: CelValue, keys: CelValue) => (isList(list) && isList(keys) ? sortBy(list, keys) : NO_SUCH_OVERLOAD),
    accepts: isList,
  },
  'lists.range': { overloads: { lists_range: ['(int) list(int)', range] } },
  reverse: {
    overloads: {
      list_reverse: ['list(T).() list(T)', (list: CelList) => new ValueList([...iterate(list)].toReversed())],
    },
  },
  distinct: { overloads: { list_distinct: ['list(T).() list(T)', distinct] } },
};

function each<T>(
  items: readonly T[],
  row: (item: T) => readonly [string, Overloads[string]],
): { overloads: Overloads } {
  return { overloads: Object.fromEntries(items.map(row)) };
}

function isSorted(list: CelList): CelValue {
  let previous: CelValue | undefined;
  for (const item of iterate(list)) {
    if (!isComparable(item)) return item instanceof CelError ? item : NO_SUCH_OVERLOAD;
    if (previous !== undefined) {
      const order = compareValues(previous, item);
      if (!(order instanceof CelError) && order > 0) return false;
    }
    previous = item;
  }
  return true;
}

function sum(list: CelList, zero: CelValue): CelValue {
  const add = arithmeticLibrary['_+_']!.call as (a: CelValue, b: CelValue) => CelValue;
  let total = zero;
  for (const item of iterate(list)) {
    total = add(total, item);
    if (total instanceof CelError) return total;
  }
  return total;
}

/** `sign`: how the present one compares to one that takes its place. */
function extreme(name: string, sign: number): (list: CelList) => CelValue {
  return (list) => {
    let best: CelValue | undefined;
    for (const item of iterate(list)) {
      if (!isComparable(item)) return item instanceof CelError ? item : NO_SUCH_OVERLOAD;
      const order = best === undefined ? sign : compareValues(best, item);
      if (!(order instanceof CelError) && Math.sign(order) === sign) best = item;
    }
    return best ?? new CelError(`${name} called on empty list`);
  };
}

function indexOf(list: CelList, wanted: CelValue): CelValue {
  for (let index = 0; index < list.size; index++) {
    if (equalValues(list.at(index)!, wanted) === true) return BigInt(index);
  }
  return -1n;
}

function lastIndexOf(list: CelList, wanted: CelValue): CelValue {
  for (let index = list.size - 1; index >= 0; index--) {
    if (equalValues(list.at(index)!, wanted) === true) return BigInt(index);
  }
  return -1n;
}

function slice(list: CelList, start: bigint, end: bigint): CelValue {
  const cannot = `cannot slice(${start}, ${end}), `;
  if (start < 0n || end < 0n) return new CelError(`${cannot}negative indexes not supported`);
  if (start > end) return new CelError(`${cannot}start index must be less than or equal to end index`);
  if (list.size < end) return new CelError(`${cannot}list is length ${list.size}`);
  return new ValueList([...iterate(list)].slice(Number(start), Number(end)));
}

function flatten(list: CelValue, depth: CelValue): CelValue {
  if (!isList(list) || typeof depth !== 'bigint') {
    return new CelError(`no such overload: ${runtimeTypeName(typeOfValue(list))}.flatten()`);
  }
  if (depth < 0n) return new CelError('level must be non-negative');
  return new ValueList(flattened(list, depth));
}

function flattened(list: CelList, depth: bigint): CelValue[] {
  return [...iterate(list)].flatMap((item) => (isList(item) && depth > 0n ? flattened(item, depth - 1n) : [item]));
}

function sortBy(list: CelList, keys: CelList): CelValue {
  if (list.size !== keys.size) {
    return new CelError(
      `@sortByAssociatedKeys() expected a list of the same size as the associated keys list, but got ${list.size} and ${keys.size} elements respectively`,
    );
  }
  if (list.size === 0) return list;
  const first = keys.at(0)!;
  if (!isComparable(first)) return new CelError('list elements must be comparable');
  const type = runtimeTypeName(typeOfValue(first));
  const pairs = [...iterate(list)].map((value, index) => ({ value, key: keys.at(index)! }));
  if (pairs.some(({ key }) => runtimeTypeName(typeOfValue(key)) !== type)) {
    return new CelError('list elements must have the same type');
  }
  const sorted = pairs.toSorted((a, b) => {
    const order = compareValues(a.key, b.key);
    return order instanceof CelError ? 0 : order;
  });
  return new ValueList(sorted.map(({ value }) => value));
}

function range(count: bigint): CelValue {
  if (count <= 0n) return EMPTY_LIST;
  if (count > RANGE_MAX) return new CelError(`lists.range(${count}) is too long`);
  return new ValueList(Array.from({ length: Number(count) }, (_, index) => BigInt(index)));
}

function distinct(list: CelList): CelValue {
  const unique: CelValue[] = [];
  for (const item of iterate(list)) {
    if (!unique.some((known) => equalValues(item, known) === true)) unique.push(item);
  }
  return new ValueList(unique);
}
