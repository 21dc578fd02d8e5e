import type { Checked } from '../check/checker.ts';
import type {
  CallExpression,
  ComprehensionExpression,
  Expression,
  ListExpression,
  MapExpression,
  SelectExpression,
} from '../syntax/expression.ts';
import { codePoints } from '../syntax/source.ts';
import { isOptionalType, type CelType } from '../types/cel-type.ts';
import {
  COST_MAX,
  ONE_RANGE,
  UNKNOWN_RANGE,
  ZERO_RANGE,
  addRanges,
  fixedRange,
  multiplyRanges,
  unionRange,
  type CostRange,
} from './cost-range.ts';
import { estimateCall, type CallNode } from './estimate-call.ts';
import { sizeAtPath, type Path } from './schema-size.ts';

/**
 * What an expression may cost when it runs, from the sizes that literals and the root's schema tell.
 *
 * Mirrors: github.com/google/cel-go/checker/cost.go, with presence tests free of charge
 */
export function estimateCost(checked: Checked, root: CelType | undefined): CostRange {
  return new Estimator(checked, root).cost(checked.expression);
}

/** The sizes of what a list or map holds. */
interface EntrySizes {
  readonly container: 'list' | 'map';
  readonly key: CostRange;
  readonly value: CostRange;
}

interface LocalVariable {
  readonly path: Path | undefined;
  readonly size: CostRange | undefined;
  readonly entries: EntrySizes | undefined;
}

const LIST_COST = 10;
const MAP_COST = 30;
const STRUCT_COST = 40;

class Estimator {
  readonly #checked: Checked;
  readonly #root: CelType | undefined;
  readonly #paths: Map<number, Path> = new Map();
  readonly #locals: Map<string, LocalVariable[]> = new Map();
  readonly #sizes: Map<number, CostRange> = new Map();
  readonly #entrySizes: Map<number, EntrySizes> = new Map();

  constructor(checked: Checked, root: CelType | undefined) {
    this.#checked = checked;
    this.#root = root;
  }

  cost(expression: Expression): CostRange {
    switch (expression.kind) {
      case 'literal':
      case 'unspecified':
        return ZERO_RANGE;
      case 'identifier': {
        const local = this.#local(expression.name);
        const path = local ? local.path : [expression.name];
        if (path) this.#paths.set(expression.id, path);
        return ONE_RANGE;
      }
      case 'select':
        return this.#selectCost(expression);
      case 'call':
        return this.#callCost(expression);
      case 'list':
        return this.#listCost(expression);
      case 'map':
        return this.#mapCost(expression);
      case 'struct':
        return this.#sum(
          expression.fields.map((field) => field.value),
          STRUCT_COST,
        );
      case 'comprehension':
        return isBind(expression) ? this.#bindCost(expression) : this.#foldCost(expression);
    }
  }

  #selectCost(expression: SelectExpression): CostRange {
    const operand = this.cost(expression.operand);
    if (expression.testOnly) return operand;
    const path = this.#pathOf(expression.operand);
    this.#paths.set(expression.id, [...(path ?? []), expression.field]);
    const { kind } = this.#typeOf(expression.operand);
    return kind === 'map' || kind === 'object' || kind === 'parameter' ? addRanges(operand, ONE_RANGE) : operand;
  }

  #callCost(expression: CallExpression): CostRange {
    if (expression.function === 'dyn') {
      const argument = expression.args[0]!;
      const cost = addRanges(this.cost(argument), ONE_RANGE);
      this.#copySizes(expression, argument);
      return cost;
    }
    const argCosts = expression.args.map((argument) => this.cost(argument));
    const args = expression.args.map((argument) => this.#node(argument));
    const resolved = this.#checked.calls.get(expression.id);
    if (!resolved) return ZERO_RANGE;
    const targetCost = expression.target ? this.cost(expression.target) : ZERO_RANGE;
    const target = expression.target && this.#node(expression.target);
    let cost: CostRange = { min: COST_MAX, max: 0 };
    let size: CostRange | undefined;
    for (const overload of resolved.overloads) {
      const estimate = this.#overloadCost(expression, overload, target, args, argCosts);
      cost = unionRange(cost, estimate.cost);
      if (estimate.size) size = size ? unionRange(size, estimate.size) : estimate.size;
      if (overload === 'index_list' || overload === 'index_map') {
        const container = expression.args[0]!;
        size = this.#entriesOf(container)?.value;
        const step = overload === 'index_list' ? '@items' : '@values';
        this.#paths.set(expression.id, [...(this.#pathOf(container) ?? []), step]);
      }
      size ??= this.#sizeOf(expression);
    }
    if (size) this.#sizes.set(expression.id, size);
    return addRanges(targetCost, cost);
  }

  #overloadCost(
    expression: CallExpression,
    overload: string,
    target: CallNode | undefined,
    args: readonly CallNode[],
    argCosts: readonly CostRange[],
  ): { readonly cost: CostRange; readonly size?: CostRange | undefined } {
    const [first, second, third] = argCosts as [CostRange, CostRange, CostRange];
    switch (overload) {
      case 'logical_or':
      case 'logical_and':
        // At least the first operand is evaluated.
        return { cost: { min: first.min, max: addRanges(first, second).max } };
      case 'conditional': {
        const size = unionRange(sizeOrUnknown(args[1]!), sizeOrUnknown(args[2]!));
        this.#unionEntries(expression, expression.args[1]!, expression.args[2]!);
        return { cost: addRanges(first, unionRange(second, third)), size };
      }
      case 'add_list':
      case 'add_string':
      case 'add_bytes':
        this.#unionEntries(expression, expression.args[0]!, expression.args[1]!);
        break;
      default:
    }
    const estimate = estimateCall(expression.function, overload, target, args);
    return { cost: argCosts.reduce(addRanges, estimate.cost), size: estimate.size };
  }

  #listCost(expression: ListExpression): CostRange {
    const cost = this.#sum(expression.elements, LIST_COST);
    this.#entrySizes.set(expression.id, {
      container: 'list',
      key: ONE_RANGE,
      value: this.#sizesOf(expression.elements),
    });
    return cost;
  }

  #mapCost(expression: MapExpression): CostRange {
    const [keys, values] = [
      expression.entries.map((entry) => entry.key),
      expression.entries.map((entry) => entry.value),
    ];
    const cost = this.#sum(
      expression.entries.flatMap((entry) => [entry.key, entry.value]),
      MAP_COST,
    );
    this.#entrySizes.set(expression.id, { container: 'map', key: this.#sizesOf(keys), value: this.#sizesOf(values) });
    return cost;
  }

  #sum(expressions: readonly Expression[], base: number): CostRange {
    return expressions.map((expression) => this.cost(expression)).reduce(addRanges, fixedRange(base));
  }

  #sizesOf(expressions: readonly Expression[]): CostRange {
    if (expressions.length === 0) return ZERO_RANGE;
    return expressions.map((expression) => this.#sizeOf(expression) ?? UNKNOWN_RANGE).reduce(unionRange);
  }

  #foldCost(expression: ComprehensionExpression): CostRange {
    const { range, initial, variable, variable2, accumulator } = expression;
    let cost = addRanges(this.cost(range), this.cost(initial));
    this.#push(accumulator, this.#localOf(initial));
    if (variable2 === undefined) this.#push(variable, this.#iterated(range, 'single'));
    else {
      this.#push(variable, this.#iterated(range, 'key'));
      this.#push(variable2, this.#iterated(range, 'value'));
    }
    const loop = addRanges(this.cost(expression.condition), this.cost(expression.step));
    this.#pop(variable);
    if (variable2 !== undefined) this.#pop(variable2);
    cost = addRanges(cost, this.cost(expression.result));
    this.#pop(accumulator);
    const count = this.#sizeOf(range) ?? UNKNOWN_RANGE;
    if (initial.kind === 'literal') {
      const size = this.#sizeOf(initial);
      if (size) this.#sizes.set(expression.id, size);
    } else if (initial.kind === 'list' || initial.kind === 'map') {
      this.#sizes.set(expression.id, count);
      const entries = this.#entriesOf(expression.step);
      if (entries) this.#entrySizes.set(expression.id, entries);
    }
    return addRanges(cost, multiplyRanges(count, loop));
  }

  #bindCost(expression: ComprehensionExpression): CostRange {
    let cost = addRanges(this.cost(expression.range), this.cost(expression.initial));
    this.#push(expression.accumulator, this.#localOf(expression.initial));
    cost = addRanges(cost, this.cost(expression.result));
    this.#copySizes(expression, expression.result);
    this.#pop(expression.accumulator);
    return cost;
  }

  #localOf(expression: Expression): LocalVariable {
    return {
      path: this.#pathOf(expression),
      size: this.#sizeOf(expression),
      entries: this.#entriesOf(expression),
    };
  }

  #iterated(range: Expression, role: 'single' | 'key' | 'value'): LocalVariable {
    const entries = this.#entriesOf(range);
    const isList = (entries?.container ?? this.#typeOf(range).kind) === 'list';
    const path = this.#pathOf(range) ?? [];
    const wantsValue = role === 'value' || (role === 'single' && isList);
    const step = wantsValue ? (isList ? '@items' : '@values') : isList ? '@indices' : '@keys';
    return { path: [...path, step], size: wantsValue ? entries?.value : entries?.key, entries: undefined };
  }

  #unionEntries(expression: Expression, a: Expression, b: Expression): void {
    const [left, right] = [this.#entriesOf(a), this.#entriesOf(b)];
    if (!left || !right) return;
    this.#entrySizes.set(expression.id, {
      container: left.container,
      key: unionRange(left.key, right.key),
      value: unionRange(left.value, right.value),
    });
  }

  #copySizes(to: Expression, from: Expression): void {
    const size = this.#sizeOf(from);
    if (size) this.#sizes.set(to.id, size);
    const entries = this.#entriesOf(from);
    if (entries) this.#entrySizes.set(to.id, entries);
  }

  #node(expression: Expression): CallNode {
    const path = this.#pathOf(expression);
    return {
      expression,
      type: this.#typeOf(expression),
      size: this.#sizeOf(expression),
      sizeBelow: (step) => path && this.#sizeAt([...path, step]),
    };
  }

  #sizeOf(expression: Expression): CostRange | undefined {
    const known = this.#sizes.get(expression.id);
    if (known) return known;
    const literal = literalSize(expression);
    if (literal) return literal;
    const path = this.#pathOf(expression);
    const fromSchema = path && this.#sizeAt(path);
    if (fromSchema) {
      this.#sizes.set(expression.id, fromSchema);
      return fromSchema;
    }
    if (isScalar(this.#typeOf(expression))) return ONE_RANGE;
    return expression.kind === 'identifier' ? this.#local(expression.name)?.size : undefined;
  }

  #sizeAt(path: Path): CostRange | undefined {
    return this.#root && sizeAtPath(path, this.#root);
  }

  #entriesOf(expression: Expression): EntrySizes | undefined {
    const known = this.#entrySizes.get(expression.id);
    if (known || expression.kind !== 'identifier') return known;
    return this.#local(expression.name)?.entries;
  }

  #pathOf(expression: Expression): Path | undefined {
    const local = expression.kind === 'identifier' ? this.#local(expression.name) : undefined;
    return local ? local.path : this.#paths.get(expression.id);
  }

  #typeOf(expression: Expression): CelType {
    return this.#checked.types.get(expression.id)!;
  }

  #local(name: string): LocalVariable | undefined {
    return this.#locals.get(name)?.at(-1);
  }

  #push(name: string, local: LocalVariable): void {
    this.#locals.getOrInsert(name, []).push(local);
  }

  #pop(name: string): void {
    this.#locals.get(name)!.pop();
  }
}

/** A value under a name, which is what `optMap` becomes: no loop. */
function isBind({ range, condition }: ComprehensionExpression): boolean {
  return (
    range.kind === 'list' && range.elements.length === 0 && condition.kind === 'literal' && condition.value === false
  );
}

function sizeOrUnknown(node: CallNode): CostRange {
  return node.size ?? UNKNOWN_RANGE;
}

function literalSize(expression: Expression): CostRange | undefined {
  if (expression.kind === 'list') return fixedRange(expression.elements.length);
  if (expression.kind === 'map') return fixedRange(expression.entries.length);
  if (expression.kind !== 'literal') return undefined;
  if (typeof expression.value === 'string') return fixedRange(codePoints(expression.value));
  return expression.value instanceof Uint8Array ? fixedRange(expression.value.length) : ONE_RANGE;
}

function isScalar(type: CelType): boolean {
  if (isOptionalType(type)) return isScalar(type.parameters[0]!);
  return ['bool', 'double', 'duration', 'int', 'timestamp', 'uint'].includes(type.kind);
}
