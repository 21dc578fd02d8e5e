/**
 * The rules (`x-kubernetes-validations`) of one place in a schema as programs.
 *
 * Mirrors: staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel/compilation.go (v1.36)
 */
import {
  createEnvironment,
  optionalOf,
  schemaType,
  type CelType,
  type Compilation,
  type Environment,
  type OpenApiSchema,
  type Program,
} from '@kts/cel';
import type { JSONSchemaProps, ValidationRule } from '@kts/api/types/apiextensions-v1';

import { resolveFieldPath } from '../definition/field-path-rule.ts';

export interface CompiledRule {
  readonly rule: ValidationRule;
  /** Absent for a rule that cannot be compiled, or says nothing. */
  readonly program?: Program;
  readonly message?: Program;
  /** What is wrong with the rule. */
  readonly problem?: string;
  /** What is wrong with its message expression. */
  readonly messageProblem?: string;
  readonly usesOldSelf: boolean;
  /** Where an error is to be told, below the place of the rule. */
  readonly fieldPath?: string;
}

/** In messages. Upstream's ends in another number each time. */
const SELF_TYPE = 'selfType0';
let base: Environment | undefined;

/** The type of the values at a place; undefined if rules cannot see them. */
export function typeAt(schema: JSONSchemaProps, isResource: boolean): CelType | undefined {
  return schemaType(schema as OpenApiSchema, { name: SELF_TYPE, resourceRoot: isResource });
}

export function compileRules(schema: JSONSchemaProps, type: CelType): readonly CompiledRule[] {
  base ??= createEnvironment();
  const plain = base.extend({ variables: { self: type, oldSelf: type } });
  let optional: Environment | undefined;
  return (schema['x-kubernetes-validations'] ?? []).map((rule) => {
    if (!rule.optionalOldSelf) return compileRule(schema, rule, plain, type);
    optional ??= base!.extend({ variables: { self: type, oldSelf: optionalOf(type) } });
    return compileRule(schema, rule, optional, type);
  });
}

function compileRule(
  schema: JSONSchemaProps,
  rule: ValidationRule,
  environment: Environment,
  type: CelType,
): CompiledRule {
  if (rule.rule.trim() === '') return { rule, usesOldSelf: false };
  const compiled = environment.compile(rule.rule, { sizeRoot: type });
  const problem = problemOf(compiled, 'bool', 'cel expression must evaluate to a bool', '');
  if (!compiled.ok || problem !== undefined) return { rule, problem: problem!, usesOldSelf: false };
  const path = rule.fieldPath ? resolveFieldPath(rule.fieldPath, schema) : undefined;
  return {
    rule,
    program: compiled.program,
    usesOldSelf: mentions(compiled.program.expression, 'oldSelf'),
    ...(rule.messageExpression ? compileMessage(rule.messageExpression, environment, type) : {}),
    ...(path?.ok ? { fieldPath: path.path.toString() } : {}),
  };
}

function compileMessage(
  text: string,
  environment: Environment,
  type: CelType,
): Pick<CompiledRule, 'message' | 'messageProblem'> {
  const compiled = environment.compile(text, { sizeRoot: type });
  const problem = problemOf(compiled, 'string', 'messageExpression must evaluate to a string', 'messageExpression ');
  if (problem !== undefined) return { messageProblem: problem };
  return compiled.ok ? { message: compiled.program } : {};
}

function problemOf(compiled: Compilation, wanted: CelType['kind'], other: string, prefix: string): string | undefined {
  if (compiled.ok) return compiled.program.resultType.kind === wanted ? undefined : other;
  if (compiled.stage === 'check') return `${prefix}compilation failed: ${compiled.message}`;
  if (compiled.resultType.kind !== wanted) return other;
  return prefix === ''
    ? `program instantiation failed: ${compiled.message}`
    : `${prefix}instantiation failed: ${compiled.message}`;
}

/** Whether a variable occurs anywhere in an expression. */
function mentions(node: unknown, name: string): boolean {
  if (typeof node !== 'object' || node === null) return false;
  if (Array.isArray(node)) return node.some((one) => mentions(one, name));
  const { kind, name: own } = node as { readonly kind?: unknown; readonly name?: unknown };
  if (kind === 'identifier' && own === name) return true;
  return Object.values(node).some((one) => mentions(one, name));
}
