/**
 * What is wrong with the rules of a definition: they have to compile, and may not cost too much.
 *
 * Mirrors: staging/src/k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation/{validation,cel_validation}.go (v1.36)
 */
import { COST_MAX, type CelType } from '@kts/cel';
import { forbidden, invalid, type FieldError, type FieldPath } from '@kts/apimachinery';
import type { JSONSchemaProps } from '@kts/api/types/apiextensions-v1';

import { invalidStruct, ruleForm } from '../definition/go-form.ts';
import type { RuleContext } from '../definition/rule-context.ts';
import type { RuleChecks } from '../definition/validate-definition.ts';
import { compileRules, typeAt, type CompiledRule } from './compile-rules.ts';
import { checkDefault } from './rule-tree.ts';

/** What one expression may cost at most, wherever it occurs, and what all of a schema may. */
const EXPRESSION_COST_MAX = 10_000_000;
const SCHEMA_COST_MAX = 100_000_000;
/** The largest request, which bounds how often a value can occur. */
const REQUEST_BYTES_MAX = 3 * 1024 * 1024;
const MOST_EXPENSIVE = 4;

export const ruleChecks: RuleChecks = {
  context: (schema, unchanged) =>
    new SchemaContext({ schema, unchanged, isResource: true, times: 1, total: new TotalCost() }),
  checkDefault,
};

class TotalCost {
  total = 0;
  #mostExpensive: { readonly path: FieldPath; readonly cost: number }[] = [];

  observe(path: FieldPath, cost: number): void {
    this.total = Math.min(this.total + cost, COST_MAX);
    if (cost < SCHEMA_COST_MAX / 100) return;
    const all = [...this.#mostExpensive, { path, cost }].sort((a, b) => b.cost - a.cost);
    this.#mostExpensive = all.slice(0, MOST_EXPENSIVE);
  }

  errors(path: FieldPath): FieldError[] {
    if (this.total <= SCHEMA_COST_MAX) return [];
    const each = 'contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema';
    const whole = 'x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema';
    return [
      ...this.#mostExpensive.map((one) => forbidden(one.path, each)),
      forbidden(path, costText(whole, this.total, SCHEMA_COST_MAX)),
    ];
  }
}

function costText(what: string, cost: number, limit: number): string {
  const factor = cost / limit;
  const shown = factor > 100 ? 'more than 100' : factor < 1.5 ? factor.toFixed(6) : factor.toFixed(1);
  return `${what} exceeds budget by factor of ${shown}x (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)`;
}

interface ContextOptions {
  readonly schema: JSONSchemaProps;
  /** What was accepted before may go on to cost what it costs. */
  readonly unchanged: boolean;
  readonly isResource: boolean;
  /** How often the place may occur; undefined: nobody knows. */
  readonly times: number | undefined;
  readonly total: TotalCost;
}

class SchemaContext implements RuleContext {
  readonly #options: ContextOptions;

  constructor(options: ContextOptions) {
    this.#options = options;
  }

  below(schema: JSONSchemaProps): RuleContext {
    const { times } = this.#options;
    const factor = partsOf(this.#options.schema);
    return new SchemaContext({
      ...this.#options,
      schema,
      isResource: schema['x-kubernetes-embedded-resource'] === true,
      times: times === undefined || factor === undefined ? undefined : multiplied(times, factor),
    });
  }

  check(path: FieldPath, uncorrelated: FieldPath | undefined): readonly FieldError[] {
    const { schema, isResource } = this.#options;
    const at = path.child('x-kubernetes-validations');
    const type = typeAt(schema, isResource);
    if (!type) return [internal(at)];
    return compileRules(schema, type).flatMap((compiled, index) => [
      ...this.#checkRule(compiled, type, at.index(index)),
      ...checkOldSelf(compiled, uncorrelated, at.index(index)),
    ]);
  }

  checkTotal(path: FieldPath): readonly FieldError[] {
    return this.#options.total.errors(path);
  }

  #checkRule(
    { rule, program, problem, message, messageProblem }: CompiledRule,
    type: CelType,
    path: FieldPath,
  ): FieldError[] {
    const { times = timesAtMost(type), total, unchanged } = this.#options;
    const [rulePath, messagePath] = [path.child('rule'), path.child('messageExpression')];
    const errors: FieldError[] = [];
    const cost = multiplied(program?.cost.max ?? 0, times);
    if (!unchanged && cost > EXPRESSION_COST_MAX) {
      errors.push(forbidden(rulePath, costText('estimated rule cost', cost, EXPRESSION_COST_MAX)));
    }
    total.observe(rulePath, cost);
    if (problem !== undefined) errors.push(invalidStruct(rulePath, ruleForm(rule), problem));
    if (messageProblem !== undefined) errors.push(invalidStruct(messagePath, ruleForm(rule), messageProblem));
    if (!message) return errors;
    const messageCost = message.cost.max;
    if (!unchanged && messageCost > EXPRESSION_COST_MAX) {
      const text = costText('estimated messageExpression cost', messageCost, EXPRESSION_COST_MAX);
      errors.push(forbidden(messagePath, text));
    }
    total.observe(messagePath, messageCost);
    return errors;
  }
}

function checkOldSelf(
  { rule, usesOldSelf }: CompiledRule,
  uncorrelated: FieldPath | undefined,
  path: FieldPath,
): FieldError[] {
  if (usesOldSelf) {
    if (!uncorrelated) return [];
    const text = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${uncorrelated.toString()}`;
    return [invalid(path.child('rule'), rule.rule, text)];
  }
  if (rule.optionalOldSelf === undefined) return [];
  return [
    invalid(path.child('optionalOldSelf'), rule.optionalOldSelf, 'may not be set if oldSelf is not used in rule'),
  ];
}

function internal(path: FieldPath): FieldError {
  const text =
    'internal error: failed to construct type information for x-kubernetes-validations rules: unable to convert structural schema to CEL declarations';
  return { type: 'InternalError', field: path.toString(), message: `Internal error: ${text}` };
}

/** How many values there may be directly below one of a schema; undefined: any number. */
function partsOf({ type, additionalProperties, maxProperties, maxItems }: JSONSchemaProps): number | undefined {
  if (type === 'object' && additionalProperties !== undefined) return nonNegative(maxProperties);
  return type === 'array' ? nonNegative(maxItems) : 1;
}

function nonNegative(value: number | undefined): number | undefined {
  return value === undefined ? undefined : Math.max(0, value);
}

function multiplied(cost: number, times: number): number {
  return cost === 0 ? 0 : Math.min(cost * times, COST_MAX);
}

/** How many values of a type fit into a request, with a comma after each. */
function timesAtMost({ serializedMin = 0 }: CelType): number {
  return Math.floor(REQUEST_BYTES_MAX / (serializedMin + 1));
}
