/**
 * An OpenAPI 2.0 document as protobuf, which clients before v1.27 ask for and cannot do without.
 *
 * Mirrors: openapiv2/OpenAPIv2.proto of github.com/google/gnostic-models
 */
import { ProtoWriter, WIRE_BYTES, WIRE_FIXED64, WIRE_VARINT } from '@kts/apimachinery';

type JsonObject = Readonly<Record<string, unknown>>;
/** Writes the inside of a message. */
type Write<T = never> = (writer: ProtoWriter, value: T) => void;
/** How a member of the document is written. `any` is any value, `anys` a list of such. */
type Kind = 'string' | 'strings' | 'bool' | 'integer' | 'double' | 'any' | 'anys' | Write | readonly [Write];
type Fields = Readonly<Record<string, readonly [number: number, kind: Kind]>>;

/** A message with the members that `fields` knows; those that begin with `x-` go into the field `extensions`. */
function message(fields: Fields, extensions: number): Write<JsonObject> {
  return (writer, value) => {
    for (const [name, member] of Object.entries(value)) {
      const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
      if (field) writeMember(writer, field[0], field[1], member);
      else if (name.startsWith('x-')) pair(writer, extensions, name, anyValue, member);
    }
  };
}

function writeMember(writer: ProtoWriter, field: number, kind: Kind, value: unknown): void {
  switch (kind) {
    case 'string':
      writer.tag(field, WIRE_BYTES).string(value as string);
      return;
    case 'strings':
      for (const text of value as readonly string[]) writer.tag(field, WIRE_BYTES).string(text);
      return;
    case 'bool':
      if (value === true) writer.tag(field, WIRE_VARINT).uint32(1);
      return;
    case 'integer':
      writer.tag(field, WIRE_VARINT).varint(value as number);
      return;
    case 'double':
      writer.tag(field, WIRE_FIXED64).double(value as number);
      return;
    case 'any':
      part(writer, field, anyValue, value);
      return;
    case 'anys':
      for (const item of value as readonly unknown[]) part(writer, field, anyValue, item);
      return;
    default:
      if (typeof kind === 'function') part(writer, field, kind, value as never);
      else for (const item of value as readonly never[]) part(writer, field, kind[0], item);
  }
}

function part<T>(writer: ProtoWriter, field: number, write: Write<T>, value: T): void {
  writer.tag(field, WIRE_BYTES).delimited(() => write(writer, value));
}

/** A name and a value. */
function pair<T>(writer: ProtoWriter, field: number, name: string, write: Write<T>, value: T): void {
  part(
    writer,
    field,
    () => {
      writer.tag(1, WIRE_BYTES).string(name);
      part(writer, 2, write, value);
    },
    undefined,
  );
}

/** A message around another one. */
function wrapped<T>(field: number, write: Write<T>): Write<T> {
  return (writer, value) => part(writer, field, write, value);
}

/** YAML in field 2, and JSON is YAML. */
const anyValue: Write<unknown> = (writer, value) => {
  writer.tag(2, WIRE_BYTES).string(`${JSON.stringify(value)}\n`);
};

/** A map, as pairs in a field. */
function pairs<T>(write: Write<T>, field = 1): Write<JsonObject> {
  return (writer, value) => {
    for (const [name, member] of Object.entries(value)) pair(writer, field, name, write, member as T);
  };
}

const stringList: Write<readonly string[] | string> = (writer, values) => {
  for (const value of [values].flat()) writer.tag(1, WIRE_BYTES).string(value);
};

const schema: Write<JsonObject> = (writer, value) => writeSchema(writer, value);
const items: Write<JsonObject | readonly JsonObject[]> = (writer, value) => {
  for (const item of [value].flat()) part(writer, 1, schema, item);
};
const additionalProperties: Write<JsonObject | boolean> = (writer, value) => {
  if (typeof value === 'boolean') writer.tag(2, WIRE_VARINT).uint32(value ? 1 : 0);
  else part(writer, 1, schema, value);
};

const writeSchema = message(
  {
    $ref: [1, 'string'],
    format: [2, 'string'],
    title: [3, 'string'],
    description: [4, 'string'],
    default: [5, 'any'],
    multipleOf: [6, 'double'],
    maximum: [7, 'double'],
    exclusiveMaximum: [8, 'bool'],
    minimum: [9, 'double'],
    exclusiveMinimum: [10, 'bool'],
    maxLength: [11, 'integer'],
    minLength: [12, 'integer'],
    pattern: [13, 'string'],
    maxItems: [14, 'integer'],
    minItems: [15, 'integer'],
    uniqueItems: [16, 'bool'],
    maxProperties: [17, 'integer'],
    minProperties: [18, 'integer'],
    required: [19, 'strings'],
    enum: [20, 'anys'],
    additionalProperties: [21, additionalProperties],
    type: [22, stringList],
    items: [23, items],
    allOf: [24, [schema]],
    properties: [25, pairs(schema)],
    example: [30, 'any'],
  },
  31,
);

/** Parameters in the path and those in the query have their members at different numbers. */
const simpleParameter = (shift: number): Fields => ({
  required: [1, 'bool'],
  in: [2, 'string'],
  description: [3, 'string'],
  name: [4, 'string'],
  type: [5 + shift, 'string'],
  format: [6 + shift, 'string'],
  uniqueItems: [19 + shift, 'bool'],
});
const pathParameter = message(simpleParameter(0), 22);
const queryParameter = message(simpleParameter(1), 23);
const bodyParameter = message(
  {
    description: [1, 'string'],
    name: [2, 'string'],
    in: [3, 'string'],
    required: [4, 'bool'],
    schema: [5, schema],
  },
  6,
);

const IN_BODY = wrapped(1, wrapped(1, bodyParameter));
const IN_PATH = wrapped(1, wrapped(2, wrapped(4, pathParameter)));
const IN_QUERY = wrapped(1, wrapped(2, wrapped(3, queryParameter)));

const parameter: Write<JsonObject> = (writer, value) => {
  const place = value['in'];
  const write = place === 'body' ? IN_BODY : place === 'path' ? IN_PATH : IN_QUERY;
  write(writer, value);
};

const response = message({ description: [1, 'string'], schema: [2, wrapped(1, schema)] }, 5);
const operation = message(
  {
    tags: [1, 'strings'],
    summary: [2, 'string'],
    description: [3, 'string'],
    operationId: [5, 'string'],
    produces: [6, 'strings'],
    consumes: [7, 'strings'],
    parameters: [8, [parameter]],
    responses: [9, pairs(wrapped(1, response))],
    schemes: [10, 'strings'],
    deprecated: [11, 'bool'],
  },
  13,
);
const pathItem = message(
  {
    get: [2, operation],
    put: [3, operation],
    post: [4, operation],
    delete: [5, operation],
    options: [6, operation],
    head: [7, operation],
    patch: [8, operation],
    parameters: [9, [parameter]],
  },
  10,
);
const apiKey = message({ type: [1, 'string'], name: [2, 'string'], in: [3, 'string'], description: [4, 'string'] }, 5);
const document = message(
  {
    swagger: [1, 'string'],
    info: [2, message({ title: [1, 'string'], version: [2, 'string'], description: [3, 'string'] }, 7)],
    paths: [8, pairs(pathItem, 2)],
    definitions: [9, pairs(schema)],
    security: [12, [pairs(stringList)]],
    securityDefinitions: [13, pairs(wrapped(2, apiKey))],
  },
  16,
);

/** `value` is a document as `openapiV2` makes it. */
export function encodeOpenapiV2(value: object): Uint8Array {
  const writer = new ProtoWriter();
  document(writer, value as JsonObject);
  return writer.finish();
}
