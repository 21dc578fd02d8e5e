import { CelTypeValue, CelUint, type CelValue } from '../evaluate/value.ts';
import type {
  CallExpression,
  ComprehensionExpression,
  Expression,
  ListExpression,
  Literal,
  MapExpression,
  SelectExpression,
  StructExpression,
} from '../syntax/expression.ts';
import type { Parsed } from '../syntax/parser.ts';
import type { Issue } from '../syntax/source.ts';
import {
  BOOL,
  BYTES,
  DOUBLE,
  DYN,
  ERROR,
  INT,
  NULL,
  STRING,
  UINT,
  listOf,
  mapOf,
  mapParameters,
  optionalOf,
  parameterType,
  sameType,
  type CelType,
  type ObjectType,
  type TypeType,
} from '../types/cel-type.ts';
import { formatSignature, formatType } from '../types/format-type.ts';
import type { FunctionDeclaration } from './function-declaration.ts';
import { TypeMapping, isDynamic, isDynamicOrError, mostGeneral, unwrapOptional } from './type-mapping.ts';

/**
 * Finds the type of every part of an expression and which overloads each call may mean.
 *
 * Mirrors: github.com/google/cel-go/checker/checker.go
 */
export interface Checked {
  /** With qualified names resolved: `a.b` is one identifier where `a.b` is a variable. */
  readonly expression: Expression;
  /** By expression id. */
  readonly types: ReadonlyMap<number, CelType>;
  /** Calls by expression id. */
  readonly calls: ReadonlyMap<number, ResolvedCall>;
  /** Identifiers and selections that are constants: types by name. */
  readonly constants: ReadonlyMap<number, CelValue>;
  readonly issues: readonly Issue[];
}

export interface ResolvedCall {
  /** Absent for the operators that have no declaration of their own. */
  readonly declaration?: FunctionDeclaration;
  /** One, unless the types of arguments leave it open. */
  readonly overloads: readonly string[];
}

/** What names mean outside of an expression. */
export interface Declarations {
  variable(name: string): CelType | undefined;
  /** The type that a name stands for. */
  typeNamed(name: string): CelType | undefined;
  functionNamed(name: string): FunctionDeclaration | undefined;
  field(type: ObjectType, name: string): CelType | undefined;
  /** Whether the type is one that is looked into at all. */
  hasFields(type: ObjectType): boolean;
}

export function checkExpression(parsed: Parsed, declarations: Declarations): Checked {
  const checker = new Checker(parsed, declarations);
  return checker.run();
}

interface Scope {
  readonly names: ReadonlyMap<string, CelType>;
  readonly outer: Scope | undefined;
}

class Checker {
  readonly #parsed: Parsed;
  readonly #declarations: Declarations;
  readonly #types: Map<number, CelType> = new Map();
  readonly #calls: Map<number, ResolvedCall> = new Map();
  readonly #constants: Map<number, CelValue> = new Map();
  readonly #issues: Issue[] = [];
  readonly #mapping = new TypeMapping();
  #scope: Scope | undefined;
  #parameters = 0;

  constructor(parsed: Parsed, declarations: Declarations) {
    this.#parsed = parsed;
    this.#declarations = declarations;
  }

  run(): Checked {
    const expression = this.#check(this.#parsed.expression);
    for (const [id, type] of this.#types) this.#types.set(id, this.#mapping.substitute(type, true));
    return {
      expression,
      types: this.#types,
      calls: this.#calls,
      constants: this.#constants,
      issues: this.#issues,
    };
  }

  #check(expression: Expression): Expression {
    switch (expression.kind) {
      case 'literal':
        this.#types.set(expression.id, literalType(expression.value));
        return expression;
      case 'identifier':
        return this.#checkName(expression, expression.name) ?? this.#undeclared(expression, expression.name);
      case 'select':
        return this.#checkSelect(expression);
      case 'call':
        return expression.function === '_?._' ? this.#checkOptionalSelect(expression) : this.#checkCall(expression);
      case 'list':
        return this.#checkList(expression);
      case 'map':
        return this.#checkMap(expression);
      case 'struct':
        return this.#checkStruct(expression);
      case 'comprehension':
        return this.#checkComprehension(expression);
      case 'unspecified':
        this.#types.set(expression.id, ERROR);
        return expression;
    }
  }

  /** Undefined: nothing has that name. */
  #checkName(expression: Expression, name: string): Expression | undefined {
    const plain = name.startsWith('.') ? name.slice(1) : name;
    const type = this.#typeOfName(plain);
    if (!type) return undefined;
    this.#types.set(expression.id, type);
    if (type.kind === 'type' && type.of && !this.#isVariable(plain)) {
      this.#constants.set(expression.id, new CelTypeValue(type.of));
    }
    return { kind: 'identifier', id: expression.id, name: plain };
  }

  #typeOfName(name: string): CelType | undefined {
    for (let scope = this.#scope; scope; scope = scope.outer) {
      const type = scope.names.get(name);
      if (type) return type;
    }
    const variable = this.#declarations.variable(name);
    if (variable) return variable;
    const named = this.#declarations.typeNamed(name);
    return named && { kind: 'type', of: named };
  }

  #isVariable(name: string): boolean {
    for (let scope = this.#scope; scope; scope = scope.outer) if (scope.names.has(name)) return true;
    return this.#declarations.variable(name) !== undefined;
  }

  #undeclared(expression: Expression, name: string): Expression {
    this.#types.set(expression.id, ERROR);
    this.#report(expression.id, `undeclared reference to '${name}' (in container '')`);
    return expression;
  }

  #checkSelect(expression: SelectExpression): Expression {
    const qualified = qualifiedName(expression);
    const named = qualified === undefined ? undefined : this.#checkName(expression, qualified);
    if (named) return named;
    const operand = this.#check(expression.operand);
    const type = this.#fieldType(expression.id, operand, expression.field, false);
    this.#types.set(expression.id, expression.testOnly ? BOOL : this.#mapping.substitute(type, false));
    return { ...expression, operand };
  }

  #checkOptionalSelect(expression: CallExpression): Expression {
    const [target, name] = expression.args as [Expression, Expression];
    const operand = this.#check(target);
    const field = name.kind === 'literal' && typeof name.value === 'string' ? name.value : '';
    const type = this.#fieldType(expression.id, operand, field, true);
    this.#types.set(expression.id, this.#mapping.substitute(type, false));
    this.#types.set(name.id, STRING);
    this.#calls.set(expression.id, { overloads: ['select_optional_field'] });
    return { ...expression, args: [operand, name] };
  }

  #fieldType(id: number, operand: Expression, field: string, optional: boolean): CelType {
    const operandType = this.#mapping.substitute(this.#typeOf(operand), false);
    const target = unwrapOptional(operandType);
    const type = this.#fieldOf(id, target.type, field);
    return target.optional || optional ? optionalOf(type) : type;
  }

  #fieldOf(id: number, type: CelType, field: string): CelType {
    switch (type.kind) {
      case 'map':
        return type.value;
      case 'object': {
        const fieldType = this.#declarations.field(type, field);
        if (!this.#declarations.hasFields(type)) this.#report(id, `unexpected failed resolution of '${type.name}'`);
        else if (!fieldType) this.#report(id, `undefined field '${field}'`);
        return fieldType ?? ERROR;
      }
      case 'parameter':
        this.#mapping.isAssignable(DYN, type);
        return DYN;
      case 'any':
      case 'bool':
      case 'bytes':
      case 'double':
      case 'duration':
      case 'dyn':
      case 'error':
      case 'int':
      case 'list':
      case 'null':
      case 'opaque':
      case 'string':
      case 'timestamp':
      case 'type':
      case 'uint':
      case 'wrapper':
        if (!isDynamicOrError(type)) {
          this.#report(id, `type '${formatType(type)}' does not support field selection`);
        }
        return DYN;
    }
  }

  #checkCall(expression: CallExpression): Expression {
    const args = expression.args.map((argument) => this.#check(argument));
    const { target } = expression;
    if (!target) {
      const name = expression.function.startsWith('.') ? expression.function.slice(1) : expression.function;
      const declaration = this.#declarations.functionNamed(name);
      if (!declaration) return { ...(this.#undeclared(expression, expression.function) as CallExpression), args };
      this.#resolve(expression.id, declaration, undefined, args);
      return { kind: 'call', id: expression.id, function: name, args };
    }
    const prefix = qualifiedName(target);
    const qualified = prefix === undefined ? undefined : `${prefix}.${expression.function}`.replace(/^\./, '');
    const namespaced = qualified === undefined ? undefined : this.#declarations.functionNamed(qualified);
    if (namespaced) {
      this.#resolve(expression.id, namespaced, undefined, args);
      return { kind: 'call', id: expression.id, function: namespaced.name, args };
    }
    const checkedTarget = this.#check(target);
    const declaration = this.#declarations.functionNamed(expression.function);
    if (declaration) this.#resolve(expression.id, declaration, checkedTarget, args);
    else this.#undeclared(expression, expression.function);
    return { ...expression, target: checkedTarget, args };
  }

  #resolve(id: number, declaration: FunctionDeclaration, target: Expression | undefined, args: readonly Expression[]) {
    const operands = target ? [target, ...args] : args;
    const types = operands.map((operand) => this.#typeOf(operand));
    const isLogical = declaration.name === '_&&_' || declaration.name === '_||_';
    const type = isLogical
      ? this.#resolveLogical(id, declaration, args, types)
      : this.#resolveOverloads(id, declaration, target !== undefined, types);
    this.#types.set(id, type ?? ERROR);
  }

  #resolveLogical(
    id: number,
    declaration: FunctionDeclaration,
    args: readonly Expression[],
    types: readonly CelType[],
  ) {
    this.#calls.set(id, { declaration, overloads: declaration.overloads.map((overload) => overload.id) });
    let type: CelType = BOOL;
    for (const [index, operandType] of types.entries()) {
      if (this.#mapping.isAssignable(operandType, BOOL)) continue;
      this.#mismatch(args[index]!.id, BOOL, operandType);
      type = ERROR;
    }
    return type;
  }

  #resolveOverloads(
    id: number,
    declaration: FunctionDeclaration,
    member: boolean,
    types: readonly CelType[],
  ): CelType | undefined {
    const matching: string[] = [];
    let result: CelType | undefined;
    for (const overload of declaration.overloads) {
      if (overload.member !== member) continue;
      const fresh = new Map(overload.parameters.map((name) => [name, this.#newParameter()]));
      const args = overload.args.map((type) => instantiate(type, fresh));
      if (!this.#mapping.areAssignable(types, args)) continue;
      matching.push(overload.id);
      const overloadResult = this.#mapping.substitute(instantiate(overload.result, fresh), false);
      if (!result) result = overloadResult;
      else if (!isDynamic(result) && !sameType(overloadResult, result)) result = DYN;
    }
    if (result) {
      this.#calls.set(id, { declaration, overloads: matching });
      return result;
    }
    const actual = types.map((type) => this.#mapping.substitute(type, true));
    const signature = formatSignature(actual, member);
    this.#report(id, `found no matching overload for '${declaration.name}' applied to '${signature}'`);
    return undefined;
  }

  #checkList(expression: ListExpression): Expression {
    let elementType: CelType | undefined;
    const elements = expression.elements.map((element, index) => {
      const checked = this.#check(element);
      const type = this.#entryType(checked, expression.optionals.includes(index));
      elementType = this.#join(elementType, type);
      return checked;
    });
    this.#types.set(expression.id, listOf(elementType ?? this.#newParameter()));
    return { ...expression, elements };
  }

  #checkMap(expression: MapExpression): Expression {
    let keyType: CelType | undefined;
    let valueType: CelType | undefined;
    const entries = expression.entries.map((entry) => {
      const key = this.#check(entry.key);
      keyType = this.#join(keyType, this.#typeOf(key));
      const value = this.#check(entry.value);
      valueType = this.#join(valueType, this.#entryType(value, entry.optional));
      return { ...entry, key, value };
    });
    this.#types.set(expression.id, mapOf(keyType ?? this.#newParameter(), valueType ?? this.#newParameter()));
    return { ...expression, entries };
  }

  /** The type of an entry: of an optional one that of its value. */
  #entryType(expression: Expression, optional: boolean): CelType {
    const type = this.#typeOf(expression);
    if (!optional) return type;
    const unwrapped = unwrapOptional(type);
    if (!unwrapped.optional && !isDynamic(type)) this.#mismatch(expression.id, optionalOf(type), type);
    return unwrapped.type;
  }

  #checkStruct(expression: StructExpression): Expression {
    const name = expression.typeName.replace(/^\./, '');
    const type = this.#typeOfName(name);
    if (!type) return this.#undeclared(expression, expression.typeName);
    const struct = this.#structType(expression.id, type);
    this.#types.set(expression.id, struct);
    const fields = expression.fields.map((field) => {
      const value = this.#check(field.value);
      const fieldType = this.#fieldOfStruct(field.id, struct, field.name);
      const valueType = this.#entryType(value, field.optional);
      if (!this.#mapping.isAssignable(fieldType, valueType)) {
        const [wanted, given] = [formatType(fieldType), formatType(valueType)];
        const message = `expected type of field '${field.name}' is '${wanted}' but provided type is '${given}'`;
        this.#report(field.id, message);
      }
      return { ...field, value };
    });
    return { ...expression, typeName: name, fields };
  }

  /** Timestamps and durations are protobuf messages of seconds and nanoseconds. */
  #fieldOfStruct(id: number, struct: CelType, name: string): CelType {
    if (struct.kind === 'object') return this.#fieldOf(id, struct, name);
    if (struct.kind !== 'timestamp' && struct.kind !== 'duration') return ERROR;
    if (name === 'seconds' || name === 'nanos') return INT;
    this.#report(id, `undefined field '${name}'`);
    return ERROR;
  }

  #structType(id: number, type: CelType): CelType {
    if (type.kind === 'error') return type;
    if (type.kind !== 'type') {
      this.#report(id, `'${formatType(type)}' is not a type`);
      return ERROR;
    }
    const struct = (type as TypeType).of ?? DYN;
    switch (struct.kind) {
      case 'object':
      case 'timestamp':
      case 'duration':
      case 'wrapper':
      case 'any':
      case 'dyn':
      case 'null':
        return struct;
      case 'bool':
      case 'bytes':
      case 'double':
      case 'error':
      case 'int':
      case 'list':
      case 'map':
      case 'opaque':
      case 'parameter':
      case 'string':
      case 'type':
      case 'uint':
        this.#report(id, `'${formatType(struct)}' is not a message type`);
        return ERROR;
    }
  }

  #checkComprehension(expression: ComprehensionExpression): Expression {
    const range = this.#check(expression.range);
    const initial = this.#check(expression.initial);
    const rangeType = this.#mapping.substitute(this.#typeOf(range), false);
    const accumulatorType = this.#typeOf(initial);
    const outer = this.#scope;
    this.#scope = { names: new Map([[expression.accumulator, accumulatorType]]), outer };
    const accumulatorScope = this.#scope;
    const [first, second] = this.#variableTypes(range, rangeType, expression.variable2 !== undefined);
    const names = new Map([[expression.variable, first]]);
    if (expression.variable2 !== undefined) names.set(expression.variable2, second);
    this.#scope = { names, outer: accumulatorScope };
    const condition = this.#check(expression.condition);
    this.#assertType(condition, BOOL);
    const step = this.#check(expression.step);
    this.#assertType(step, accumulatorType);
    this.#scope = accumulatorScope;
    const result = this.#check(expression.result);
    this.#scope = outer;
    this.#types.set(expression.id, this.#mapping.substitute(this.#typeOf(result), false));
    return { ...expression, range, initial, condition, step, result };
  }

  #variableTypes(range: Expression, type: CelType, two: boolean): [CelType, CelType] {
    switch (type.kind) {
      case 'list':
        return two ? [INT, type.element] : [type.element, DYN];
      case 'map':
        return [type.key, type.value];
      case 'dyn':
      case 'error':
      case 'parameter':
        this.#mapping.isAssignable(DYN, type);
        return [DYN, DYN];
      case 'any':
      case 'bool':
      case 'bytes':
      case 'double':
      case 'duration':
      case 'int':
      case 'null':
      case 'object':
      case 'opaque':
      case 'string':
      case 'timestamp':
      case 'type':
      case 'uint':
      case 'wrapper': {
        const message = `expression of type '${formatType(type)}' cannot be range of a comprehension (must be list, map, or dynamic)`;
        this.#report(range.id, message);
        return [ERROR, ERROR];
      }
    }
  }

  #join(previous: CelType | undefined, current: CelType): CelType {
    if (!previous) return current;
    if (this.#mapping.isAssignable(previous, current)) return mostGeneral(previous, current);
    // Whether literals may be mixed is for their validation to say.
    return DYN;
  }

  #assertType(expression: Expression, type: CelType): void {
    const actual = this.#typeOf(expression);
    if (!this.#mapping.isAssignable(type, actual)) this.#mismatch(expression.id, type, actual);
  }

  #mismatch(id: number, expected: CelType, actual: CelType): void {
    this.#report(id, `expected type '${formatType(expected)}' but found '${formatType(actual)}'`);
  }

  #report(id: number, message: string): void {
    this.#issues.push({ location: this.#parsed.source.locate(this.#parsed.offsets[id]!), message });
  }

  #typeOf(expression: Expression): CelType {
    return this.#types.get(expression.id)!;
  }

  #newParameter(): CelType {
    return parameterType(`_var${this.#parameters++}`);
  }
}

/** `a.b.c` as one name, if it is nothing but names. */
function qualifiedName(expression: Expression): string | undefined {
  if (expression.kind === 'identifier') return expression.name;
  if (expression.kind !== 'select' || expression.testOnly) return undefined;
  const operand = qualifiedName(expression.operand);
  return operand === undefined ? undefined : `${operand}.${expression.field}`;
}

/** The type with fresh type parameters in the place of its own. */
function instantiate(type: CelType, fresh: ReadonlyMap<string, CelType>): CelType {
  if (fresh.size === 0) return type;
  if (type.kind === 'parameter') return fresh.get(type.name) ?? type;
  return mapParameters(type, (parameter) => instantiate(parameter, fresh));
}

function literalType(value: Literal): CelType {
  if (value === null) return NULL;
  if (value instanceof Uint8Array) return BYTES;
  if (value instanceof CelUint) return UINT;
  return SCALAR_TYPES[typeof value as keyof typeof SCALAR_TYPES];
}

const SCALAR_TYPES = { boolean: BOOL, bigint: INT, number: DOUBLE, string: STRING };
