/**
 * The types of the expression language. A type is plain data: two types are the same when `sameType` says so. Types made
 * from a schema also carry how large a value can be, which is what static cost estimation works with.
 *
 * Mirrors: github.com/google/cel-go/common/types.Type and staging/src/k8s.io/apiserver/pkg/cel/types.go (v1.36)
 */
export type CelType =
  | SimpleType
  | ListType
  | MapType
  | ObjectType
  | OpaqueType
  | TypeType
  | ParameterType
  | WrapperType;

export type SimpleKind =
  | 'dyn'
  | 'any'
  | 'error'
  | 'null'
  | 'bool'
  | 'int'
  | 'uint'
  | 'double'
  | 'string'
  | 'bytes'
  | 'timestamp'
  | 'duration';

/** What a schema says of a type's values beyond the type itself. */
export interface Bounds {
  /** Most elements of a list, entries of a map, or bytes of a string. Absent: not known. */
  readonly sizeMax?: number;
  /** Fewest bytes that a value takes as JSON. */
  readonly serializedMin?: number;
  /** `null` is a value, where it does not mean absent. */
  readonly nullable?: boolean;
  /** Of a timestamp: how JSON writes it. Default `date-time`. */
  readonly format?: 'date' | 'date-time';
}

export interface SimpleType extends Bounds {
  readonly kind: SimpleKind;
}

export interface ListType extends Bounds {
  readonly kind: 'list';
  readonly element: CelType;
  /** `x-kubernetes-list-type`: equality and concatenation follow it. Absent: atomic. */
  readonly listType?: 'atomic' | 'set' | 'map';
  readonly listMapKeys?: readonly string[];
}

export interface MapType extends Bounds {
  readonly kind: 'map';
  readonly key: CelType;
  readonly value: CelType;
}

/** An object with known fields. Its name is its identity. */
export interface ObjectType extends Bounds {
  readonly kind: 'object';
  readonly name: string;
  /** By name as expressions write it, so escaped where a JSON name is no identifier. May be built lazily. */
  readonly fields: ReadonlyMap<string, ObjectField>;
  /** `Name{field: value}` makes this object. Absent: it may not be constructed. */
  readonly construct?: (fields: ReadonlyMap<string, unknown>) => unknown;
}

export interface ObjectField {
  readonly type: CelType;
  /** The name in JSON, where it differs. */
  readonly jsonName?: string;
}

/** A type that only its own functions look into: `kubernetes.Quantity`, `net.IP`, `optional_type(T)`. */
export interface OpaqueType extends Bounds {
  readonly kind: 'opaque';
  readonly name: string;
  readonly parameters: readonly CelType[];
}

/** The type of a type: `int` in an expression is a value of `type(int)`. */
export interface TypeType extends Bounds {
  readonly kind: 'type';
  readonly of?: CelType;
}

/** A type parameter of a function's signature, or one that the checker made up. */
export interface ParameterType extends Bounds {
  readonly kind: 'parameter';
  readonly name: string;
}

/** A scalar or null: protobuf's wrapper messages. */
export interface WrapperType extends Bounds {
  readonly kind: 'wrapper';
  readonly of: SimpleType;
}

export const DYN: SimpleType = { kind: 'dyn' };
export const ANY: SimpleType = { kind: 'any' };
export const ERROR: SimpleType = { kind: 'error' };
export const NULL: SimpleType = { kind: 'null', serializedMin: 4 };
export const BOOL: SimpleType = { kind: 'bool', serializedMin: 4 };
export const INT: SimpleType = { kind: 'int', serializedMin: 1 };
export const UINT: SimpleType = { kind: 'uint', serializedMin: 1 };
export const DOUBLE: SimpleType = { kind: 'double', serializedMin: 1 };
export const STRING: SimpleType = { kind: 'string', serializedMin: 2 };
export const BYTES: SimpleType = { kind: 'bytes', serializedMin: 2 };
export const TIMESTAMP: SimpleType = { kind: 'timestamp', serializedMin: 12 };
export const DURATION: SimpleType = { kind: 'duration', serializedMin: 3 };
export const TYPE: TypeType = { kind: 'type' };

export function listOf(element: CelType, options: Omit<ListType, 'kind' | 'element'> = {}): ListType {
  return { kind: 'list', element, ...options };
}

export function mapOf(key: CelType, value: CelType, bounds: Bounds = {}): MapType {
  return { kind: 'map', key, value, ...bounds };
}

/** Fields by name; a plain record of types will do where names need no escaping. */
export function objectType(
  name: string,
  fields: ReadonlyMap<string, ObjectField> | Readonly<Record<string, CelType>>,
  bounds: Bounds = {},
): ObjectType {
  const byName =
    fields instanceof Map
      ? (fields as ReadonlyMap<string, ObjectField>)
      : new Map(Object.entries(fields as Record<string, CelType>).map(([field, type]) => [field, { type }]));
  return { kind: 'object', name, fields: byName, ...bounds };
}

export function opaqueType(name: string, ...parameters: CelType[]): OpaqueType {
  return { kind: 'opaque', name, parameters };
}

export function optionalOf(type: CelType): OpaqueType {
  return { kind: 'opaque', name: OPTIONAL_TYPE_NAME, parameters: [type] };
}

export function typeOf(type: CelType): TypeType {
  return { kind: 'type', of: type };
}

export function parameterType(name: string): ParameterType {
  return { kind: 'parameter', name };
}

export function wrapperOf(type: SimpleType): WrapperType {
  return { kind: 'wrapper', of: type };
}

export const OPTIONAL_TYPE_NAME = 'optional_type';

export function isOptionalType(type: CelType): type is OpaqueType {
  return type.kind === 'opaque' && type.name === OPTIONAL_TYPE_NAME;
}

/** The types that a type is made with, in order: element, key and value, parameters. */
export function parametersOf(type: CelType): readonly CelType[] {
  switch (type.kind) {
    case 'list':
      return [type.element];
    case 'map':
      return [type.key, type.value];
    case 'opaque':
      return type.parameters;
    case 'type':
      return type.of ? [type.of] : [];
    case 'any':
    case 'bool':
    case 'bytes':
    case 'double':
    case 'duration':
    case 'dyn':
    case 'error':
    case 'int':
    case 'null':
    case 'object':
    case 'parameter':
    case 'string':
    case 'timestamp':
    case 'uint':
    case 'wrapper':
      return [];
  }
}

/** The type made with other types in the places that `parametersOf` lists; the same one if none is another. */
export function mapParameters(type: CelType, change: (type: CelType) => CelType): CelType {
  switch (type.kind) {
    case 'list': {
      const element = change(type.element);
      return element === type.element ? type : listOf(element);
    }
    case 'map': {
      const [key, value] = [change(type.key), change(type.value)];
      return key === type.key && value === type.value ? type : mapOf(key, value);
    }
    case 'opaque': {
      if (type.parameters.length === 0) return type;
      return { ...type, parameters: type.parameters.map(change) };
    }
    case 'type':
      return type.of ? typeOf(change(type.of)) : type;
    case 'any':
    case 'bool':
    case 'bytes':
    case 'double':
    case 'duration':
    case 'dyn':
    case 'error':
    case 'int':
    case 'null':
    case 'object':
    case 'parameter':
    case 'string':
    case 'timestamp':
    case 'uint':
    case 'wrapper':
      return type;
  }
}

/** The same kind, name and parameters; bounds play no part. */
export function sameType(a: CelType, b: CelType): boolean {
  if (a === b) return true;
  if (a.kind !== b.kind) return false;
  switch (a.kind) {
    case 'object':
    case 'parameter':
      return a.name === (b as typeof a).name;
    case 'wrapper':
      return a.of.kind === (b as WrapperType).of.kind;
    case 'opaque':
      return a.name === (b as OpaqueType).name && sameTypes(a.parameters, (b as OpaqueType).parameters);
    case 'any':
    case 'bool':
    case 'bytes':
    case 'double':
    case 'duration':
    case 'dyn':
    case 'error':
    case 'int':
    case 'list':
    case 'map':
    case 'null':
    case 'string':
    case 'timestamp':
    case 'type':
    case 'uint':
      return sameTypes(parametersOf(a), parametersOf(b));
  }
}

function sameTypes(a: readonly CelType[], b: readonly CelType[]): boolean {
  return a.length === b.length && a.every((type, index) => sameType(type, b[index]!));
}
