import type { CelType } from '../types/cel-type.ts';

/**
 * Values of the expression language while it runs. `int` is a bigint, `double` a number, so that each JavaScript value
 * has one CEL type. Lists and maps are interfaces: JSON objects are wrapped as they are read and never copied.
 */
export type CelValue =
  | null
  | boolean
  | bigint
  | number
  | string
  | Uint8Array
  | CelUint
  | CelTimestamp
  | CelDuration
  | CelList
  | CelMap
  | CelOptional
  | CelTypeValue
  | CelOpaque
  | CelUnknown
  | CelError;

/** What went wrong, as a value: `&&`, `||`, `all` and `exists` may yet ignore it. */
export class CelError {
  readonly kind = 'error';
  readonly reason: 'failed' | 'costExceeded' | 'interrupted';
  readonly message: string;

  constructor(message: string, reason: CelError['reason'] = 'failed') {
    this.message = message;
    this.reason = reason;
  }
}

export class CelUint {
  readonly kind = 'uint';
  readonly value: bigint;

  constructor(value: bigint) {
    this.value = value;
  }
}

export class CelTimestamp {
  readonly kind = 'timestamp';
  /** Since 1970-01-01T00:00:00Z. */
  readonly nanoseconds: bigint;
  /** Seconds east of UTC, which only its text shows. */
  readonly offset: number;

  constructor(nanoseconds: bigint, offset = 0) {
    this.nanoseconds = nanoseconds;
    this.offset = offset;
  }
}

export class CelDuration {
  readonly kind = 'duration';
  readonly nanoseconds: bigint;

  constructor(nanoseconds: bigint) {
    this.nanoseconds = nanoseconds;
  }
}

export class CelOptional {
  readonly kind = 'optional';
  /** Absent: `optional.none()`. */
  readonly value: CelValue | undefined;

  constructor(value: CelValue | undefined) {
    this.value = value;
  }
}

export const OPTIONAL_NONE = new CelOptional(undefined);

/** A type as a value: `type(1)`, `int`. */
export class CelTypeValue {
  readonly kind = 'type';
  readonly type: CelType;

  constructor(type: CelType) {
    this.type = type;
  }
}

/** A value without type information that has been kept because of `x-kubernetes-preserve-unknown-fields`. */
export class CelUnknown {
  readonly kind = 'unknown';
  readonly json: unknown;

  constructor(json: unknown) {
    this.json = json;
  }
}

/** Compared only with a value of the same `equals`, so whose content is of the same type. */
type SameContent<Content> = { compare(a: Content, b: Content): boolean }['compare'];

/** A value of an opaque type, such as a quantity: only that type's functions know its content. */
export class CelOpaque<Content = unknown> {
  readonly kind = 'opaque';
  readonly type: CelType;
  readonly content: Content;
  readonly equals: SameContent<Content>;
  /** What costs go by. */
  readonly size: number;

  constructor(type: CelType, content: Content, equals: SameContent<Content> = Object.is, size = 1) {
    this.type = type;
    this.content = content;
    this.equals = equals;
    this.size = size;
  }
}

export interface CelList {
  readonly kind: 'list';
  readonly size: number;
  /** Undefined beyond the end. */
  at(index: number): CelValue | undefined;
  /** Where the schema says more than "element by element". */
  equalTo?(other: CelList): boolean | CelError;
  /** Where the schema says more than "one after the other". */
  concat?(other: CelList): CelList;
}

export interface CelMap {
  readonly kind: 'map';
  /** Of an object that is of a type of its own; absent: `map`. */
  readonly type?: CelType;
  readonly size: number;
  /** Undefined: no such key. A CelError: no such kind of key. */
  get(key: CelValue): CelValue | undefined;
  keys(): Iterable<CelValue>;
  /** Where the schema says more than "entry by entry". */
  equalTo?(other: CelMap): boolean | CelError;
}

/** Whether a value is of the kinds that carry their kind with them. */
export function isKind<Kind extends KindedValue['kind']>(
  value: CelValue,
  kind: Kind,
): value is Extract<KindedValue, { kind: Kind }> {
  return typeof value === 'object' && value !== null && (value as KindedValue).kind === kind;
}

type KindedValue = Exclude<Extract<CelValue, object>, Uint8Array>;

export function isList(value: CelValue): value is CelList {
  return isKind(value, 'list');
}

export function isMap(value: CelValue): value is CelMap {
  return isKind(value, 'map');
}

export const NO_SUCH_OVERLOAD = new CelError('no such overload');
