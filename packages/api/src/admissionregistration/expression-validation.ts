/**
 * Mirrors: validateCELCondition, convertCELErrorToValidationError, validateMatchConditions and validateVariable in
 * pkg/apis/admissionregistration/validation/validation.go (v1.36)
 */
import { duplicate, invalid, required, tooMany, type FieldError, type FieldPath } from '@kts/apimachinery';
import { checkQualifiedName } from '../field-checks.ts';
import type { MatchCondition, Variable } from '../gen/admissionregistration-v1.gen.ts';
import { createCompiler, type ExpressionPurpose } from './expression-compiler.ts';
import type { FailedExpression, PolicyCompiler } from './expressions/policy-compiler.ts';

const MATCH_CONDITIONS_MAX = 64;

export interface ExpressionRules {
  readonly compiler: () => PolicyCompiler;
  /** The object refers to parameters. */
  readonly params: boolean;
}

/** An expression that must be there and compile. White space around it does not count. */
export function validateExpression(
  source: string,
  purpose: ExpressionPurpose,
  { compiler, params }: ExpressionRules,
  path: FieldPath,
): FieldError[] {
  const compiled = compiler().compile(source, purpose, { params });
  return compiled.ok ? [] : [expressionError(source, compiled, path)];
}

/** What is wrong with an expression, as `source` has it. */
export function expressionError(source: string, failed: FailedExpression, path: FieldPath): FieldError {
  if (!failed.internal) return invalid(path, source, failed.detail);
  return { type: 'InternalError', field: path.toString(), message: `Internal error: ${failed.detail}` };
}

/** Conditions have no variables and share nothing, so each stands for itself. */
export function validateMatchConditions(
  conditions: readonly MatchCondition[] = [],
  params: boolean,
  path: FieldPath,
): FieldError[] {
  const names = new Set<string>();
  let compiler: PolicyCompiler | undefined;
  const rules = { compiler: () => (compiler ??= createCompiler({ composition: false })), params };
  return [
    ...(conditions.length > MATCH_CONDITIONS_MAX ? [tooMany(path, conditions.length, MATCH_CONDITIONS_MAX)] : []),
    ...conditions.flatMap(({ name, expression }, index) => {
      const at = path.index(index);
      const source = expression.trim();
      const repeated = Boolean(name) && names.has(name);
      names.add(name);
      return [
        ...(source
          ? validateExpression(source, 'condition', rules, at.child('expression'))
          : [required(at.child('expression'))]),
        ...(name ? checkQualifiedName(name, at.child('name')) : [required(at.child('name'))]),
        ...(repeated ? [duplicate(at.child('name'), name)] : []),
      ];
    }),
  ];
}

/** In order: a variable sees those before it. */
export function validateVariables(
  variables: readonly Variable[] = [],
  { compiler, params }: ExpressionRules,
  path: FieldPath,
): FieldError[] {
  return variables.flatMap(({ name, expression }, index) => {
    const at = path.index(index);
    const errors: FieldError[] = [];
    if (name.trim() === '') errors.push(required(at.child('name'), 'name is not specified'));
    else if (!isIdentifier(name)) errors.push(invalid(at.child('name'), name, 'must be a valid CEL identifier'));
    if (expression.trim() === '') {
      errors.push(required(at.child('expression'), 'expression is not specified'));
      return errors;
    }
    const compiled = compiler().addVariable(name, expression, { params });
    if (!compiled.ok) errors.push(expressionError(expression, compiled, at.child('expression')));
    return errors;
  });
}

const IDENTIFIER = /^[_a-zA-Z][_a-zA-Z0-9]*$/;
const RESERVED: ReadonlySet<string> = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
);

function isIdentifier(name: string): boolean {
  return IDENTIFIER.test(name) && !RESERVED.has(name);
}
