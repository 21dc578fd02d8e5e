/**
 * The rules of a whole schema, and what they say to an object.
 *
 * Mirrors: staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel/validation.go (v1.36)
 */
import { CelOptional, fromJson, type CelType, type CelValue } from '@kts/cel';
import { FieldPath, invalid, type FieldError } from '@kts/apimachinery';
import type { JSONSchemaProps, ValidationRule } from '@kts/api/types/apiextensions-v1';

import type { RuleSet } from '../object-rules.ts';
import { Correlation, isObject, itemSchema } from '../schema/correlation.ts';
import { someSchema } from '../definition/schema-walk.ts';
import { compileRules, typeAt, type CompiledRule } from './compile-rules.ts';
import { ruleError, ruleText } from './rule-errors.ts';

/** What all rules of an object together may cost when they run. */
const COST_BUDGET = 10_000_000;
const MESSAGE_BYTES_MAX = 5 * 1024;

export function ruleSet(schema: JSONSchemaProps): RuleSet {
  let root: RuleNode | undefined;
  return {
    validate: (object, old, correlation, warn) => {
      root ??= new RuleNode(schema, true);
      const run = new RuleRun(warn);
      run.visit(root, FieldPath.root, object, old, { current: correlation });
      return run.errors;
    },
  };
}

/** What rules say to the default of a schema: as a value that stays, and as one that is new. */
export function checkDefault(schema: JSONSchemaProps, value: unknown, path: FieldPath, isRoot: boolean): FieldError[] {
  if (!hasRules(schema)) return [];
  const node = new RuleNode(schema, isRoot);
  for (const old of [value, undefined]) {
    const run = new RuleRun(() => {});
    run.visit(node, path, value, old, {});
    if (run.errors.length > 0) return run.errors;
  }
  return [];
}

export function hasRules(schema: JSONSchemaProps): boolean {
  return someSchema(schema, (one) => (one['x-kubernetes-validations'] ?? []).length > 0);
}

/** A place in a schema; what is below it is made when an object has something there. */
class RuleNode {
  readonly schema: JSONSchemaProps;
  readonly type: CelType | undefined;
  readonly #children = new Map<JSONSchemaProps, RuleNode | undefined>();
  #compiled: readonly CompiledRule[] | undefined;

  constructor(schema: JSONSchemaProps, isResource: boolean) {
    this.schema = schema;
    this.type = typeAt(schema, isResource);
  }

  get rules(): readonly CompiledRule[] {
    if (!this.type || !this.schema['x-kubernetes-validations']?.length) return [];
    return (this.#compiled ??= compileRules(this.schema, this.type));
  }

  /** Undefined if there are no rules at or below a part of the schema. */
  child(schema: JSONSchemaProps): RuleNode | undefined {
    return this.#children.getOrInsertComputed(schema, () =>
      hasRules(schema) ? new RuleNode(schema, schema['x-kubernetes-embedded-resource'] === true) : undefined,
    );
  }
}

/** How a value can be told to be the same as before: by itself, or by the nearest value around it. */
interface Ratchet {
  readonly current?: Correlation | undefined;
  readonly parent?: Correlation | undefined;
}

/** One validation of one object. */
class RuleRun {
  readonly errors: FieldError[] = [];
  readonly #warn: (text: string) => void;
  #budget = COST_BUDGET;

  constructor(warn: (text: string) => void) {
    this.#warn = warn;
  }

  /** Stops for good once the budget is spent. */
  visit(node: RuleNode, path: FieldPath, value: unknown, old: unknown, ratchet: Ratchet): void {
    if (this.#budget < 0 || value === null || value === undefined) return;
    if (node.rules.length > 0) this.#expressions(node, path, value, old ?? undefined, ratchet);
    if (Array.isArray(value)) this.#items(node, path, value, old, ratchet);
    else if (isObject(value)) this.#members(node, path, value, old, ratchet);
  }

  #items(node: RuleNode, path: FieldPath, value: readonly unknown[], old: unknown, ratchet: Ratchet): void {
    const items = itemSchema(node.schema);
    const child = items && node.child(items);
    if (!child) return;
    const before = new Correlation(value, old, node.schema);
    value.forEach((item, index) => {
      this.visit(child, path.index(index), item, before.index(index)?.old, stepIndex(ratchet, index));
    });
  }

  #members(node: RuleNode, path: FieldPath, value: Readonly<Record<string, unknown>>, old: unknown, ratchet: Ratchet) {
    const { properties = {}, additionalProperties } = node.schema;
    const before = isObject(old) ? old : {};
    for (const [name, member] of Object.entries(value)) {
      const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
      const schema = property ?? (typeof additionalProperties === 'object' ? additionalProperties : undefined);
      const child = schema && node.child(schema);
      if (!child) continue;
      const at = property ? path.child(name) : path.key(name);
      this.visit(child, at, member, Object.hasOwn(before, name) ? before[name] : undefined, stepKey(ratchet, name));
    }
  }

  #expressions(node: RuleNode, path: FieldPath, value: unknown, old: unknown, ratchet: Ratchet): void {
    const type = node.schema.type ?? '';
    if (this.#budget <= 0) return this.#spent(path, type);
    const self = fromJson(value, node.type);
    // One rule that asks for the old value makes it known to all rules and messages of its place.
    const knowsOld = old !== undefined && node.rules.some(({ usesOldSelf }) => usesOldSelf);
    const oldSelf = knowsOld ? fromJson(old, node.type) : undefined;
    for (const compiled of node.rules) {
      if (compiled.problem !== undefined) {
        this.errors.push(invalid(path, type, `rule compile error: ${compiled.problem}`));
      }
      if (!compiled.program) continue;
      if (compiled.usesOldSelf && old === undefined && !compiled.rule.optionalOldSelf) continue;
      const place = { node, path, value, ratchet };
      if (!this.#rule(compiled, place, activationOf(compiled.rule, self, oldSelf))) return;
    }
  }

  /** False: no further rules are to be run. */
  #rule(compiled: CompiledRule, place: Place, activation: ReadonlyMap<string, CelValue>): boolean {
    const { node, path, value } = place;
    const type = node.schema.type ?? '';
    const text = ruleText(compiled.rule);
    const result = compiled.program!.evaluate(activation);
    if (result.cost > this.#budget) {
      this.#spent(path, type);
      return false;
    }
    this.#budget -= result.cost;
    if (!result.ok) {
      const { message, reason } = result.error;
      if (reason === 'costExceeded') {
        const stop = 'no further validation rules will be run due to call cost exceeds limit for rule';
        this.errors.push(invalid(path, type, `'${message}': ${stop}: ${text}`));
        this.#budget = -1;
        return false;
      }
      const mismatch = 'call arguments did not match a supported operator, function or macro signature for rule';
      const overload = message.startsWith('no such overload');
      this.errors.push(
        invalid(path, type, overload ? `'${message}': ${mismatch}: ${text}` : `${message} evaluating rule: ${text}`),
      );
      return true;
    }
    if (result.value === true) return true;
    const at = compiled.fieldPath ? path.child(compiled.fieldPath) : path;
    const told = this.#message(compiled, activation);
    if (told.stop !== undefined) {
      this.#tell(compiled, place, invalid(at, type, told.stop));
      this.#budget = -1;
      return false;
    }
    this.#tell(
      compiled,
      place,
      ruleError(compiled.rule, node.schema, value, told.text ?? defaultMessage(compiled.rule), at),
    );
    return true;
  }

  /** What has not changed is only warned of, unless the rule is about changes. */
  #tell({ usesOldSelf }: CompiledRule, { ratchet }: Place, error: FieldError): void {
    const unchanged = (ratchet.current ?? ratchet.parent)?.isUnchanged() === true;
    if (!usesOldSelf && unchanged) this.#warn(`${error.field}: ${error.message}`);
    else this.errors.push(error);
  }

  /** An expression for the message that fails does not matter; one that costs too much does. */
  #message(
    { message, rule }: CompiledRule,
    activation: ReadonlyMap<string, CelValue>,
  ): { readonly text?: string; readonly stop?: string } {
    if (!message) return {};
    const result = message.evaluate(activation);
    if (result.cost > this.#budget) {
      return {
        stop: 'messageExpression evaluation failed due to running out of cost budget, no further validation rules will be run',
      };
    }
    if (!result.ok && result.error.reason === 'costExceeded') {
      const shown = JSON.stringify(rule.messageExpression);
      return {
        stop: `no further validation rules will be run due to call cost exceeds limit for messageExpression: ${shown}`,
      };
    }
    this.#budget -= result.cost;
    if (!result.ok || typeof result.value !== 'string') return {};
    const text = result.value.trim();
    return text === '' || text.includes('\n') || Buffer.byteLength(text) > MESSAGE_BYTES_MAX ? {} : { text };
  }

  #spent(path: FieldPath, type: string): void {
    const text = 'validation failed due to running out of cost budget, no further validation rules will be run';
    this.errors.push(invalid(path, type, text));
    this.#budget = -1;
  }
}

interface Place {
  readonly node: RuleNode;
  readonly path: FieldPath;
  readonly value: unknown;
  readonly ratchet: Ratchet;
}

function activationOf(
  rule: ValidationRule,
  self: CelValue,
  oldSelf: CelValue | undefined,
): ReadonlyMap<string, CelValue> {
  const variables = new Map<string, CelValue>([['self', self]]);
  if (rule.optionalOldSelf) variables.set('oldSelf', new CelOptional(oldSelf));
  else if (oldSelf !== undefined) variables.set('oldSelf', oldSelf);
  return variables;
}

function defaultMessage(rule: ValidationRule): string {
  return rule.message ? rule.message.trim() : `failed rule: ${rule.rule.trim()}`;
}

/** Type and version are those of the request, whatever they were. */
function stepKey({ current, parent }: Ratchet, name: string): Ratchet {
  if (!current) return { parent };
  if (!parent && (name === 'apiVersion' || name === 'kind')) return {};
  return { current: current.key(name), parent: current };
}

function stepIndex({ current, parent }: Ratchet, index: number): Ratchet {
  return current ? { current: current.index(index), parent: current } : { parent };
}
