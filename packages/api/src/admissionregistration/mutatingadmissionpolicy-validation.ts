/**
 * Mirrors: pkg/apis/admissionregistration/validation/validation.go (v1.36), ValidateMutatingAdmissionPolicy
 */
import { FieldPath, invalid, required, type FieldError } from '@kts/apimachinery';
import { checkChoice, checkSupported, sameValue } from '../field-checks.ts';
import type { MutatingAdmissionPolicy, Mutation } from '../gen/admissionregistration-v1.gen.ts';
import { createCompiler } from './expression-compiler.ts';
import {
  validateExpression,
  validateMatchConditions,
  validateVariables,
  type ExpressionRules,
} from './expression-validation.ts';
import type { PolicyCompiler } from './expressions/policy-compiler.ts';
import { validateMatchResources, validateMutableOperations } from './match-resources-validation.ts';
import { validateParamKind } from './param-validation.ts';

/** Match conditions that an update leaves as they were are not looked at again. */
export function validateMutatingPolicy({ spec }: MutatingAdmissionPolicy, old?: MutatingAdmissionPolicy): FieldError[] {
  const path = FieldPath.of('spec');
  const { matchConstraints, mutations = [] } = spec;
  let compiler: PolicyCompiler | undefined;
  const rules: ExpressionRules = {
    compiler: () => (compiler ??= createCompiler({ composition: true })),
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
    ...validateMutableOperations(matchConstraints, path.child('matchConstraints')),
    ...(sameConditions
      ? []
      : validateMatchConditions(spec.matchConditions, rules.params, path.child('matchConditions'))),
    ...validateVariables(spec.variables, rules, path.child('variables')),
    ...(mutations.length === 0 ? [required(path.child('mutations'), 'mutations must contain at least one item')] : []),
    ...mutations.flatMap((one, index) => validateMutation(one, rules, path.child('mutations').index(index))),
    ...checkChoice(spec.reinvocationPolicy, ['IfNeeded', 'Never'], path.child('reinvocationPolicy')),
  ];
}

const PATCHES = { ApplyConfiguration: 'applyConfiguration', JSONPatch: 'jsonPatch' } as const;

/** A mutation has the kind of patch that it says, and no other. */
function validateMutation(mutation: Mutation, rules: ExpressionRules, path: FieldPath): FieldError[] {
  const { patchType } = mutation;
  const typeErrors = checkChoice(patchType, Object.keys(PATCHES), path.child('patchType'));
  if (typeErrors.length > 0) return typeErrors;
  const own = PATCHES[patchType];
  const other = own === 'jsonPatch' ? 'applyConfiguration' : 'jsonPatch';
  const errors = mutation[own]
    ? validatePatchExpression(mutation[own].expression ?? '', own, rules, path.child(own, 'expression'))
    : [required(path.child(own), `must be specified when patchType is ${patchType}`)];
  if (!mutation[other]) return errors;
  return [...errors, invalid(path.child(other), `{${other}}`, `must not be specified when patchType is ${patchType}`)];
}

function validatePatchExpression(
  expression: string,
  purpose: 'applyConfiguration' | 'jsonPatch',
  rules: ExpressionRules,
  path: FieldPath,
): FieldError[] {
  const source = expression.trim();
  return source === '' ? [required(path)] : validateExpression(source, purpose, rules, path);
}
