/**
 * The shape of API objects as data. Built-in kinds (from `@kts/api`'s facts) and custom resources (from their OpenAPI
 * schemas) both become this, and everything generic reads it: strict decoding, protobuf, patches, server-side apply,
 * OpenAPI.
 */

export type Schema = ObjectSchema | MapSchema | ListSchema | ScalarSchema;

/** A struct: fixed fields in Go's order, which is the order of the JSON output. */
export interface ObjectSchema {
  readonly type: 'object';
  /** OpenAPI definition name, such as `io.k8s.api.core.v1.Pod`; empty for anonymous schemas of custom resources. */
  readonly name: string;
  /** JSON fields by name, those of inlined structs included, in output order. */
  readonly fields: ReadonlyMap<string, Field>;
  /** Go's own structure, for protobuf: an inlined struct may be a nested message there. */
  readonly members: readonly Member[];
  /** `atomic`: server-side apply treats the whole object as one value. */
  readonly structType?: 'atomic' | 'granular';
  /** `x-kubernetes-preserve-unknown-fields`: unknown fields are kept. Only custom resources have it. */
  readonly preserveUnknownFields?: boolean;
}

export interface MapSchema {
  readonly type: 'map';
  readonly values: Schema;
  readonly mapType?: 'atomic' | 'granular';
}

export interface ListSchema {
  readonly type: 'list';
  readonly items: Schema;
  /** How server-side apply merges; absent means atomic. */
  readonly listType?: 'atomic' | 'set' | 'map';
  readonly listMapKeys?: readonly string[];
  /** A named list type in Go: protobuf wraps it into a message whose field 1 has the elements. */
  readonly protoMessage?: boolean;
}

export interface ScalarSchema {
  readonly type: 'scalar';
  readonly format: ScalarFormat;
  /** Of a `json` that is a struct or something simpler: JSONSchemaPropsOrArray, OrBool, OrStringArray. */
  readonly either?: { readonly schema: ObjectSchema; readonly or: 'list' | 'boolean' | 'strings' };
}

export type ScalarFormat =
  | 'string'
  | 'boolean'
  | 'int32'
  | 'int64'
  | 'double'
  /** base64 in JSON */
  | 'bytes'
  | 'time'
  | 'microTime'
  | 'duration'
  | 'quantity'
  | 'intOrString'
  /** any JSON object: RawExtension, FieldsV1 */
  | 'jsonObject'
  /** any JSON value, apiextensions' JSON and the schema-or-something unions */
  | 'json';

export interface Field {
  readonly name: string;
  readonly schema: Schema;
  /** Not required by OpenAPI. */
  readonly optional: boolean;
  /** Left out of the JSON output when empty. Go never leaves out a struct that is no pointer unless it is `omitzero`. */
  readonly omitempty: boolean;
  /** A pointer in Go: absent and zero are different values, and protobuf leaves it out when absent. */
  readonly pointer: boolean;
  /** An empty list is a value of its own in a request: sent managedFields are reset by one. */
  readonly keepsEmpty?: boolean;
  /** A `null` is kept as a value of its own. Only custom resources have it. */
  readonly nullable?: boolean;
  /** Go's name of the type where the schema does not tell it: `v1.SecretType`, `[]v1.KeyUsage`, `v1.ResourceList`. */
  readonly goType?: string;
  /** From the `+default` marker. */
  readonly default?: unknown;
  /** The closed set of values, of the element for lists and maps. */
  readonly enum?: readonly string[];
  /** Strategic merge patch: `merge`, `replace`, `retainKeys` or combinations, and the key of list elements. */
  readonly patchStrategy?: string;
  readonly patchMergeKey?: string;
}

/** A field as Go declares it, with its protobuf number; `-name` fields are not in JSON. */
export interface Member {
  readonly name: string;
  readonly number?: number;
  readonly field?: Field;
  /** Set for an inlined struct. */
  readonly inline?: ObjectSchema;
}

export const scalar = (format: ScalarFormat): ScalarSchema => ({ type: 'scalar', format });
