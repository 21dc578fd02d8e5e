import { checkExpression, type Checked, type Declarations } from './check/checker.ts';
import { validateLiterals } from './check/literal-validation.ts';
import type { Library } from './check/function-declaration.ts';
import type { CostRange } from './cost/cost-range.ts';
import { estimateCost } from './cost/estimate.ts';
import { COST_EXCEEDED, CostExceeded, Frame } from './evaluate/frame.ts';
import { PlanError, planExpression, type Plan } from './evaluate/plan.ts';
import { CelError, type CelValue } from './evaluate/value.ts';
import { baseType, functionTable, type FunctionTable } from './libraries/base-environment.ts';
import { KUBERNETES_TYPES } from './libraries/kubernetes-types.ts';
import type { Expression } from './syntax/expression.ts';
import { MACROS, MACROS_WITH_BIND } from './syntax/macros.ts';
import { parseExpression } from './syntax/parser.ts';
import { formatIssues, sortIssues, type Issue, type Source } from './syntax/source.ts';
import { parametersOf, type CelType, type ObjectType } from './types/cel-type.ts';

export interface EnvironmentOptions {
  /** What expressions may refer to, by name. */
  readonly variables?: Readonly<Record<string, CelType>>;
  /** Further object types that expressions may name or construct. Those of variables are found by themselves. */
  readonly types?: readonly ObjectType[];
  /** Types that are too many to list, by name. */
  readonly typeNamed?: (name: string) => ObjectType | undefined;
  /** Libraries beyond those that every environment has. */
  readonly libraries?: readonly Library[];
  /** Whether there is `cel.bind(name, value, expression)`, as in selectors of devices. Default false. */
  readonly bind?: boolean;
  /** A list or map literal holds values of one type. Default true. */
  readonly homogeneousLiterals?: boolean;
  /** `object.namespace` finds a field that is declared as `__namespace__`. Default false. */
  readonly keywordFields?: boolean;
}

export interface Environment {
  /** The same with further variables and types. */
  extend(options: Pick<EnvironmentOptions, 'variables' | 'types'>): Environment;
  compile(source: string, options?: CompileOptions): Compilation;
}

export interface CompileOptions {
  /** The schema's type that bounds the sizes of all variables, for the estimate of the cost. Absent: they are not known. */
  readonly sizeRoot?: CelType;
}

export type Compilation =
  | { readonly ok: true; readonly program: Program }
  | {
      readonly ok: false;
      readonly stage: 'check';
      readonly issues: readonly CompileIssue[];
      /** All issues as upstream prints them. */
      readonly message: string;
    }
  /** It is well-formed and well-typed, but a constant part of it fails: upstream's "program instantiation failed". */
  | { readonly ok: false; readonly stage: 'program'; readonly message: string; readonly resultType: CelType };

export interface CompileIssue {
  /** From 1. */
  readonly line: number;
  /** From 1, in code points. */
  readonly column: number;
  readonly message: string;
}

/** A checked expression, ready to run. Immutable; may be run any number of times. */
export interface Program {
  readonly source: string;
  readonly resultType: CelType;
  readonly expression: Expression;
  /** Estimated before it runs, from sizes in the variables' types. Computed on first use. */
  readonly cost: CostRange;
  evaluate(activation: Activation, options?: EvaluateOptions): Evaluation;
}

/** Where variables have their values from: a `Map` will do, or something that computes them on demand. */
export interface Activation {
  get(name: string): CelValue | undefined;
}

export interface EvaluateOptions {
  /** Default: COST_LIMIT_PER_CALL. */
  readonly costLimit?: number;
  readonly signal?: AbortSignal;
}

export type Evaluation =
  | { readonly ok: true; readonly value: CelValue; readonly cost: number }
  | { readonly ok: false; readonly error: CelError; readonly cost: number };

/** The most that one expression may cost when it runs; about a tenth of a second upstream. */
export const COST_LIMIT_PER_CALL = 1_000_000;

export function createEnvironment(options: EnvironmentOptions = {}): Environment {
  const types = new Map<string, ObjectType>();
  for (const type of options.types ?? []) collectObjectTypes(type, types);
  for (const type of Object.values(options.variables ?? {})) collectObjectTypes(type, types);
  return new BaseEnvironment(options, types, functionTable(options.libraries ?? []));
}

class BaseEnvironment implements Environment {
  readonly #options: EnvironmentOptions;
  readonly #types: ReadonlyMap<string, ObjectType>;
  readonly #functions: FunctionTable;
  readonly #declarations: Declarations;

  constructor(options: EnvironmentOptions, types: ReadonlyMap<string, ObjectType>, functions: FunctionTable) {
    this.#options = options;
    this.#types = types;
    this.#functions = functions;
    const variables = options.variables ?? {};
    this.#declarations = {
      variable: (name) => (Object.hasOwn(variables, name) ? variables[name] : undefined),
      typeNamed: (name) => baseType(name) ?? this.#objectType(name),
      functionNamed: functions,
      field: (type, name) => this.#field(type, name),
      hasFields: (type) => !KUBERNETES_TYPES.has(type.name),
    };
  }

  extend({ variables, types = [] }: Pick<EnvironmentOptions, 'variables' | 'types'>): Environment {
    const all = new Map(this.#types);
    for (const type of types) collectObjectTypes(type, all);
    for (const type of Object.values(variables ?? {})) collectObjectTypes(type, all);
    const options = { ...this.#options, variables: { ...this.#options.variables, ...variables } };
    return new BaseEnvironment(options, all, this.#functions);
  }

  compile(text: string, { sizeRoot }: CompileOptions = {}): Compilation {
    const parsed = parseExpression(text, { macros: this.#options.bind ? MACROS_WITH_BIND : MACROS });
    if (parsed.issues.length > 0) return failed(parsed.source, parsed.issues);
    const checked = checkExpression(parsed, this.#declarations);
    const issues =
      checked.issues.length > 0
        ? checked.issues
        : validateLiterals(parsed, checked, this.#options.homogeneousLiterals ?? true);
    if (issues.length > 0) return failed(parsed.source, issues);
    try {
      const plan = planExpression(checked, (name) => this.#objectType(name));
      return { ok: true, program: new CheckedProgram(text, checked, plan, sizeRoot) };
    } catch (error) {
      if (!(error instanceof PlanError)) throw error;
      const resultType = checked.types.get(checked.expression.id)!;
      return { ok: false, stage: 'program', message: error.message, resultType };
    }
  }

  #objectType(name: string): ObjectType | undefined {
    return this.#types.get(name) ?? this.#options.typeNamed?.(name);
  }

  #field(type: ObjectType, name: string): CelType | undefined {
    const field = type.fields.get(name) ?? (this.#options.keywordFields ? type.fields.get(`__${name}__`) : undefined);
    return field?.type;
  }
}

class CheckedProgram implements Program {
  readonly source: string;
  readonly #checked: Checked;
  readonly #plan: Plan;
  readonly #sizeRoot: CelType | undefined;
  #cost: CostRange | undefined;

  constructor(source: string, checked: Checked, plan: Plan, sizeRoot: CelType | undefined) {
    this.source = source;
    this.#checked = checked;
    this.#plan = plan;
    this.#sizeRoot = sizeRoot;
  }

  get resultType(): CelType {
    return this.#checked.types.get(this.#checked.expression.id)!;
  }

  get expression(): Expression {
    return this.#checked.expression;
  }

  get cost(): CostRange {
    this.#cost ??= estimateCost(this.#checked, this.#sizeRoot);
    return this.#cost;
  }

  evaluate(activation: Activation, { costLimit = COST_LIMIT_PER_CALL, signal }: EvaluateOptions = {}): Evaluation {
    const { variables, run } = this.#plan;
    const resolve = (index: number): CelValue => {
      const name = variables[index]!;
      const value = activation.get(name);
      return value === undefined ? new CelError(`no such attribute(s): ${name}`) : value;
    };
    const frame = new Frame(resolve, costLimit, signal);
    try {
      const value = run(frame);
      return value instanceof CelError
        ? { ok: false, error: value, cost: frame.cost }
        : { ok: true, value, cost: frame.cost };
    } catch (error) {
      if (error instanceof CostExceeded) return { ok: false, error: COST_EXCEEDED, cost: frame.cost };
      throw error;
    }
  }
}

function failed(source: Source, issues: readonly Issue[]): Compilation {
  const sorted = sortIssues(issues);
  return {
    ok: false,
    stage: 'check',
    issues: sorted.map(({ location, message }) => ({ line: location.line, column: location.column + 1, message })),
    message: formatIssues(source, sorted),
  };
}

/** A type and those within it, by name. */
function collectObjectTypes(type: CelType, types: Map<string, ObjectType>): void {
  if (type.kind === 'object') {
    if (types.has(type.name)) return;
    types.set(type.name, type);
    for (const field of type.fields.values()) collectObjectTypes(field.type, types);
  } else {
    for (const parameter of parametersOf(type)) collectObjectTypes(parameter, types);
  }
}
