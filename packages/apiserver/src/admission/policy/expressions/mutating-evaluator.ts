/**
 * What a mutating policy makes of an object.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/admission/plugin/policy/mutating/{compilation.go,patch} (v1.36)
 */
import {
  applyJsonPatch,
  ConfigurationError,
  internalError,
  mergeConfiguration,
  PatchError,
  type JsonObject,
  type JsonPatchOperation,
  type JsonValue,
  type KubeObject,
} from '@kts/apimachinery';
import { isList, type CelValue } from '@kts/cel';
import { ObjectValue } from '@kts/api/expressions/mutation-types';
import { createPolicyCompiler, type PolicyCompiler } from '@kts/api/expressions/policy-compiler';
import type { MutatingAdmissionPolicy, Mutation } from '@kts/api/types/admissionregistration-v1';

import { admittedType, decodeAdmitted, type AdmittedSubject } from '../../decode-admitted.ts';
import { evaluateGroup, type PolicyVariables } from './evaluate-group.ts';
import type { EvaluationInput } from './evaluation-input.ts';
import { jsonOf, misplacedTypes, UnmarshalableError } from './made-value.ts';
import { matchConditions, type MatchConditions } from './match-conditions.ts';
import { POLICY_BUDGET } from './validating-evaluator.ts';

/** Why a policy could not do what it is for; what that means is its failure policy. */
export class MutationError extends Error {
  override readonly name = 'MutationError';
}

/** The object as it is to be, with defaults. Throws MutationError, and what the client gets in any case. */
export type Mutator = (input: EvaluationInput) => Promise<KubeObject>;

export interface MutatingEvaluator {
  readonly conditions: MatchConditions;
  /** To be applied in order, each to what the one before has made. */
  readonly mutators: readonly Mutator[];
}

export function compileMutatingPolicy({ spec }: MutatingAdmissionPolicy): MutatingEvaluator {
  const params = spec.paramKind !== undefined;
  const compiler = createPolicyCompiler({ composition: true });
  const variables: PolicyVariables = new Map(
    (spec.variables ?? []).map(({ name, expression }) => [name, compiler.addVariable(name, expression, { params })]),
  );
  return {
    conditions: matchConditions(compiler, spec.matchConditions ?? [], spec.failurePolicy, variables, params),
    mutators: (spec.mutations ?? []).map((mutation) => mutator(compiler, mutation, variables, params)),
  };
}

function mutator(compiler: PolicyCompiler, mutation: Mutation, variables: PolicyVariables, params: boolean): Mutator {
  const isPatch = mutation.patchType === 'JSONPatch';
  const source = (isPatch ? mutation.jsonPatch?.expression : mutation.applyConfiguration?.expression) ?? '';
  const compiled = compiler.compile(source, isPatch ? 'jsonPatch' : 'applyConfiguration', { params });
  const change = isPatch ? patchedObject : configuredObject;
  return async (input) => {
    if (!compiled.ok) throw new MutationError(compiled.detail);
    const group = await evaluateGroup([{ source, compiled }], variables, input, POLICY_BUDGET);
    if (!group.ok) throw new MutationError(group.message);
    const result = group.results[0]!;
    if (!result.ok) throw new MutationError(result.message);
    return change(result.value, input);
  };
}

function configuredObject(value: CelValue, { subject }: EvaluationInput): KubeObject {
  const misplaced = misplacedTypes(value, ['Object']);
  if (misplaced.length > 0) throw new MutationError(`type mismatch: ${misplaced.join('\n')}`);
  const object = subject.object!;
  const { apiVersion, kind } = object;
  const configuration = {
    ...(madeJson(value, '') as JsonObject),
    ...(apiVersion ? { apiVersion } : {}),
    ...(kind ? { kind } : {}),
  };
  const { schema } = admittedType(subject.matched, subject.attributes.subresource);
  try {
    return finished(mergeConfiguration(schema, object as unknown as JsonObject, configuration), subject);
  } catch (error) {
    if (error instanceof ConfigurationError) throw new MutationError(`error applying patch: ${error.message}`);
    throw error;
  }
}

function patchedObject(value: CelValue, { subject }: EvaluationInput): KubeObject {
  const operations = isListValue(value) ? Array.from({ length: value.size }, (_, i) => operationOf(value.at(i)!)) : [];
  const object = subject.object!;
  try {
    return finished(applyJsonPatch(object as unknown as JsonValue, operations), subject);
  } catch (error) {
    if (!(error instanceof PatchError)) throw error;
    // A test that fails means: not for this object.
    if (error.message.endsWith('test failed')) return object;
    throw new MutationError(`JSON Patch: ${error.message}`);
  }
}

const isListValue = (value: CelValue) => typeof value === 'object' && value !== null && isList(value);

function operationOf(value: CelValue): JsonPatchOperation {
  const fields = value instanceof ObjectValue ? value.fields : new Map<string, CelValue>();
  const text = (name: string): string => (fields.get(name) ?? '') as string;
  const operation = { op: text('op'), path: text('path'), ...(text('from') ? { from: text('from') } : {}) };
  const made = fields.get('value');
  if (made === undefined) return operation;
  const misplaced = made instanceof ObjectValue ? misplacedTypes(made, made.typeName.split('.')) : [];
  if (misplaced.length > 0) throw new MutationError(`type mismatch: ${misplaced.join('\n')}`);
  const context = 'JSONPath valueExpression evaluated to a type that could not marshal to JSON: ';
  return { ...operation, value: madeJson(made, context) };
}

function madeJson(value: CelValue, context: string): JsonValue {
  try {
    return jsonOf(value);
  } catch (error) {
    if (error instanceof UnmarshalableError) throw new MutationError(context + error.message);
    throw error;
  }
}

function finished(value: JsonValue, subject: AdmittedSubject): KubeObject {
  const { defaulted, error } = decodeAdmitted(value, subject);
  if (error !== undefined) throw internalError(error);
  return defaulted;
}
