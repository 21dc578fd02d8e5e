import type { Checked } from '../check/checker.ts';
import { callCostTracker } from '../cost/runtime-cost.ts';
import type {
  CallExpression,
  ComprehensionExpression,
  Expression,
  ListExpression,
  MapExpression,
  StructExpression,
} from '../syntax/expression.ts';
import type { ObjectType } from '../types/cel-type.ts';
import { Attribute, type Qualifier } from './attribute.ts';
import { planFunction, type Call } from './call.ts';
import { GrowingList, GrowingMap, ValueList, ValueMap } from './collections.ts';
import { equalValues } from './equality.ts';
import { INTERRUPTED, type Frame } from './frame.ts';
import { formatPlain } from './format-value.ts';
import { planMembership } from './membership.ts';
import { compilePattern } from './pattern.ts';
import { goTypeName, invalidKey } from './qualifier.ts';
import { NANOSECONDS } from './time-text.ts';
import {
  CelDuration,
  CelError,
  CelOptional,
  CelTimestamp,
  NO_SUCH_OVERLOAD,
  isList,
  isMap,
  type CelList,
  type CelMap,
  type CelValue,
} from './value.ts';

/**
 * Turns a checked expression into closures, once. Constant parts are computed here; what cannot be computed is an error of
 * the program, not of an evaluation. Each closure charges to the frame what upstream's cost observer would.
 *
 * Mirrors: github.com/google/cel-go/interpreter/planner.go, interpretable.go, decorators.go, runtimecost.go
 */
export type Step = (frame: Frame) => CelValue;

export interface Plan {
  readonly run: Step;
  /** Names of the variables that `Frame.variable` is asked for, by index. */
  readonly variables: readonly string[];
}

/** Thrown by `planExpression`: a constant part of the expression fails. */
export class PlanError extends Error {
  override readonly name = 'PlanError';
}

export function planExpression(checked: Checked, objectTypes: (name: string) => ObjectType | undefined): Plan {
  const planner = new Planner(checked, objectTypes);
  const run = stepOf(planner.plan(checked.expression, undefined));
  return { run, variables: planner.variables };
}

/** A part of the plan. Attributes stay open, since selections that follow are added to them. */
type Part = { readonly constant: CelValue } | { readonly attribute: Attribute } | { readonly step: Step };

interface Scope {
  readonly name: string;
  readonly read: Step;
  readonly outer: Scope | undefined;
}

const LIST_COST = 10;
const MAP_COST = 30;
const STRUCT_COST = 40;
const CONVERSIONS: ReadonlySet<string> = new Set(
  'bool bytes double duration dyn int string timestamp type uint'.split(' '),
);
/** Functions whose second argument is a regular expression that is compiled once where it is constant. */
const PATTERN_FUNCTIONS: ReadonlySet<string> = new Set(['matches', 'find', 'findAll']);

class Planner {
  readonly variables: string[] = [];
  readonly #checked: Checked;
  readonly #objectTypes: (name: string) => ObjectType | undefined;
  #slots = 0;

  constructor(checked: Checked, objectTypes: (name: string) => ObjectType | undefined) {
    this.#checked = checked;
    this.#objectTypes = objectTypes;
  }

  plan(expression: Expression, scope: Scope | undefined): Part {
    const constant = this.#checked.constants.get(expression.id);
    if (constant !== undefined) return { constant };
    switch (expression.kind) {
      case 'literal':
        return { constant: expression.value };
      case 'identifier':
        return { attribute: Attribute.of(this.#variable(expression.name, scope)) };
      case 'select': {
        const operand = this.#asAttribute(this.plan(expression.operand, scope));
        const qualifier = { key: expression.field, optional: false, testOnly: expression.testOnly };
        return { attribute: operand.with(qualifier) };
      }
      case 'call':
        return this.#planCall(expression, scope);
      case 'list':
        return this.#planList(expression, scope);
      case 'map':
        return this.#planMap(expression, scope);
      case 'struct':
        return { step: this.#planStruct(expression, scope) };
      case 'comprehension':
        return { step: this.#planFold(expression, scope) };
      case 'unspecified':
        throw new PlanError('unsupported expression');
    }
  }

  #variable(name: string, scope: Scope | undefined): Step {
    for (let current = scope; current; current = current.outer) if (current.name === name) return current.read;
    let index = this.variables.indexOf(name);
    if (index === -1) index = this.variables.push(name) - 1;
    return (frame) => frame.variable(index);
  }

  #asAttribute(part: Part): Attribute {
    return 'attribute' in part ? part.attribute : Attribute.of(stepOf(part));
  }

  #planCall(expression: CallExpression, scope: Scope | undefined): Part {
    const operands = expression.target ? [expression.target, ...expression.args] : expression.args;
    const parts = operands.map((operand) => this.plan(operand, scope));
    switch (expression.function) {
      case '_&&_':
        return { step: planLogical(parts.map(stepOf), false) };
      case '_||_':
        return { step: planLogical(parts.map(stepOf), true) };
      case '_?_:_':
        return this.#planConditional(parts);
      case '_==_':
      case '_!=_':
        return { step: planEquality(stepOf(parts[0]!), stepOf(parts[1]!), expression.function) };
      case '_[_]':
        return this.#planIndex(parts, false);
      case '_?._':
      case '_[?_]':
        return this.#planIndex(parts, true);
      case 'or':
        return { step: planOr(stepOf(parts[0]!), stepOf(parts[1]!)) };
      case 'orValue':
        return { step: planOrValue(stepOf(parts[0]!), stepOf(parts[1]!)) };
      default:
        return this.#planFunction(expression, parts);
    }
  }

  #planFunction(expression: CallExpression, parts: readonly Part[]): Part {
    const { declaration, overloads } = this.#checked.calls.get(expression.id)!;
    const overload = overloads.length === 1 ? overloads[0]! : '';
    const [first, second] = parts;
    const call = planFunction(declaration!, overload);
    if (overload === 'in_list' && 'constant' in second!) {
      const membership = planMembership(stepOf(first!), second.constant);
      if (membership) return typeof membership === 'function' ? { step: membership } : membership;
    }
    if (CONVERSIONS.has(expression.function) && parts.length === 1 && 'constant' in first!) {
      const constant = call.apply([first.constant]);
      if (constant instanceof CelError) throw new PlanError(constant.message);
      return { constant };
    }
    if (PATTERN_FUNCTIONS.has(expression.function) && second && 'constant' in second) {
      const pattern = typeof second.constant === 'string' ? compilePattern(second.constant) : undefined;
      if (pattern instanceof CelError) throw new PlanError(pattern.message);
    }
    return { step: planInvocation(call, parts.map(stepOf), callCostTracker(expression.function, overload)) };
  }

  #planConditional(parts: readonly Part[]): Part {
    const [condition, then, otherwise] = parts as [Part, Part, Part];
    const attribute = Attribute.choose(stepOf(condition), this.#branch(then), this.#branch(otherwise));
    return { attribute };
  }

  /** A branch that is an attribute does not cost its own reading. */
  #branch(part: Part): Attribute {
    return this.#asAttribute(part);
  }

  #planIndex(parts: readonly Part[], optional: boolean): Part {
    const [operand, index] = parts as [Part, Part];
    let key: Qualifier['key'];
    if ('constant' in index) {
      key = index.constant;
      const invalid = invalidKey(key);
      if (invalid) throw new PlanError(invalid.message);
    } else if ('attribute' in index) key = index.attribute.resolver();
    else key = index.step;
    return { attribute: this.#asAttribute(operand).with({ key, optional, testOnly: false }) };
  }

  #planList(expression: ListExpression, scope: Scope | undefined): Part {
    const parts = expression.elements.map((element) => this.plan(element, scope));
    const optionals = new Set(expression.optionals);
    const steps = parts.map(stepOf);
    const build: Step = (frame) => {
      const values: CelValue[] = [];
      for (let index = 0; index < steps.length; index++) {
        const value = steps[index]!(frame);
        if (value instanceof CelError) return value;
        if (!optionals.has(index)) values.push(value);
        else if (!(value instanceof CelOptional)) {
          return new CelError(`cannot initialize optional list element from non-optional value ${formatPlain(value)}`);
        } else if (value.value !== undefined) values.push(value.value);
      }
      return new ValueList(values);
    };
    if (parts.every((part) => 'constant' in part) && optionals.size === 0) {
      return { constant: new ValueList(parts.map((part) => (part as { constant: CelValue }).constant)) };
    }
    return { step: charged(build, LIST_COST) };
  }

  #planMap(expression: MapExpression, scope: Scope | undefined): Part {
    const keys = expression.entries.map((entry) => this.plan(entry.key, scope));
    const values = expression.entries.map((entry) => this.plan(entry.value, scope));
    const optionals = expression.entries.map((entry) => entry.optional);
    const constants = [...keys, ...values];
    if (constants.every((part) => 'constant' in part) && !optionals.includes(true)) {
      const entries = keys.map((key, index) => [constantOf(key), constantOf(values[index]!)] as const);
      return { constant: ValueMap.of(entries) };
    }
    const [keySteps, valueSteps] = [keys.map(stepOf), values.map(stepOf)];
    return {
      step: charged((frame) => {
        const entries: [CelValue, CelValue][] = [];
        for (let index = 0; index < keySteps.length; index++) {
          const key = keySteps[index]!(frame);
          if (key instanceof CelError) return key;
          const value = entryValue(valueSteps[index]!(frame), optionals[index]!, () => formatPlain(key));
          if (value instanceof CelError) return value;
          if (value !== undefined) entries.push([key, value]);
        }
        return ValueMap.of(entries);
      }, MAP_COST),
    };
  }

  #planStruct(expression: StructExpression, scope: Scope | undefined): Step {
    const type = this.#objectTypes(expression.typeName);
    const fields = expression.fields.map((field) => ({
      name: field.name,
      optional: field.optional,
      value: stepOf(this.plan(field.value, scope)),
    }));
    return charged((frame) => {
      const values = new Map<string, CelValue>();
      for (const { name, optional, value: step } of fields) {
        const value = entryValue(step(frame), optional, () => name);
        if (value instanceof CelError) return value;
        if (value !== undefined) values.set(name, value);
      }
      if (type?.construct) return type.construct(values) as CelValue;
      return constructTime(expression.typeName, values);
    }, STRUCT_COST);
  }

  #planFold(expression: ComprehensionExpression, scope: Scope | undefined): Step {
    const [accumulator, first, second] = [this.#slots++, this.#slots++, this.#slots++];
    const range = stepOf(this.plan(expression.range, scope));
    const initial = stepOf(this.plan(expression.initial, scope));
    const outer: Scope = {
      name: expression.accumulator,
      read(frame) {
        const known = frame.locals[accumulator];
        if (known !== undefined) return known;
        const start = growing(initial(frame));
        frame.locals[accumulator] = start;
        return start;
      },
      outer: scope,
    };
    let inner: Scope = { name: expression.variable, read: (frame) => frame.locals[first]!, outer };
    if (expression.variable2 !== undefined) {
      inner = { name: expression.variable2, read: (frame) => frame.locals[second]!, outer: inner };
    }
    const condition = stepOf(this.plan(expression.condition, inner));
    const step = stepOf(this.plan(expression.step, inner));
    const result = stepOf(this.plan(expression.result, outer));
    const fold = expression.variable2 === undefined ? foldSingles : foldPairs;
    const slots: FoldSlots = { accumulator, first, second };
    return (frame) => {
      const over = range(frame);
      if (over instanceof CelError) return over;
      const { locals } = frame;
      const saved = [locals[accumulator], locals[first], locals[second]];
      locals[accumulator] = undefined;
      const stopped = fold(over, frame, slots, condition, step);
      if (stopped) return stopped;
      const value = finished(result(frame));
      [locals[accumulator], locals[first], locals[second]] = saved;
      return value;
    };
  }
}

interface FoldSlots {
  readonly accumulator: number;
  readonly first: number;
  readonly second: number;
}

/** Runs the loop over elements or keys; returns what keeps it from having a result. */
function foldSingles(range: CelValue, frame: Frame, slots: FoldSlots, condition: Step, step: Step) {
  const { locals } = frame;
  if (isList(range)) {
    for (let index = 0; index < range.size; index++) {
      locals[slots.first] = range.at(index)!;
      if (condition(frame) === false) return undefined;
      locals[slots.accumulator] = step(frame);
      if (frame.isInterrupted()) return INTERRUPTED;
    }
    return undefined;
  }
  if (!isMap(range)) return new CelError(`got '${goTypeName(range)}', expected iterable type`);
  for (const key of range.keys()) {
    locals[slots.first] = key;
    if (condition(frame) === false) return undefined;
    locals[slots.accumulator] = step(frame);
    if (frame.isInterrupted()) return INTERRUPTED;
  }
  return undefined;
}

/** The same over indices and elements, or keys and values. */
function foldPairs(range: CelValue, frame: Frame, slots: FoldSlots, condition: Step, step: Step) {
  if (!isList(range) && !isMap(range)) {
    return new CelError(`unsupported comprehension range type: ${goTypeName(range)}`);
  }
  const { locals } = frame;
  for (const [key, value] of pairsOf(range)) {
    locals[slots.first] = key;
    locals[slots.second] = value;
    if (condition(frame) === false) return undefined;
    locals[slots.accumulator] = step(frame);
    if (frame.isInterrupted()) return INTERRUPTED;
  }
  return undefined;
}

function* pairsOf(range: CelList | CelMap): Generator<readonly [CelValue, CelValue]> {
  if (range.kind === 'map') for (const key of range.keys()) yield [key, range.get(key)!];
  else for (let index = 0; index < range.size; index++) yield [BigInt(index), range.at(index)!];
}

/** A timestamp or duration from its parts, which are the only messages of protobuf that there are. */
function constructTime(typeName: string, fields: ReadonlyMap<string, CelValue>): CelValue {
  const part = (name: string) => (fields.get(name) as bigint | undefined) ?? 0n;
  const nanoseconds = part('seconds') * NANOSECONDS + part('nanos');
  if (typeName === 'google.protobuf.Timestamp') return new CelTimestamp(nanoseconds);
  if (typeName === 'google.protobuf.Duration') return new CelDuration(nanoseconds);
  return new CelError(`unknown type '${typeName}'`);
}

function stepOf(part: Part): Step {
  if ('step' in part) return part.step;
  if ('attribute' in part) return part.attribute.reader();
  const { constant } = part;
  return () => constant;
}

function constantOf(part: Part): CelValue {
  return (part as { readonly constant: CelValue }).constant;
}

function charged(step: Step, cost: number): Step {
  return (frame) => {
    const value = step(frame);
    frame.charge(cost);
    return value;
  };
}

/** `||` with `decisive` true, `&&` with false: a decisive operand outweighs errors on either side. */
function planLogical(terms: readonly Step[], decisive: boolean): Step {
  return (frame) => {
    let error: CelError | undefined;
    for (const term of terms) {
      const value = term(frame);
      if (value === decisive) return decisive;
      if (typeof value !== 'boolean') error ??= value instanceof CelError ? value : NO_SUCH_OVERLOAD;
    }
    return error ?? !decisive;
  };
}

function planEquality(left: Step, right: Step, name: '_==_' | '_!=_'): Step {
  const tracker = callCostTracker(name, name === '_==_' ? 'equals' : 'not_equals');
  return (frame) => {
    const a = left(frame);
    const b = right(frame);
    let result: CelValue;
    if (a instanceof CelError) result = a;
    else if (b instanceof CelError) result = b;
    else {
      const equal = equalValues(a, b);
      result = name === '_==_' ? equal : equal !== true;
    }
    frame.charge(tracker ? tracker([a, b], result) : 1);
    return result;
  };
}

function planOr(left: Step, right: Step): Step {
  return (frame) => {
    const value = left(frame);
    return value instanceof CelOptional && value.value === undefined ? right(frame) : value;
  };
}

function planOrValue(left: Step, right: Step): Step {
  return (frame) => {
    const value = left(frame);
    if (!(value instanceof CelOptional)) return value;
    return value.value === undefined ? right(frame) : value.value;
  };
}

/** Arguments in order; a strict function is not called where one fails. */
function planInvocation(call: Call, steps: readonly Step[], tracker: ReturnType<typeof callCostTracker>): Step {
  const count = steps.length;
  const evaluatesAll = call.evaluatesAll && count <= 2;
  if (count === 1) return planUnary(call, steps[0]!, tracker);
  if (count === 2 && evaluatesAll && call.strict) return planBinary(call, steps[0]!, steps[1]!, tracker);
  return (frame) => {
    const args: CelValue[] = Array.from({ length: count });
    let failed: CelError | undefined;
    for (let index = 0; index < count; index++) {
      const value = steps[index]!(frame);
      args[index] = value;
      if (value instanceof CelError && call.strict) {
        failed ??= value;
        if (!evaluatesAll && index < count - 1) return failed;
      }
    }
    const result = failed ?? call.apply(args);
    frame.charge(tracker ? tracker(args, result) : 1);
    return result;
  };
}

function planUnary(call: Call, step: Step, tracker: ReturnType<typeof callCostTracker>): Step {
  return (frame) => {
    const args = [step(frame)];
    const failed = call.strict && args[0] instanceof CelError;
    const result = failed ? args[0]! : call.apply(args);
    frame.charge(tracker ? tracker(args, result) : 1);
    return result;
  };
}

function planBinary(call: Call, left: Step, right: Step, tracker: ReturnType<typeof callCostTracker>): Step {
  return (frame) => {
    const a = left(frame);
    const b = right(frame);
    const args = [a, b];
    let result: CelValue;
    if (a instanceof CelError) result = a;
    else result = b instanceof CelError ? b : call.apply(args);
    frame.charge(tracker ? tracker(args, result) : 1);
    return result;
  };
}

/** Undefined: an optional entry without a value. */
function entryValue(value: CelValue, optional: boolean, name: () => string): CelValue | undefined {
  if (!optional || value instanceof CelError) return value;
  if (value instanceof CelOptional) return value.value;
  return new CelError(`cannot initialize optional entry '${name()}' from non-optional value ${formatPlain(value)}`);
}

/** An accumulator that starts empty is added to in place: nothing else can see it. */
function growing(initial: CelValue): CelValue {
  if (isList(initial) && initial.size === 0) return new GrowingList();
  return isMap(initial) && initial.size === 0 ? new GrowingMap() : initial;
}

function finished(value: CelValue): CelValue {
  return value instanceof GrowingList || value instanceof GrowingMap ? value.finished() : value;
}
