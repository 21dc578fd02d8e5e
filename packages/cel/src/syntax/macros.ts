import { ACCUMULATOR, type CallExpression, type ComprehensionExpression, type Expression } from './expression.ts';

/**
 * Calls that stand for other expressions: `has`, `all`, `map`, ... Their arguments are rewritten, not evaluated.
 *
 * Mirrors: github.com/google/cel-go/parser/macro.go, ext/comprehensions.go, cel/library.go (optMap, optFlatMap),
 * ext/lists.go (sortBy), ext/bindings.go
 */
export type MacroSet = ReadonlyMap<string, Macro>;

/** Undefined: the call is to stay as it is. */
type Macro = (factory: Factory, target: Expression, args: readonly Expression[]) => Expression | undefined;

export type Expansion =
  | { readonly ok: true; readonly expression: Expression }
  /** `at`: the id of the expression that is wrong. */
  | { readonly ok: false; readonly at: number; readonly message: string };

/** Ids of new expressions: at the place of the macro call, or at that of another expression. */
export interface MacroIds {
  newId(): number;
  copyId(original: number): number;
}

/** Undefined: no macro. */
export function expandMacro(macros: MacroSet, call: CallExpression, ids: MacroIds): Expansion | undefined {
  const macro = macros.get(macroKey(call.function, call.args.length, call.target !== undefined));
  if (!macro) return undefined;
  try {
    const expression = macro(new Factory(ids), call.target!, call.args);
    return expression && { ok: true, expression };
  } catch (error) {
    if (error instanceof MacroFailure) return { ok: false, at: error.at, message: error.message };
    throw error;
  }
}

/** Thrown by macros, caught by `expandMacro`. */
class MacroFailure extends Error {
  readonly at: number;

  constructor(at: number, message: string) {
    super(message);
    this.at = at;
  }
}

type FoldParts = Omit<ComprehensionExpression, 'kind' | 'id' | 'accumulator'> &
  Partial<Pick<ComprehensionExpression, 'accumulator'>>;

class Factory {
  readonly #ids: MacroIds;

  constructor(ids: MacroIds) {
    this.#ids = ids;
  }

  literal(value: boolean | bigint): Expression {
    return { kind: 'literal', id: this.#ids.newId(), value };
  }

  identifier(name: string): Expression {
    return { kind: 'identifier', id: this.#ids.newId(), name };
  }

  accumulator(): Expression {
    return this.identifier(ACCUMULATOR);
  }

  call(name: string, ...args: Expression[]): Expression {
    return { kind: 'call', id: this.#ids.newId(), function: name, args };
  }

  memberCall(name: string, target: Expression, ...args: Expression[]): Expression {
    return { kind: 'call', id: this.#ids.newId(), function: name, target, args };
  }

  list(...elements: Expression[]): Expression {
    return { kind: 'list', id: this.#ids.newId(), elements, optionals: [] };
  }

  map(): Expression {
    return { kind: 'map', id: this.#ids.newId(), entries: [] };
  }

  presence(operand: Expression, field: string): Expression {
    return { kind: 'select', id: this.#ids.newId(), operand, field, testOnly: true };
  }

  fold(parts: FoldParts): Expression {
    return { kind: 'comprehension', id: this.#ids.newId(), accumulator: ACCUMULATOR, ...parts };
  }

  /** The same expression with ids of its own. */
  copy(expression: Expression): Expression {
    const id = this.#ids.copyId(expression.id);
    switch (expression.kind) {
      case 'select':
        return { ...expression, id, operand: this.copy(expression.operand) };
      case 'call': {
        const args = expression.args.map((argument) => this.copy(argument));
        return expression.target
          ? { ...expression, id, target: this.copy(expression.target), args }
          : { ...expression, id, args };
      }
      case 'list':
        return { ...expression, id, elements: expression.elements.map((element) => this.copy(element)) };
      case 'map': {
        const entries = expression.entries.map((entry) => ({
          ...entry,
          id: this.#ids.newId(),
          key: this.copy(entry.key),
          value: this.copy(entry.value),
        }));
        return { ...expression, id, entries };
      }
      case 'struct': {
        const fields = expression.fields.map((field) => ({
          ...field,
          id: this.#ids.newId(),
          value: this.copy(field.value),
        }));
        return { ...expression, id, fields };
      }
      case 'comprehension':
        return {
          ...expression,
          id,
          range: this.copy(expression.range),
          initial: this.copy(expression.initial),
          condition: this.copy(expression.condition),
          step: this.copy(expression.step),
          result: this.copy(expression.result),
        };
      case 'identifier':
      case 'literal':
      case 'unspecified':
        return { ...expression, id };
    }
  }
}

const OVERWRITES = 'iteration variable overwrites accumulator variable';
/** What the accumulator was called before it was hidden; still no name for a variable. */
const OLD_ACCUMULATOR = '__result__';
const UNUSED = '#unused';

export const MACROS: MacroSet = new Map<string, Macro>([
  [macroKey('has', 1, false), expandHas],
  [macroKey('all', 2, true), quantifier(all)],
  [macroKey('exists', 2, true), quantifier(exists)],
  [macroKey('exists_one', 2, true), quantifier(existsOne)],
  [macroKey('map', 2, true), expandMap],
  [macroKey('map', 3, true), expandMap],
  [macroKey('filter', 2, true), expandFilter],
  [macroKey('optMap', 2, true), expandOptMap],
  [macroKey('optFlatMap', 2, true), expandOptFlatMap],
  [macroKey('all', 3, true), quantifier2(all)],
  [macroKey('exists', 3, true), quantifier2(exists)],
  [macroKey('existsOne', 3, true), quantifier2(existsOne)],
  [macroKey('exists_one', 3, true), quantifier2(existsOne)],
  [macroKey('transformList', 3, true), transformList],
  [macroKey('transformList', 4, true), transformList],
  [macroKey('transformMap', 3, true), transformMap],
  [macroKey('transformMap', 4, true), transformMap],
  [macroKey('transformMapEntry', 3, true), transformMapEntry],
  [macroKey('transformMapEntry', 4, true), transformMapEntry],
  [macroKey('sortBy', 2, true), expandSortBy],
]);

/** With `cel.bind(name, value, expression)`. */
export const MACROS_WITH_BIND: MacroSet = new Map([...MACROS, [macroKey('bind', 3, true), expandBind]]);

function macroKey(name: string, count: number, receiver: boolean): string {
  return `${name}:${count}:${receiver}`;
}

function expandHas(factory: Factory, _: Expression, args: readonly Expression[]): Expression {
  const argument = args[0]!;
  if (argument.kind !== 'select') throw new MacroFailure(argument.id, 'invalid argument to has() macro');
  return factory.presence(argument.operand, argument.field);
}

type Predicate = (
  factory: Factory,
  predicate: Expression,
) => Pick<ComprehensionExpression, 'initial' | 'condition' | 'step' | 'result'>;

function quantifier(parts: Predicate): Macro {
  return (factory, range, [name, predicate]) => {
    const variable = variableName(name!, 'argument must be a simple name');
    return factory.fold({ range, variable, ...parts(factory, predicate!) });
  };
}

function quantifier2(parts: Predicate): Macro {
  return (factory, range, args) => factory.fold({ range, ...variableNames(args), ...parts(factory, args[2]!) });
}

function all(factory: Factory, predicate: Expression) {
  return {
    initial: factory.literal(true),
    condition: factory.call('@not_strictly_false', factory.accumulator()),
    step: factory.call('_&&_', factory.accumulator(), predicate),
    result: factory.accumulator(),
  };
}

function exists(factory: Factory, predicate: Expression) {
  return {
    initial: factory.literal(false),
    condition: factory.call('@not_strictly_false', factory.call('!_', factory.accumulator())),
    step: factory.call('_||_', factory.accumulator(), predicate),
    result: factory.accumulator(),
  };
}

function existsOne(factory: Factory, predicate: Expression) {
  const next = factory.call('_+_', factory.accumulator(), factory.literal(1n));
  return {
    initial: factory.literal(0n),
    condition: factory.literal(true),
    step: factory.call('_?_:_', predicate, next, factory.accumulator()),
    result: factory.call('_==_', factory.accumulator(), factory.literal(1n)),
  };
}

function expandMap(factory: Factory, range: Expression, args: readonly Expression[]): Expression {
  const variable = variableName(args[0]!, 'argument is not an identifier');
  const filter = args.length === 3 ? args[1] : undefined;
  return factory.fold({ range, variable, ...collect(factory, args.at(-1)!, filter) });
}

function expandFilter(factory: Factory, range: Expression, [name, filter]: readonly Expression[]): Expression {
  const variable = variableName(name!, 'argument is not an identifier');
  return factory.fold({ range, variable, ...collect(factory, name!, filter) });
}

function transformList(factory: Factory, range: Expression, args: readonly Expression[]): Expression {
  const filter = args.length === 4 ? args[2] : undefined;
  return factory.fold({ range, ...variableNames(args), ...collect(factory, args.at(-1)!, filter) });
}

/** A list of what the elements become. */
function collect(factory: Factory, element: Expression, filter: Expression | undefined) {
  const step = factory.call('_+_', factory.accumulator(), factory.list(element));
  return {
    initial: factory.list(),
    condition: factory.literal(true),
    step: filter ? factory.call('_?_:_', filter, step, factory.accumulator()) : step,
    result: factory.accumulator(),
  };
}

function transformMap(factory: Factory, range: Expression, args: readonly Expression[]): Expression {
  const names = variableNames(args);
  const insert = factory.call(
    'cel.@mapInsert',
    factory.accumulator(),
    factory.identifier(names.variable),
    args.at(-1)!,
  );
  return insertEach(factory, range, args, insert);
}

function transformMapEntry(factory: Factory, range: Expression, args: readonly Expression[]): Expression {
  variableNames(args);
  return insertEach(factory, range, args, factory.call('cel.@mapInsert', factory.accumulator(), args.at(-1)!));
}

function insertEach(factory: Factory, range: Expression, args: readonly Expression[], insert: Expression): Expression {
  const filter = args.length === 4 ? args[2] : undefined;
  return factory.fold({
    range,
    ...variableNames(args),
    initial: factory.map(),
    condition: factory.literal(true),
    step: filter ? factory.call('_?_:_', filter, insert, factory.accumulator()) : insert,
    result: factory.accumulator(),
  });
}

function expandOptMap(factory: Factory, target: Expression, args: readonly Expression[]): Expression {
  const bound = bindValue(factory, 'optMap', target, args);
  return whenPresent(factory, target, factory.call('optional.of', bound));
}

function expandOptFlatMap(factory: Factory, target: Expression, args: readonly Expression[]): Expression {
  return whenPresent(factory, target, bindValue(factory, 'optFlatMap', target, args));
}

/** The second argument, with the target's value as the variable that the first names. */
function bindValue(
  factory: Factory,
  macro: string,
  target: Expression,
  [name, body]: readonly Expression[],
): Expression {
  if (name!.kind !== 'identifier') {
    throw new MacroFailure(name!.id, `${macro}() variable name must be a simple identifier`);
  }
  return bind(factory, name!.name, factory.memberCall('value', factory.copy(target)), body!);
}

function bind(factory: Factory, variable: string, value: Expression, body: Expression): Expression {
  return factory.fold({
    range: factory.list(),
    variable: UNUSED,
    accumulator: variable,
    initial: value,
    condition: factory.literal(false),
    step: factory.identifier(variable),
    result: body,
  });
}

function expandBind(factory: Factory, target: Expression, args: readonly Expression[]): Expression | undefined {
  if (target.kind !== 'identifier' || target.name !== 'cel') return undefined;
  const [name, value, body] = args as [Expression, Expression, Expression];
  if (name.kind !== 'identifier') {
    throw new MacroFailure(name.id, 'cel.bind() variable names must be simple identifiers');
  }
  return bind(factory, name.name, value, body);
}

/** Sorts the target, bound to a name that cannot be written, by what its elements are mapped to. */
function expandSortBy(factory: Factory, target: Expression, args: readonly Expression[]): Expression {
  if (target.kind === 'literal' || target.kind === 'map' || target.kind === 'struct') {
    const message = 'sortBy can only be applied to a list, identifier, comprehension, call or select expression';
    throw new MacroFailure(target.id, message);
  }
  const input = '@__sortBy_input__';
  const keys = expandMap(factory, factory.identifier(input), args);
  return bind(factory, input, target, factory.memberCall('@sortByAssociatedKeys', factory.identifier(input), keys));
}

function whenPresent(factory: Factory, target: Expression, value: Expression): Expression {
  return factory.call('_?_:_', factory.memberCall('hasValue', target), value, factory.call('optional.none'));
}

function variableName(argument: Expression, message: string): string {
  if (argument.kind !== 'identifier') throw new MacroFailure(argument.id, message);
  if (argument.name === ACCUMULATOR || argument.name === OLD_ACCUMULATOR) {
    throw new MacroFailure(argument.id, OVERWRITES);
  }
  return argument.name;
}

function variableNames(args: readonly Expression[]): { variable: string; variable2: string } {
  const message = 'argument must be a simple name';
  const [first, second] = [args[0]!, args[1]!];
  if (first.kind !== 'identifier') throw new MacroFailure(first.id, message);
  if (second.kind !== 'identifier') throw new MacroFailure(second.id, message);
  if (first.name === second.name) throw new MacroFailure(second.id, `duplicate variable name: ${first.name}`);
  return { variable: variableName(first, message), variable2: variableName(second, message) };
}
