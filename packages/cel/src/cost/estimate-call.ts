import type { Expression } from '../syntax/expression.ts';
import { parametersOf, sameType, type CelType } from '../types/cel-type.ts';
import {
  COST_MAX,
  ONE_RANGE,
  UNKNOWN_RANGE,
  ZERO_RANGE,
  addRanges,
  fixedRange,
  multiplyRanges,
  scaleRange,
  type CostRange,
} from './cost-range.ts';
import { CHECK_COST, REGEX_FACTOR, STRING_FACTOR } from './runtime-cost.ts';

/**
 * What a call may cost, its arguments not counted, and how large its result can be.
 *
 * Mirrors: github.com/google/cel-go/checker/cost.go: functionCost, ext/lists.go, ext/sets.go and
 * staging/src/k8s.io/apiserver/pkg/cel/library/cost.go: EstimateCallCost (v1.36)
 */
export interface CallEstimate {
  readonly cost: CostRange;
  readonly size?: CostRange | undefined;
}

/** A target or argument. */
export interface CallNode {
  readonly expression: Expression;
  readonly type: CelType;
  /** Absent: not known. */
  readonly size: CostRange | undefined;
  /** Of what is in it: `@items`. */
  sizeBelow(step: string): CostRange | undefined;
}

type Estimate = (target: CallNode | undefined, args: readonly CallNode[], overload: string) => CallEstimate | undefined;

const LIST_COST = 10;
const STRUCT_COST = 40;
const FORMAT_SIZE_MAX = 64;
const FORMAT_REGEX_SIZE_MAX = 128;
/** Four bytes or sixteen. */
const ADDRESS_SIZE: CostRange = { min: 4, max: 16 };

export function estimateCall(
  name: string,
  overload: string,
  target: CallNode | undefined,
  args: readonly CallNode[],
): CallEstimate {
  const known = own(LIST_ESTIMATES, overload) ?? sortEstimate(overload) ?? own(FUNCTION_ESTIMATES, name);
  return known?.(target, args, overload) ?? own(OVERLOAD_ESTIMATES, overload)?.(target, args, overload) ?? NOMINAL;
}

const NOMINAL: CallEstimate = { cost: ONE_RANGE };
const nominal: Estimate = () => NOMINAL;

/** Of a string that is read once; the result is as long. */
const ofTarget: Estimate = (target) => target && { cost: traversal(sizeOf(target)), size: sizeOf(target) };
const ofFirst: Estimate = (_, [first]) => first && { cost: traversal(sizeOf(first)) };
const ofFirstTwice: Estimate = (_, [first]) => first && { cost: scaleRange(sizeOf(first), 2 * STRING_FACTOR) };
const ofFirstResized: Estimate = (_, args) =>
  args.length === 1 ? { cost: traversal(sizeOf(args[0]!)), size: sizeOf(args[0]!) } : undefined;
const selector: Estimate = (_, args) => (args.length === 1 ? { cost: selectorCost(sizeOf(args[0]!)) } : undefined);

const FUNCTION_ESTIMATES: Readonly<Record<string, Estimate>> = {
  check: () => ({ cost: fixedRange(CHECK_COST) }),
  ...repeat(
    'serviceAccount path group resource subresource namespace name allowed reason error errored'.split(' '),
    nominal,
  ),
  fieldSelector: selector,
  labelSelector: selector,
  ...repeat(['isSorted', 'sum', 'max', 'min', 'indexOf', 'lastIndexOf'], traverseElements),
  url: ofFirstResized,
  'jsonpatch.escapeKey': ofFirstResized,
  ...repeat(['lowerAscii', 'upperAscii', 'substring', 'trim'], ofTarget),
  replace,
  split,
  join,
  find,
  findAll: find,
  ...repeat(['cidr', 'isIP', 'isCIDR', 'quantity', 'isQuantity', 'semver', 'isSemver'], ofFirst),
  ip: (target, args, overload) => (overload === 'cidr_ip' ? NOMINAL : ofFirst(target, args, overload)),
  'ip.isCanonical': ofFirstTwice,
  ...repeat(
    'masked prefixLength family isUnspecified isLoopback isLinkLocalMulticast isLinkLocalUnicast isGlobalUnicast'.split(
      ' ',
    ),
    nominal,
  ),
  containsIP: (_, [other], overload) => {
    const parsing = overload === 'cidr_contains_ip_string' ? traversal(sizeOf(other!)) : ZERO_RANGE;
    return { cost: addRanges(traversal(addRanges(ADDRESS_SIZE, ADDRESS_SIZE)), parsing) };
  },
  containsCIDR: (_, [other], overload) => {
    const parsing = overload === 'cidr_contains_cidr_string' ? traversal(sizeOf(other!)) : ZERO_RANGE;
    const comparing = addRanges(traversal(addRanges(ADDRESS_SIZE, ADDRESS_SIZE)), traversal(ADDRESS_SIZE));
    return { cost: addRanges(addRanges(comparing, ONE_RANGE), parsing) };
  },
  validate: (_, [text]) => text && { cost: scaleRange(traversal(sizeOf(text)), FORMAT_REGEX_SIZE_MAX * REGEX_FACTOR) },
  'format.named': nominal,
  ...repeat(
    'sign asInteger isInteger asApproximateFloat isGreaterThan isLessThan compareTo add sub major minor patch'.split(
      ' ',
    ),
    nominal,
  ),
  ...repeat(['getScheme', 'getHostname', 'getHost', 'getPort', 'getEscapedPath', 'getQuery'], nominal),
  '_==_': equality,
};

const OVERLOAD_ESTIMATES: Readonly<Record<string, Estimate>> = {
  string_format: (target) => target && { cost: traversal(sizeOf(target)) },
  string_to_bytes: (_, args) => resized(args, (size) => ({ min: size.min, max: size.max * 4 })),
  bytes_to_string: (_, args) => resized(args, (size) => ({ min: Math.floor(size.min / 4), max: size.max })),
  // Upstream's sum overflows where the size is not known.
  strings_quote: (_, args) =>
    resized(args, ({ min, max }) => ({ min: min + 2, max: max === COST_MAX ? 0 : max * 2 + 2 })),
  starts_with_string: ofOnly,
  ends_with_string: ofOnly,
  in_list: (_, args) => (args.length === 2 ? { cost: sizeOf(args[1]!) } : undefined),
  matches_string: (target, args) => {
    if (!target || args.length !== 1) return undefined;
    return { cost: regexCost(sizeOf(target), sizeOf(args[0]!)) };
  },
  contains_string: (target, args) => {
    if (!target || args.length !== 1) return undefined;
    return { cost: multiplyRanges(traversal(sizeOf(target)), traversal(sizeOf(args[0]!))) };
  },
  add_string: concatenate,
  add_bytes: concatenate,
  add_list: (_, args) =>
    args.length === 2 ? { cost: ONE_RANGE, size: addRanges(sizeOf(args[0]!), sizeOf(args[1]!)) } : undefined,
  ...repeat(
    ['less', 'greater', 'less_equals', 'greater_equals'].flatMap((name) => [`${name}_string`, `${name}_bytes`]),
    shorter,
  ),
  equals: shorter,
  not_equals: shorter,
};

const LIST_ESTIMATES: Readonly<Record<string, Estimate>> = {
  list_slice: (target, args) => {
    if (!target || args.length !== 2) return undefined;
    const [start, end] = [intLiteral(args[0]!, 0), intLiteral(args[1]!, sizeOf(target).max)];
    // Unsigned: a slice that ends before it starts is taken for an endless one.
    return allocating(1, fixedRange(end < start ? COST_MAX : end - start));
  },
  lists_range: (_, args) => (args.length === 1 ? allocating(1, fixedRange(intLiteral(args[0]!, COST_MAX))) : undefined),
  list_reverse: (target) => target && allocating(1, sizeOf(target)),
  list_flatten: (target) => target && allocating(1, sizeOf(target)),
  list_flatten_int: (target, args) => target && allocating(intLiteral(args[0]!, COST_MAX), sizeOf(target)),
  list_distinct: (target) => target && allocating(2, multiplyRanges(sizeOf(target), sizeOf(target))),
  list_sets_contains_list: setEstimate(1),
  list_sets_intersects_list: setEstimate(1),
  list_sets_equivalent_list: setEstimate(2),
};

function sortEstimate(overload: string): Estimate | undefined {
  const match = /^list_(.+)_(sort|sortByAssociatedKeys)$/.exec(overload);
  if (!match) return undefined;
  const factor = match[1] === 'string' || match[1] === 'bytes' ? 2 + STRING_FACTOR : 2;
  return (target, [keys]) => {
    const compared = match[2] === 'sort' ? target : keys;
    return compared && allocating(factor, multiplyRanges(sizeOf(compared), sizeOf(compared)));
  };
}

function setEstimate(factor: number): Estimate {
  return (_, args) => {
    if (args.length !== 2) return undefined;
    const pairs = multiplyRanges(sizeOf(args[0]!), sizeOf(args[1]!));
    return { cost: addRanges(scaleRange(pairs, factor), ONE_RANGE) };
  };
}

function allocating(factor: number, size: CostRange): CallEstimate {
  return { cost: addRanges(scaleRange(size, factor), fixedRange(1 + LIST_COST)), size };
}

function traverseElements(target: CallNode | undefined): CallEstimate | undefined {
  if (!target) return undefined;
  const [element] = parametersOf(target.type);
  if (!element) return { cost: traversal(sizeOf(target)) };
  const isText = element.kind === 'string' || element.kind === 'bytes';
  const comparing = isText ? traversal(target.sizeBelow('@items') ?? UNKNOWN_RANGE) : ZERO_RANGE;
  return { cost: multiplyRanges(sizeOf(target), addRanges(ONE_RANGE, comparing)) };
}

function replace(target: CallNode | undefined, args: readonly CallNode[]): CallEstimate | undefined {
  if (!target || args.length < 2) return undefined;
  const [size, from, to] = [sizeOf(target), sizeOf(args[0]!), sizeOf(args[1]!)];
  const cost = scaleRange(size, 2 * STRING_FACTOR);
  const longest = replaced(size.max, from.min, to.max, to.max <= from.min);
  const shortest = replaced(size.min, from.max, to.min, from.max <= to.min);
  const count = { min: shortest.count, max: longest.count };
  const kept = { min: shortest.kept, max: longest.kept };
  return { cost, size: addRanges(multiplyRanges(count, to), kept) };
}

/** How often something is replaced, and how much of the text remains beside that. */
function replaced(size: number, from: number, _to: number, keepsSize: boolean): { count: number; kept: number } {
  // Nothing is found before each character and at the end.
  if (from === 0) return { count: size < COST_MAX ? size + 1 : size, kept: size };
  return keepsSize ? { count: 0, kept: size } : { count: Math.ceil(size / from), kept: 0 };
}

function split(target: CallNode | undefined, args: readonly CallNode[]): CallEstimate | undefined {
  if (!target) return undefined;
  const size = sizeOf(target);
  const limit = args[1]?.expression;
  const isLimited = limit?.kind === 'literal' && typeof limit.value === 'bigint';
  // A negative limit is no limit: as an unsigned number it is the largest.
  const max = isLimited ? Number(BigInt.asUintN(64, limit.value as bigint)) : size.max;
  return { cost: scaleRange(size, 2 * STRING_FACTOR), size: { min: 0, max } };
}

function join(target: CallNode | undefined, args: readonly CallNode[]): CallEstimate | undefined {
  if (!target) return undefined;
  const count = sizeOf(target);
  let size = ZERO_RANGE;
  if (parametersOf(target.type).length > 0) {
    size = multiplyRanges(count, target.sizeBelow('@items') ?? UNKNOWN_RANGE);
  }
  if (args[0]) {
    const separators = { min: Math.max(0, count.min - 1), max: Math.max(0, count.max - 1) };
    size = addRanges(size, multiplyRanges(sizeOf(args[0]), separators));
  }
  return { cost: traversal(size), size };
}

function find(target: CallNode | undefined, args: readonly CallNode[]): CallEstimate | undefined {
  if (!target || args.length === 0) return undefined;
  const size = sizeOf(target);
  return { cost: regexCost(size, sizeOf(args[0]!)), size: { min: 0, max: size.max } };
}

function equality(_: CallNode | undefined, args: readonly CallNode[]): CallEstimate | undefined {
  const [left, right] = args;
  if (!left || !right || !sameType(left.type, right.type)) return undefined;
  const { type } = left;
  if (type.kind !== 'object' && type.kind !== 'opaque') return undefined;
  switch (type.name) {
    case 'net.IP':
    case 'net.CIDR':
    case 'kubernetes.Quantity':
    case 'kubernetes.Semver':
    case 'kubernetes.authorization.Authorizer':
    case 'kubernetes.authorization.PathCheck':
    case 'kubernetes.authorization.GroupCheck':
    case 'kubernetes.authorization.ResourceCheck':
    case 'kubernetes.authorization.Decision':
      return NOMINAL;
    case 'kubernetes.NamedFormat':
      return { cost: scaleRange({ min: 1, max: FORMAT_SIZE_MAX }, STRING_FACTOR) };
    case 'kubernetes.URL':
      return { cost: scaleRange({ min: 1, max: right.size?.max ?? 1 }, STRING_FACTOR) };
    default:
      return undefined;
  }
}

function shorter(_: CallNode | undefined, args: readonly CallNode[]): CallEstimate | undefined {
  const max = Math.min(sizeOf(args[0]!).max, sizeOf(args[1]!).max);
  return { cost: traversal({ min: max > 0 ? 1 : 0, max }) };
}

function concatenate(_: CallNode | undefined, args: readonly CallNode[]): CallEstimate | undefined {
  if (args.length !== 2) return undefined;
  const size = addRanges(sizeOf(args[0]!), sizeOf(args[1]!));
  return { cost: traversal(size), size };
}

function ofOnly(_: CallNode | undefined, args: readonly CallNode[]): CallEstimate | undefined {
  return args.length === 1 ? { cost: traversal(sizeOf(args[0]!)) } : undefined;
}

function resized(args: readonly CallNode[], change: (size: CostRange) => CostRange): CallEstimate | undefined {
  if (args.length !== 1) return undefined;
  const size = sizeOf(args[0]!);
  const { min, max } = change(size);
  return { cost: traversal(size), size: { min, max: Math.min(max, COST_MAX) } };
}

function regexCost(text: CostRange, pattern: CostRange): CostRange {
  return multiplyRanges(traversal(addRanges(text, ONE_RANGE)), scaleRange(pattern, REGEX_FACTOR));
}

function selectorCost(length: CostRange): CostRange {
  const requirements = scaleRange(scaleRange(length, 0.5), LIST_COST + STRUCT_COST);
  return addRanges(addRanges(fixedRange(LIST_COST), traversal(length)), requirements);
}

function traversal(size: CostRange): CostRange {
  return scaleRange(size, STRING_FACTOR);
}

function sizeOf(node: CallNode): CostRange {
  return node.size ?? UNKNOWN_RANGE;
}

function intLiteral({ expression }: CallNode, otherwise: number): number {
  if (expression.kind !== 'literal' || typeof expression.value !== 'bigint') return otherwise;
  return Math.max(0, Number(expression.value));
}

function own<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

function repeat<T>(names: readonly string[], value: T): Record<string, T> {
  return Object.fromEntries(names.map((name) => [name, value]));
}
