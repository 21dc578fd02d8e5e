/**
 * Kubernetes' expression language (CEL) as of v1.36, with its libraries, type checking and cost limits.
 *
 *   const environment = createEnvironment({ variables: { object: DYN, limit: INT } });
 *   const compiled = environment.compile('object.spec.replicas <= limit');
 *   if (!compiled.ok) compiled.message; // ERROR: <input>:1:1: undeclared reference to ...
 *   else {
 *     const result = compiled.program.evaluate(new Map([['object', fromJson(deployment)], ['limit', 5n]]));
 *     result.ok ? result.value === true : result.error.message; // and result.cost
 *   }
 *
 * - Environments, programs and JSON given to `fromJson` are immutable and shared. Compile once, evaluate often.
 * - `fromJson(json)` without a type reads JSON as it is: whole numbers are ints. With a type (`schemaType(...)`) it reads
 *   by schema: `number` is a double, `format: date-time` a timestamp, lists compare by their list type.
 * - `program.cost` is the estimate before running; `sizeRoot` tells how large values can be.
 * - An object whose fields are computed on demand (`variables.x` of policies) is a `CelMap` that computes them in `get`;
 *   with a `type`, it is of that type at run time too.
 */
export {
  COST_LIMIT_PER_CALL,
  createEnvironment,
  type Activation,
  type Compilation,
  type CompileOptions,
  type CompileIssue,
  type Environment,
  type EnvironmentOptions,
  type EvaluateOptions,
  type Evaluation,
  type Program,
} from './environment.ts';
export {
  ANY,
  BOOL,
  BYTES,
  DOUBLE,
  DURATION,
  DYN,
  INT,
  NULL,
  STRING,
  TIMESTAMP,
  UINT,
  isOptionalType,
  listOf,
  mapOf,
  objectType,
  opaqueType,
  optionalOf,
  sameType,
  typeOf,
  type CelType,
  type ListType,
  type MapType,
  type ObjectField,
  type ObjectType,
  type OpaqueType,
} from './types/cel-type.ts';
export { formatType } from './types/format-type.ts';
export { escapeName, unescapeName } from './schema/escaping.ts';
export { schemaType, type OpenApiSchema, type SchemaTypeOptions } from './schema/schema-type.ts';
export { fromJson } from './schema/schema-value.ts';
export {
  CelDuration,
  CelError,
  CelOpaque,
  CelOptional,
  CelTimestamp,
  CelTypeValue,
  CelUint,
  isList,
  isMap,
  type CelList,
  type CelMap,
  type CelValue,
} from './evaluate/value.ts';
export { COST_MAX, type CostRange } from './cost/cost-range.ts';
export type { Expression } from './syntax/expression.ts';
export {
  authorizerValue,
  requestResourceValue,
  type AuthorizerOptions,
  type AuthorizerUser,
  type CheckAttributes,
  type CheckDecision,
  type CheckedResource,
} from './libraries/authorization.ts';
export { jsonPatchLibrary } from './libraries/json-patch.ts';
export { AUTHORIZER, CIDR, IP, QUANTITY, RESOURCE_CHECK, SEMVER } from './libraries/kubernetes-types.ts';
export { quantityValue } from './libraries/quantity.ts';
export { semverOf } from './libraries/semver.ts';
export type { Library } from './check/function-declaration.ts';
