import { iterate } from '../evaluate/collections.ts';
import { CelOpaque, CelOptional, isList, isMap, type CelValue } from '../evaluate/value.ts';
import { codePoints } from '../syntax/source.ts';

/**
 * What calls cost when they run, from the sizes of their arguments and results.
 *
 * Mirrors: github.com/google/cel-go/interpreter/runtimecost.go, ext/lists.go and
 * staging/src/k8s.io/apiserver/pkg/cel/library/cost.go: CallCost (v1.36)
 */
export type CostTracker = (args: readonly CelValue[], result: CelValue) => number;

export const STRING_FACTOR = 0.1;
export const REGEX_FACTOR = 0.25;
export const CHECK_COST = 350_000;
const LIST_COST = 10;
const STRUCT_COST = 40;

/** Undefined: such a call costs one. */
export function callCostTracker(name: string, overload: string): CostTracker | undefined {
  return (
    LIST_TRACKERS[overload] ??
    listSortTracker(overload) ??
    FUNCTION_TRACKERS[name]?.(overload) ??
    OVERLOAD_TRACKERS[overload]
  );
}

const constant = (cost: number) => () => () => cost;
const ofFirst = (factor: number) => () => (args: readonly CelValue[]) => traversal(sizeOf(args[0]!) * factor);

const FUNCTION_TRACKERS: Readonly<Record<string, (overload: string) => CostTracker | undefined>> = {
  check: constant(CHECK_COST),
  fieldSelector: () => (args) => selectorCost(sizeOf(args[1]!)),
  labelSelector: () => (args) => selectorCost(sizeOf(args[1]!)),
  ...repeat(['isSorted', 'sum', 'max', 'min', 'indexOf', 'lastIndexOf'], () => (args) => traversalCost(args[0]!)),
  ...repeat(
    'url lowerAscii upperAscii substring trim jsonpatch.escapeKey cidr isIP isCIDR quantity isQuantity semver isSemver'.split(
      ' ',
    ),
    ofFirst(1),
  ),
  ...repeat(['replace', 'split', 'ip.isCanonical'], ofFirst(2)),
  join: () => (_, result) => traversal(sizeOf(result) * 2),
  ...repeat(['find', 'findAll'], () => regexCost),
  ip: (overload) => (overload === 'cidr_ip' ? () => 1 : ofFirst(1)()),
  containsIP: (overload) => (args) => {
    const size = sizeOf(args[0]!);
    const parsing = overload === 'cidr_contains_ip_string' ? traversal(sizeOf(args[1]!)) : 0;
    return traversal(size * 2) + parsing;
  },
  containsCIDR: (overload) => (args) => {
    const size = sizeOf(args[0]!);
    const parsing = overload === 'cidr_contains_cidr_string' ? traversal(sizeOf(args[1]!)) : 0;
    return traversal(size * 2) + traversal(size) + 1 + parsing;
  },
  validate: () => (args) => {
    const [format, text] = args as [CelValue, CelValue];
    const { regexSizeMax } = (format as CelOpaque<{ readonly regexSizeMax: number }>).content;
    return traversal(1 + sizeOf(text)) * Math.ceil(regexSizeMax * REGEX_FACTOR);
  },
  '_==_': () => (args, result) => (args[0] instanceof CelOpaque ? 1 : shorterCost(args, result)),
};

const OVERLOAD_TRACKERS: Readonly<Record<string, CostTracker>> = {
  ...repeat(
    ['starts_with_string', 'ends_with_string', 'string_to_bytes', 'bytes_to_string', 'strings_quote', 'string_format'],
    (args: readonly CelValue[]) => traversal(contentSize(args[0]!)),
  ),
  in_list: (args) => contentSize(args[1]!),
  ...repeat(
    ['less', 'greater', 'less_equals', 'greater_equals'].flatMap((name) => [`${name}_string`, `${name}_bytes`]),
    shorterCost,
  ),
  equals: shorterCost,
  not_equals: shorterCost,
  ...repeat(['add_string', 'add_bytes'], (args: readonly CelValue[]) =>
    traversal(contentSize(args[0]!) + contentSize(args[1]!)),
  ),
  matches_string: (args) => traversal(1 + contentSize(args[0]!)) * Math.ceil(contentSize(args[1]!) * REGEX_FACTOR),
  contains_string: (args) => traversal(contentSize(args[0]!)) * traversal(contentSize(args[1]!)),
};

const LIST_TRACKERS: Readonly<Record<string, CostTracker>> = {
  ...repeat(['list_slice', 'lists_range', 'list_reverse'], (_: readonly CelValue[], result: CelValue) =>
    allocating(1, sizeOf(result)),
  ),
  list_flatten: (args) => allocating(1, sizeOf(args[0]!)),
  list_flatten_int: (args) => allocating(Number(args[1]), sizeOf(args[0]!)),
  list_distinct: (args) => selfCompare(args[0]!),
  ...repeat(['list_sets_contains_list', 'list_sets_intersects_list'], setCost(1)),
  list_sets_equivalent_list: setCost(2),
};

function listSortTracker(overload: string): CostTracker | undefined {
  if (!overload.startsWith('list_')) return undefined;
  if (overload.endsWith('_sort')) return (args) => selfCompare(args[0]!);
  return overload.endsWith('_sortByAssociatedKeys') ? (args) => selfCompare(args[1]!) : undefined;
}

function setCost(factor: number): CostTracker {
  return (args) => 1 + Math.floor(sizeOf(args[0]!) * sizeOf(args[1]!) * factor);
}

function selfCompare(list: CelValue): number {
  const first = isList(list) ? list.at(0) : undefined;
  const isText = typeof first === 'string' || first instanceof Uint8Array;
  return allocating(2 + (isText ? STRING_FACTOR : 0), sizeOf(list) ** 2);
}

function allocating(factor: number, size: number): number {
  return Math.floor(size * factor) + 1 + LIST_COST;
}

function shorterCost(args: readonly CelValue[], _result: CelValue): number {
  return traversal(Math.min(contentSize(args[0]!), contentSize(args[1]!)));
}

function regexCost(args: readonly CelValue[], _result: CelValue): number {
  return traversal(1 + sizeOf(args[0]!)) * Math.ceil(sizeOf(args[1]!) * REGEX_FACTOR);
}

function selectorCost(length: number): number {
  return LIST_COST + traversal(length) + Math.ceil(Math.ceil(length * 0.5) * (LIST_COST + STRUCT_COST));
}

function traversal(size: number): number {
  return Math.ceil(size * STRING_FACTOR);
}

/** Of a whole tree of values. */
function traversalCost(value: CelValue): number {
  if (typeof value === 'string') return Math.floor(Buffer.byteLength(value) * STRING_FACTOR);
  if (value instanceof Uint8Array) return Math.floor(value.length * STRING_FACTOR);
  let cost = 0;
  if (isList(value)) {
    for (const item of iterate(value)) cost += traversalCost(item);
    return cost;
  }
  if (isMap(value)) {
    for (const key of value.keys()) cost += traversalCost(key) + traversalCost(value.get(key)!);
    return cost;
  }
  return 1;
}

/** What `size()` gives, or one for what has no size. */
function sizeOf(value: CelValue): number {
  if (typeof value === 'string') return codePoints(value);
  if (value instanceof Uint8Array) return value.length;
  if (isList(value) || isMap(value)) return value.size;
  return value instanceof CelOpaque ? value.size : 1;
}

/** The same, but of an optional that of its value: so for the functions that are part of the language. */
function contentSize(value: CelValue): number {
  return value instanceof CelOptional && value.value !== undefined ? contentSize(value.value) : sizeOf(value);
}

function repeat<T>(names: readonly string[], value: T): Record<string, T> {
  return Object.fromEntries(names.map((name) => [name, value]));
}
