/**
 * What a schema has to say against a value, in the words and with the field errors that clients see.
 *
 * Mirrors: k8s.io/kube-openapi/pkg/validation/errors/schema.go and kubeOpenAPIResultToFieldErrors in
 * staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/validation/validation.go (v1.36)
 */
import {
  type FieldPath,
  formatJson,
  invalid,
  notSupported,
  required,
  tooLong,
  tooMany,
  typeInvalid,
  type FieldError,
} from '@kts/apimachinery';

export interface Finding {
  /** The same finding is told once. */
  readonly text: string;
  /** `base` is where the validated value stands. */
  toError(base: FieldPath): FieldError;
}

/** Where a value stands inside the validated one, such as `.spec.items[0]`; empty for the value itself. */
export type ValuePath = string;

type MakeError = (path: FieldPath) => FieldError;

function at(path: ValuePath, text: string, make: MakeError): Finding {
  const name = path.startsWith('.') ? path.slice(1) : path;
  return { text, toError: (base) => make(name === '' ? base : base.child(name)) };
}

/** A finding about the value as a whole, wherever inside of it. */
export function overall(text: string): Finding {
  return { text, toError: (base) => invalid(base, '', text) };
}

/** `found` is the name of a type, or a string that is not of the wanted format. */
export function wrongType(path: ValuePath, wanted: string, found: string): Finding {
  const text = `${path} in body must be of type ${wanted}: ${JSON.stringify(found)}`;
  return at(path, text, (field) => typeInvalid(field, found, text));
}

export function missing(path: ValuePath): Finding {
  return at(path, `${path} in body is required`, (field) => required(field));
}

export function notInEnum(path: ValuePath, value: unknown, values: readonly unknown[]): Finding {
  const supported = values.map((one) => (typeof one === 'string' ? one : formatJson(one)));
  return at(path, `${path} in body should be one of [${supported.join(' ')}]`, (field) =>
    notSupported(field, value, supported),
  );
}

export function tooLongText(path: ValuePath, max: number): Finding {
  return at(path, `${path} in body should be at most ${max} chars long`, (field) => tooLong(field, max));
}

export function tooManyItems(path: ValuePath, size: number, max: number): Finding {
  return at(path, `${path} in body should have at most ${max} items`, (field) => tooMany(field, size, max));
}

export function tooManyProperties(path: ValuePath, size: number, max: number): Finding {
  return at(path, `${path} in body should have at most ${max} properties`, (field) => tooMany(field, size, max));
}

/** `path in body should ...`. */
export function should(path: ValuePath, value: unknown, what: string): Finding {
  const text = `${path} in body should ${what}`;
  return at(path, text, (field) => invalid(field, value, text));
}

export function forbiddenProperty(path: ValuePath, name: string): Finding {
  const text = `${path}.${name} in body is a forbidden property`;
  return at(path, text, (field) => invalid(field, name, text));
}

/** `shown` is the factor in Go's words. */
export function factorNotPositive(path: ValuePath, factor: number, shown: string): Finding {
  const text = `factor MultipleOf declared for ${path} must be positive: ${shown}`;
  return at(path, text, (field) => invalid(field, factor, text));
}

/** A floating-point number as Go's `%v` prints it: `1e+06`, `0.5`. */
export function goFloat(value: number): string {
  const exponential = value.toExponential();
  const exponent = Number(exponential.slice(exponential.indexOf('e') + 1));
  if (exponent >= -4 && exponent < 6) return String(value);
  return exponential.replace(/e([+-])(\d)$/, 'e$10$2');
}
