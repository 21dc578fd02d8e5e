/**
 * What validation finds. Validators return a list of these, they never throw.
 *
 * Mirrors: staging/src/k8s.io/apimachinery/pkg/util/validation/field/errors.go (v1.36)
 */
import { goJson, goQuote } from './go-text.ts';

export type FieldErrorType =
  | 'FieldValueRequired'
  | 'FieldValueInvalid'
  | 'FieldValueNotSupported'
  | 'FieldValueForbidden'
  | 'FieldValueTooLong'
  | 'FieldValueTooMany'
  | 'FieldValueDuplicate'
  | 'FieldValueNotFound'
  | 'FieldValueTypeInvalid'
  | 'InternalError';

export interface FieldError {
  readonly type: FieldErrorType;
  /** A path such as `spec.containers[0].image`. */
  readonly field: string;
  /** The whole message without the path, as clients see it in `details.causes[].message`. */
  readonly message: string;
}

/**
 * A path into an object; children are made with `child`, `index` and `key`. Its text is only put together when there is
 * an error to tell, which of most paths there never is.
 */
export class FieldPath {
  static readonly root = new FieldPath(undefined, '', false);
  readonly #parent: FieldPath | undefined;
  readonly #name: string | number;
  readonly #isSubscript: boolean;

  private constructor(parent: FieldPath | undefined, name: string | number, isSubscript: boolean) {
    this.#parent = parent;
    this.#name = name;
    this.#isSubscript = isSubscript;
  }

  /** Starts a path, or the root's children: `FieldPath.of('spec', 'containers')`. */
  static of(...names: readonly string[]): FieldPath {
    return FieldPath.root.child(...names);
  }

  /** Empty names add nothing. */
  child(...names: readonly string[]): FieldPath {
    let path: FieldPath | undefined;
    for (const name of names) if (name !== '') path = new FieldPath(path ?? this, name, false);
    return path ?? this;
  }

  index(index: number): FieldPath {
    return new FieldPath(this, index, true);
  }

  key(key: string): FieldPath {
    return new FieldPath(this, key, true);
  }

  toString(): string {
    const before = this.#parent?.toString() ?? '';
    if (this.#isSubscript) return `${before}[${this.#name}]`;
    return before === '' ? String(this.#name) : `${before}.${this.#name}`;
  }
}

const at = (path: FieldPath, type: FieldErrorType, message: string): FieldError => ({
  type,
  field: path.toString() || '<nil>',
  message,
});

export const required = (path: FieldPath, detail = ''): FieldError =>
  at(path, 'FieldValueRequired', withDetail('Required value', detail));

export const invalid = (path: FieldPath, value: unknown, detail: string): FieldError =>
  at(path, 'FieldValueInvalid', withDetail(`Invalid value: ${valueText(value)}`, detail));

export const typeInvalid = (path: FieldPath, value: unknown, detail: string): FieldError =>
  at(path, 'FieldValueTypeInvalid', withDetail(`Invalid value: ${valueText(value)}`, detail));

export const forbidden = (path: FieldPath, detail: string): FieldError =>
  at(path, 'FieldValueForbidden', withDetail('Forbidden', detail));

export const duplicate = (path: FieldPath, value: unknown): FieldError =>
  at(path, 'FieldValueDuplicate', `Duplicate value: ${valueText(value)}`);

export const notFoundValue = (path: FieldPath, value: unknown): FieldError =>
  at(path, 'FieldValueNotFound', `Not found: ${valueText(value)}`);

/** The value itself is not repeated: it may be large. */
export const tooLong = (path: FieldPath, maxBytes: number): FieldError =>
  at(
    path,
    'FieldValueTooLong',
    maxBytes < 0 ? 'Too long: value is too long' : `Too long: may not be more than ${maxBytes} bytes`,
  );

export const tooMany = (path: FieldPath, actual: number, max: number): FieldError =>
  at(path, 'FieldValueTooMany', `Too many: ${actual}: ${max < 0 ? 'has too many items' : atMost(max)}`);

const atMost = (max: number): string => `must have at most ${max} ${max === 1 ? 'item' : 'items'}`;

/** Supported values are listed in the caller's order. */
export const notSupported = (path: FieldPath, value: unknown, supported: readonly string[]): FieldError =>
  at(
    path,
    'FieldValueNotSupported',
    `Unsupported value: ${valueText(value)}${
      supported.length > 0 ? `: supported values: ${supported.map(goQuote).join(', ')}` : ''
    }`,
  );

function withDetail(text: string, detail: string): string {
  return detail ? `${text}: ${detail}` : text;
}

/** Strings are quoted, objects are shown as JSON, nothing is shown as `null`. */
function valueText(value: unknown): string {
  if (typeof value === 'bigint') return String(value);
  return typeof value === 'string' ? goQuote(value) : goJson(value);
}
