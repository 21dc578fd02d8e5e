import { decodeScalar, NumberLiteral, TypeMismatchError } from './decode-scalar.ts';
import { goTypeName } from './json-patch.ts';
import { jsonPathText, type JsonPathSegment } from './json-scan.ts';
import type { ObjectSchema, ScalarSchema, Schema } from './schema.ts';

/**
 * What is wrong with a value that does not fit its schema, in Go's words. Only called once something is known to be
 * wrong; it need not be fast.
 *
 * Mirrors: sigs.k8s.io/json: the first mismatch of types is reported at the end, the error of a type's own decoder at
 * once; unknown fields are reported with their path, each text once, at most STRICT_ERRORS_MAX.
 */
export interface DecodingProblems {
  readonly unknown: readonly string[];
  readonly error?: string;
}

const STRICT_ERRORS_MAX = 100;

export function explainDecoding(schema: ObjectSchema, value: unknown): DecodingProblems {
  const walk = new Walk();
  try {
    walk.visit(schema, value, undefined);
  } catch (error) {
    return { unknown: [], error: (error as Error).message };
  }
  return { unknown: [...walk.unknown], ...(walk.mismatch === undefined ? {} : { error: walk.mismatch }) };
}

/** Whether duplicate members at a path are noticed: the decoder looks into everything but free JSON and unknown fields. */
export function isDecodedPath(schema: ObjectSchema, path: readonly JsonPathSegment[]): boolean {
  let current: Schema | undefined = schema;
  for (const segment of path) {
    if (current.type === 'scalar') return false;
    if (current.type === 'object') current = current.fields.get(String(segment))?.schema;
    else current = current.type === 'map' ? current.values : current.items;
    if (current === undefined) return false;
  }
  return true;
}

/** Go's name of a type: `v1.PodSpec`, `[]string`, `map[string]string`, `int32`. */
export function goTypeOf(schema: Schema): string {
  switch (schema.type) {
    case 'object':
      return schema.name.split('.').slice(-2).join('.');
    case 'list':
      return `[]${goTypeOf(schema.items)}`;
    case 'map':
      return `map[string]${goTypeOf(schema.values)}`;
    case 'scalar':
      return GO_SCALARS[schema.format] ?? schema.format;
  }
}

/** The named type of the elements of `[]v1.KeyUsage` or `map[string]v1.ExtraValue`; a named list does not tell. */
function elementGoType(goType: string | undefined): string | undefined {
  return /^(?:\[\]|map\[[^\]]*\])(.+)$/.exec(goType ?? '')?.[1];
}

const GO_SCALARS: Readonly<Partial<Record<string, string>>> = {
  boolean: 'bool',
  double: 'float64',
  bytes: '[]uint8',
  quantity: 'resource.Quantity',
  time: 'v1.Time',
  microTime: 'v1.MicroTime',
  duration: 'v1.Duration',
  intOrString: 'intstr.IntOrString',
};

class Walk {
  readonly unknown = new Set<string>();
  mismatch: string | undefined;
  readonly #path: JsonPathSegment[] = [];
  /** Names of fields for messages: without indices, with the names of inlined structs. */
  readonly #names: string[] = [];
  #struct = '';
  /** Inside of how many values that are read without looking for unknown fields. */
  #lenient = 0;

  visit(schema: Schema, value: unknown, goType: string | undefined): void {
    if (value === null || value === undefined) return;
    if (schema.type === 'scalar') {
      return schema.either ? this.#either(schema.either, value) : this.#scalar(schema.format, value, goType);
    }
    const isObject = typeof value === 'object' && !Array.isArray(value) && !(value instanceof NumberLiteral);
    if (schema.type === 'list' ? !Array.isArray(value) : !isObject) {
      const found = value instanceof NumberLiteral ? 'number' : goTypeName(value);
      this.#report(new TypeMismatchError(found, goType ?? goTypeOf(schema)));
    } else if (schema.type === 'object') {
      this.#structFields(schema, value as Readonly<Record<string, unknown>>);
    } else if (schema.type === 'list') {
      for (const [index, item] of (value as readonly unknown[]).entries()) {
        this.#within(index, () => this.visit(schema.items, item, elementGoType(goType)));
      }
    } else {
      for (const [key, item] of Object.entries(value as object)) {
        this.#within(key, () => this.visit(schema.values, item, elementGoType(goType)));
      }
    }
  }

  /** The decoder of such a place is not strict. */
  #either({ schema, or }: NonNullable<ScalarSchema['either']>, value: unknown): void {
    if (Array.isArray(value) && or !== 'boolean') {
      if (or === 'list') for (const one of value) this.#leniently(schema, one);
    } else if (typeof value === 'object' && !Array.isArray(value) && !(value instanceof NumberLiteral)) {
      this.#leniently(schema, value);
    } else if (or === 'boolean' && typeof value !== 'boolean') {
      throw new Error('boolean or JSON schema expected');
    }
  }

  #leniently(schema: Schema, value: unknown): void {
    this.#lenient++;
    this.visit(schema, value, undefined);
    this.#lenient--;
  }

  #structFields(schema: ObjectSchema, value: Readonly<Record<string, unknown>>): void {
    const outer = this.#struct;
    for (const [key, item] of Object.entries(value)) {
      const field = schema.fields.get(key);
      if (field === undefined) {
        if (!schema.preserveUnknownFields) this.#within(key, () => this.#reportUnknown());
        continue;
      }
      this.#struct = schema.name.split('.').at(-1)!;
      const names = [...inlinedNames(schema, key), key];
      this.#names.push(...names);
      this.#within(key, () => this.visit(field.schema, item, field.goType));
      this.#names.length -= names.length;
    }
    this.#struct = outer;
  }

  #scalar(format: Parameters<typeof decodeScalar>[0], value: unknown, goType: string | undefined): void {
    try {
      decodeScalar(format, value);
    } catch (error) {
      if (!(error instanceof TypeMismatchError)) {
        if (format !== 'bytes') throw error;
        this.mismatch ??= (error as Error).message;
        return;
      }
      const named = format === 'string' && goType ? new TypeMismatchError(error.found, goType) : error;
      this.#report(named);
      if (OWN_DECODERS.has(format)) throw new Error(this.#text(named), { cause: error });
    }
  }

  #report(error: TypeMismatchError): void {
    this.mismatch ??= this.#text(error);
  }

  #text(error: TypeMismatchError): string {
    if (this.#struct === '') return error.message;
    const field = `${this.#struct}.${this.#names.join('.')}`;
    return `json: cannot unmarshal ${error.found} into Go struct field ${field} of type ${error.goType}`;
  }

  #reportUnknown(): void {
    if (this.#lenient === 0 && this.unknown.size < STRICT_ERRORS_MAX) this.unknown.add(jsonPathText(this.#path));
  }

  #within(segment: JsonPathSegment, action: () => void): void {
    this.#path.push(segment);
    action();
    this.#path.pop();
  }
}

const OWN_DECODERS: ReadonlySet<string> = new Set(['time', 'microTime', 'duration', 'quantity', 'intOrString']);

/** The names of the inlined structs that a field comes from, outermost first. */
function inlinedNames(schema: ObjectSchema, key: string): readonly string[] {
  for (const member of schema.members) {
    if (member.inline?.fields.has(key)) {
      return [member.inline.name.split('.').at(-1)!, ...inlinedNames(member.inline, key)];
    }
  }
  return [];
}
