/**
 * Compiles the expressions of one policy or webhook: alone, or with variables that build on each other.
 *
 * Mirrors: CompileCELExpression in staging/src/k8s.io/apiserver/pkg/admission/plugin/cel/compile.go and
 * composition.go (v1.36)
 * Differs: expressions that are stored already are compiled as new ones are, because there is one version of the language.
 */
import {
  BOOL,
  DYN,
  formatType,
  listOf,
  mapOf,
  NULL,
  sameType,
  STRING,
  type CelType,
  type Environment,
  type ObjectField,
  type ObjectType,
  type Program,
} from '@kts/cel';

import type { ExpressionPurpose } from '../expression-compiler.ts';
import { admissionEnvironment } from './admission-environment.ts';
import { JSON_PATCH_TYPE, mutationType } from './mutation-types.ts';

export interface CompilerOptions {
  /** There is `variables`, even if nothing is in it. */
  readonly composition: boolean;
}

export type CompiledExpression = { readonly ok: true; readonly program: Program } | FailedExpression;

export interface FailedExpression {
  readonly ok: false;
  /** What is wrong with it, for people. */
  readonly detail: string;
  /** It looks well, but cannot be run. */
  readonly internal?: boolean;
}

export interface PolicyCompiler {
  compile(source: string, purpose: ExpressionPurpose, options: { readonly params: boolean }): CompiledExpression;
  /** Compiles `variables.<name>`, which expressions compiled later may refer to, whether it compiles or not. */
  addVariable(name: string, source: string, options: { readonly params: boolean }): CompiledExpression;
}

/** What expressions have to result in; absent: anything. */
const RESULT_TYPES: Readonly<Partial<Record<ExpressionPurpose, readonly CelType[]>>> = {
  condition: [BOOL],
  message: [STRING],
  auditAnnotation: [STRING, NULL],
  applyConfiguration: [mutationType('Object')!],
  jsonPatch: [listOf(JSON_PATCH_TYPE)],
};

const VARIABLES_TYPE = 'kubernetes.variables';

export function createPolicyCompiler({ composition }: CompilerOptions): PolicyCompiler {
  const fields = new Map<string, ObjectField>();
  const variables: ObjectType = { kind: 'object', name: VARIABLES_TYPE, fields };
  const extended = new Map<Environment, Environment>();
  const environmentFor = (purpose: ExpressionPurpose, params: boolean): Environment => {
    const patchTypes = purpose === 'applyConfiguration' || purpose === 'jsonPatch';
    const base = admissionEnvironment({ params, authorizer: purpose !== 'message', patchTypes });
    if (!composition) return base;
    return extended.getOrInsertComputed(base, () => base.extend({ variables: { variables } }));
  };
  const compile: PolicyCompiler['compile'] = (source, purpose, { params }) =>
    compileExpression(environmentFor(purpose, params), source, RESULT_TYPES[purpose]);
  return {
    compile,
    addVariable: (name, source, options) => {
      const compiled = compile(source, 'variable', options);
      fields.set(name, { type: compiled.ok ? fieldType(compiled.program.resultType) : DYN });
      return compiled;
    },
  };
}

function compileExpression(
  environment: Environment,
  source: string,
  resultTypes: readonly CelType[] | undefined,
): CompiledExpression {
  const compiled = environment.compile(source);
  if (!compiled.ok) {
    return compiled.stage === 'program'
      ? { ok: false, detail: `program instantiation failed: ${compiled.message}`, internal: true }
      : { ok: false, detail: `compilation failed: ${compiled.message}` };
  }
  const { program } = compiled;
  if (!resultTypes || resultTypes.some((type) => sameType(type, program.resultType))) return { ok: true, program };
  const names = resultTypes.map(typeText);
  const wanted = names.length === 1 ? names[0]! : `one of [${names.join(' ')}]`;
  return { ok: false, detail: `must evaluate to ${wanted} but got ${typeText(program.resultType)}` };
}

/** As types call themselves, which is not quite what the checker calls them. */
function typeText(type: CelType): string {
  if (type.kind === 'list') return `list(${typeText(type.element)})`;
  if (type.kind === 'map') return `map(${typeText(type.key)}, ${typeText(type.value)})`;
  if (type.kind !== 'opaque' || type.parameters.length === 0) return OWN_NAMES[type.kind] ?? formatType(type);
  return `${type.name}(${type.parameters.map(typeText).join(', ')})`;
}

const OWN_NAMES: Readonly<Partial<Record<CelType['kind'], string>>> = {
  null: 'null_type',
  timestamp: 'google.protobuf.Timestamp',
  duration: 'google.protobuf.Duration',
};

/** As what others see a variable: of objects nothing is known any more. */
function fieldType(type: CelType): CelType {
  if (type.kind === 'list') return listOf(fieldType(type.element));
  if (type.kind === 'map') return mapOf(fieldType(type.key), fieldType(type.value));
  return OPAQUE_KINDS.has(type.kind) ? DYN : type;
}

const OPAQUE_KINDS: ReadonlySet<CelType['kind']> = new Set(['object', 'opaque', 'parameter', 'type', 'wrapper']);
