/**
 * What is wrong with a policy's expressions, seen with the types of the objects that it is about. Pure.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/admission/plugin/policy/validating/typechecking.go (v1.36)
 */
import { admissionVariables } from '@kts/api/expressions/admission-environment';
import type { ExpressionWarning, ValidatingAdmissionPolicy, Variable } from '@kts/api/types/admissionregistration-v1';
import { apiVersionOf, type GroupVersionKind } from '@kts/apimachinery';
import {
  createEnvironment,
  DYN,
  listOf,
  mapOf,
  schemaType,
  type CelType,
  type Environment,
  type ObjectField,
  type ObjectType,
  type OpenApiSchema,
} from '@kts/cel';

/** A kind with what is known of its objects. */
export interface KindSchema {
  readonly kind: GroupVersionKind;
  readonly schema: OpenApiSchema;
  /** Schemas that it refers to. */
  readonly resolve: (reference: string) => OpenApiSchema | undefined;
}

const VARIABLES_TYPE = 'kubernetes.variables';
const INT_OR_STRING = 'int-or-string';

/** @param params of the policy's parameters, if there is a schema of them */
export function checkPolicy(
  { spec }: ValidatingAdmissionPolicy,
  kinds: readonly KindSchema[],
  params: KindSchema | undefined,
): readonly ExpressionWarning[] {
  const hasParams = spec?.paramKind !== undefined;
  const paramsType = params && typeOf(params);
  const environments = kinds.map((each) => ({
    kind: each.kind,
    environment: environmentOf(typeOf(each), paramsType, hasParams, spec?.variables ?? []),
  }));
  const warning = (fieldRef: string, expression: string): readonly ExpressionWarning[] => {
    const texts = environments.flatMap(({ kind, environment }) => {
      const compiled = environment.compile(expression);
      // A program that only cannot be run has the right types.
      return compiled.ok || compiled.stage === 'program' ? [] : [`${kindText(kind)}: ${compiled.message}\n`];
    });
    return texts.length > 0 ? [{ fieldRef, warning: texts.join('\n') }] : [];
  };
  return (spec?.validations ?? []).flatMap(({ expression, messageExpression }, index) => {
    const path = `spec.validations[${index}]`;
    return [
      ...warning(`${path}.expression`, expression),
      ...(messageExpression ? warning(`${path}.messageExpression`, messageExpression) : []),
    ];
  });
}

function environmentOf(
  object: CelType | undefined,
  params: CelType | undefined,
  hasParams: boolean,
  variables: readonly Variable[],
): Environment {
  const types = { ...(object ? { object } : {}), ...(params ? { params } : {}) };
  const { 'authorizer.requestResource': _notThere, ...known } = admissionVariables(
    { params: hasParams, authorizer: true },
    types,
  );
  const fields = new Map<string, ObjectField>();
  const variablesType: ObjectType = { kind: 'object', name: VARIABLES_TYPE, fields };
  const environment = createEnvironment({ variables: { ...known, variables: variablesType } });
  // One variable may build on those before it; of one that does not compile nothing is known.
  for (const { name, expression } of variables) {
    const compiled = environment.compile(expression);
    fields.set(name, { type: compiled.ok ? asSeenByOthers(compiled.program.resultType) : DYN });
  }
  return environment;
}

function asSeenByOthers(type: CelType): CelType {
  if (type.kind === 'list') return listOf(asSeenByOthers(type.element));
  if (type.kind === 'map') return mapOf(asSeenByOthers(type.key), asSeenByOthers(type.value));
  return OPAQUE_KINDS.has(type.kind) ? DYN : type;
}

const OPAQUE_KINDS: ReadonlySet<CelType['kind']> = new Set(['object', 'opaque', 'parameter', 'type', 'wrapper']);

function typeOf({ kind, schema, resolve }: KindSchema): CelType | undefined {
  const resolveWhole = (reference: string): OpenApiSchema | undefined => {
    const found = resolve(reference);
    return found && withIntOrString(found);
  };
  return schemaType(schema, { name: kind.kind, resourceRoot: true, resolve: resolveWhole });
}

/** Built-in schemas say by their format what those of custom resources say by an extension. */
function withIntOrString(schema: OpenApiSchema): OpenApiSchema {
  return schema.format === INT_OR_STRING ? { ...schema, 'x-kubernetes-int-or-string': true } : schema;
}

/** As Go prints it. */
function kindText(kind: GroupVersionKind): string {
  const version = kind.group === '' ? `/${kind.version}` : apiVersionOf(kind);
  return `${version}, Kind=${kind.kind}`;
}
