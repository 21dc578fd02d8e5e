/**
 * Mirrors: pkg/apis/admissionregistration/validation/validation.go (v1.36), ValidateValidatingAdmissionPolicy
 */
import { duplicate, FieldPath, invalid, required, type FieldError } from '@kts/apimachinery';
import { validateConditions } from '../condition-validation.ts';
import { byteLength, checkQualifiedName, checkSupported, sameValue } from '../field-checks.ts';
import { internalForm } from '../internal-form.ts';
import type { AuditAnnotation, ValidatingAdmissionPolicy, Validation } from '../gen/admissionregistration-v1.gen.ts';
import { createCompiler } from './expression-compiler.ts';
import {
  expressionError,
  validateExpression,
  validateMatchConditions,
  validateVariables,
  type ExpressionRules,
} from './expression-validation.ts';
import type { PolicyCompiler } from './expressions/policy-compiler.ts';
import { validateMatchResources } from './match-resources-validation.ts';
import { validateParamKind } from './param-validation.ts';

const AUDIT_ANNOTATIONS_MAX = 20;
const VALUE_EXPRESSION_BYTES_MAX = 5 * 1024;
const REASONS = ['Forbidden', 'Invalid', 'RequestEntityTooLarge'];
const NOTHING_TO_DO = 'validations or auditAnnotations must contain at least one item';

/** Match conditions that an update leaves as they were are not looked at again. */
export function validateValidatingPolicy(
  { metadata, spec }: ValidatingAdmissionPolicy,
  old?: ValidatingAdmissionPolicy,
): FieldError[] {
  const path = FieldPath.of('spec');
  const { matchConstraints, validations = [], auditAnnotations = [], variables = [] } = spec;
  let compiler: PolicyCompiler | undefined;
  const rules: ExpressionRules = {
    compiler: () => (compiler ??= createCompiler({ composition: variables.length > 0 })),
    params: spec.paramKind !== undefined,
  };
  const sameConditions =
    old && sameValue(old.spec.paramKind, spec.paramKind) && sameValue(old.spec.matchConditions, spec.matchConditions);
  return [
    ...checkSupported(spec.failurePolicy, ['Fail', 'Ignore'], path.child('failurePolicy')),
    ...validateParamKind(spec.paramKind, path.child('paramKind')),
    ...(matchConstraints
      ? validateMatchResources(matchConstraints, path.child('matchConstraints'))
      : [required(path.child('matchConstraints'))]),
    ...(matchConstraints && (matchConstraints.resourceRules ?? []).length === 0
      ? [required(path.child('matchConstraints', 'resourceRules'))]
      : []),
    ...(sameConditions
      ? []
      : validateMatchConditions(spec.matchConditions, rules.params, path.child('matchConditions'))),
    ...validateVariables(variables, rules, path.child('variables')),
    ...(validations.length + auditAnnotations.length === 0
      ? ['validations', 'auditAnnotations'].map((field) => required(path.child(field), NOTHING_TO_DO))
      : []),
    ...validations.flatMap((one, index) => validateValidation(one, rules, path.child('validations').index(index))),
    ...validateAuditAnnotations(metadata.name, auditAnnotations, rules, path.child('auditAnnotations')),
  ];
}

function validateValidation(validation: Validation, rules: ExpressionRules, path: FieldPath): FieldError[] {
  const { expression, message = '', messageExpression = '', reason } = validation;
  const errors: FieldError[] = [];
  const expressionAt = path.child('expression');
  if (expression.trim() === '') errors.push(required(expressionAt, 'expression is not specified'));
  else errors.push(...validateExpression(expression, 'condition', rules, expressionAt));
  const messageExpressionAt = path.child('messageExpression');
  if (messageExpression !== '') {
    if (messageExpression.trim() === '') {
      errors.push(invalid(messageExpressionAt, messageExpression, 'must be non-empty if specified'));
    } else errors.push(...validateExpression(messageExpression, 'message', rules, messageExpressionAt));
  }
  const messageAt = path.child('message');
  if (message !== '' && message.trim() === '') {
    errors.push(invalid(messageAt, message, 'must be non-empty if specified'));
  } else if (/[\n\r]/.test(message.trim())) errors.push(invalid(messageAt, message, 'must not contain line breaks'));
  return reason === undefined ? errors : [...errors, ...checkSupported(reason, REASONS, path.child('reason'))];
}

function validateAuditAnnotations(
  policy: string,
  annotations: readonly AuditAnnotation[],
  rules: ExpressionRules,
  path: FieldPath,
): FieldError[] {
  const keys = annotations.map(({ key }) => key);
  return [
    ...(annotations.length > AUDIT_ANNOTATIONS_MAX
      ? [
          invalid(
            path,
            annotations.map((one) => internalForm('admissionregistration.v1.AuditAnnotation', one)),
            `must not have more than ${AUDIT_ANNOTATIONS_MAX} auditAnnotations`,
          ),
        ]
      : []),
    ...annotations.flatMap((annotation, index) => {
      const at = path.index(index);
      const repeated = keys.indexOf(keys[index]!) < index;
      return [
        ...validateAuditAnnotation(policy, annotation, rules, at),
        ...(repeated ? [duplicate(at.child('key'), keys[index])] : []),
      ];
    }),
  ];
}

function validateAuditAnnotation(
  policy: string,
  { key, valueExpression }: AuditAnnotation,
  { compiler, params }: ExpressionRules,
  path: FieldPath,
): FieldError[] {
  const errors = policy
    ? checkQualifiedName(`${policy}/${key}`, path.child('key'))
    : [invalid(path.child('key'), key, 'requires metadata.name be non-empty')];
  const at = path.child('valueExpression');
  const source = valueExpression.trim();
  if (source === '') return [...errors, required(at, 'valueExpression is not specified')];
  if (byteLength(source) > VALUE_EXPRESSION_BYTES_MAX) {
    return [...errors, required(at, `must not exceed ${VALUE_EXPRESSION_BYTES_MAX} bytes in length`)];
  }
  const compiled = compiler().compile(source, 'auditAnnotation', { params });
  return compiled.ok ? errors : [...errors, expressionError(valueExpression, compiled, at)];
}

export function validateValidatingPolicyStatus({ status }: ValidatingAdmissionPolicy): FieldError[] {
  const path = FieldPath.of('status');
  const warnings = status?.typeChecking?.expressionWarnings ?? [];
  return [
    ...warnings.flatMap(({ fieldRef, warning }, index) => {
      const at = path.child('typeChecking', 'expressionWarnings').index(index);
      return [
        ...(warning ? [] : [required(at.child('warning'))]),
        ...validateFieldRef(fieldRef.trim(), at.child('fieldRef')),
      ];
    }),
    ...validateConditions(status?.conditions, path.child('conditions')),
  ];
}

function validateFieldRef(reference: string, path: FieldPath): FieldError[] {
  if (reference === '') return [required(path)];
  if (/[{}]/.test(reference)) return [invalid(path, reference, 'invalid JSONPath: unclosed action')];
  return [];
}
