import { assert } from '@kts/base';
import type { Field, Member, ObjectSchema, ScalarFormat, Schema } from '@kts/apimachinery';
import { scalar } from '@kts/apimachinery';
import { typeFacts, type FieldFacts, type FieldType, type TypeFacts } from './facts.ts';

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const APIEXTENSIONS = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1';

/** Types whose JSON form is not that of a struct. */
const SPECIAL: Readonly<Record<string, ScalarFormat>> = {
  [`${META}.Time`]: 'time',
  [`${META}.MicroTime`]: 'microTime',
  [`${META}.Duration`]: 'duration',
  [`${META}.FieldsV1`]: 'jsonObject',
  'io.k8s.apimachinery.pkg.api.resource.Quantity': 'quantity',
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': 'intOrString',
  'io.k8s.apimachinery.pkg.runtime.RawExtension': 'jsonObject',
  [`${APIEXTENSIONS}.JSON`]: 'json',
};
/** Unions of a schema with something simpler. */
const EITHER: Readonly<Record<string, 'list' | 'boolean' | 'strings'>> = {
  [`${APIEXTENSIONS}.JSONSchemaPropsOrArray`]: 'list',
  [`${APIEXTENSIONS}.JSONSchemaPropsOrBool`]: 'boolean',
  [`${APIEXTENSIONS}.JSONSchemaPropsOrStringArray`]: 'strings',
};
const BASIC: Readonly<Record<string, ScalarFormat>> = {
  string: 'string',
  boolean: 'boolean',
  int: 'int64',
  int32: 'int32',
  int64: 'int64',
  double: 'double',
  bytes: 'bytes',
  any: 'json',
};

const built = new Map<string, ObjectSchema>();

/**
 * The schema of a built-in type by its OpenAPI name, such as `io.k8s.api.core.v1.Pod`. Always the same object for the
 * same name; recursive types refer to themselves. An unknown name is a mistake of the caller.
 */
export function schemaOf(openApiName: string): ObjectSchema {
  const known = built.get(openApiName);
  if (known) return known;
  const facts = typeFacts()[openApiName];
  assert(facts, `no type ${openApiName} in facts/types.json`);
  const fields = new Map<string, Field>();
  const members: Member[] = [];
  const schema: ObjectSchema = {
    type: 'object',
    name: openApiName,
    fields,
    members,
    ...(facts.structType ? { structType: facts.structType } : {}),
  };
  built.set(openApiName, schema); // before its fields, which may lead back here
  addMembers(openApiName, facts, fields, members);
  return schema;
}

/** Whether facts/types.json describes the type: for callers that have a name from a client. */
export function hasSchema(openApiName: string): boolean {
  return openApiName in typeFacts();
}

/** Fields of which an empty value is something else than none: validation refuses it. */
const KEEPS_EMPTY: ReadonlySet<string> = new Set([`${APIEXTENSIONS}.JSONSchemaProps dependencies`]);

function addMembers(name: string, facts: TypeFacts, fields: Map<string, Field>, members: Member[]): void {
  for (const key of facts.order ?? []) {
    const field = facts.fields[key]!;
    const number = field.proto === undefined ? {} : { number: field.proto };
    if (field.inline) {
      const inline = schemaOf((field.type as { readonly ref: string }).ref);
      for (const [inlined, inner] of inline.fields) fields.set(inlined, inner);
      members.push({ name: key.slice(1), ...number, inline });
    } else if (field.json === false) {
      members.push({ name: key, ...number });
    } else {
      const keepsEmpty = KEEPS_EMPTY.has(`${name} ${key}`);
      const built = { ...buildField(key, field), ...(keepsEmpty ? { keepsEmpty } : {}) };
      fields.set(key, built);
      members.push({ name: key, ...number, field: built });
    }
  }
}

function buildField(name: string, facts: FieldFacts): Field {
  const schema = asProtoMessage(buildSchema(facts.type, facts), facts.protoType);
  return {
    name,
    schema,
    optional: facts.optional === true,
    omitempty: facts.omitzero === true || (facts.omitempty === true && (facts.ptr === true || !isStruct(schema))),
    pointer: facts.ptr === true,
    ...(facts.default === undefined ? {} : { default: facts.default }),
    ...(facts.goType ? { goType: facts.goType } : {}),
    ...(facts.enum ? { enum: facts.enum } : {}),
    ...(facts.patchStrategy ? { patchStrategy: facts.patchStrategy } : {}),
    ...(facts.patchMergeKey ? { patchMergeKey: facts.patchMergeKey } : {}),
  };
}

/** Lists that Go has given a name of their own (ExtraValue, Verbs) are messages in protobuf, though plain lists in JSON. */
function asProtoMessage(schema: Schema, protoType = ''): Schema {
  const [, message] = /^(?:map<string,)?([\w.-]+)>?$/.exec(protoType) ?? [];
  if (message === undefined || !typeFacts()[message]?.alias) return schema;
  if (schema.type === 'map') return { ...schema, values: asProtoMessage(schema.values, message) };
  return schema.type === 'list' ? { ...schema, protoMessage: true } : schema;
}

/** The markers of a field describe its outermost list, map or struct. */
function buildSchema(type: FieldType, markers: Partial<FieldFacts>): Schema {
  if (typeof type === 'string') {
    const format = BASIC[type];
    assert(format, `unknown basic type ${type}`);
    return scalar(format);
  }
  if ('list' in type) {
    return {
      type: 'list',
      items: buildSchema(type.list, {}),
      ...(markers.listType ? { listType: markers.listType } : {}),
      ...(markers.listMapKeys ? { listMapKeys: markers.listMapKeys } : {}),
    };
  }
  if ('map' in type) {
    return {
      type: 'map',
      values: buildSchema(type.map, {}),
      ...(markers.mapType ? { mapType: markers.mapType } : {}),
    };
  }
  const or = EITHER[type.ref];
  if (or) return { ...scalar('json'), either: { schema: schemaOf(`${APIEXTENSIONS}.JSONSchemaProps`), or } };
  const special = SPECIAL[type.ref];
  if (special) return scalar(special);
  const alias = typeFacts()[type.ref]?.alias;
  if (alias) return buildSchema(alias, markers);
  const schema = schemaOf(type.ref);
  return markers.structType ? { ...schema, structType: markers.structType } : schema;
}

/** Go leaves a struct in its JSON output whatever it holds; `omitempty` says nothing about it. */
function isStruct(schema: Schema): boolean {
  if (schema.type === 'object') return true;
  return schema.type === 'scalar' && STRUCT_FORMATS.has(schema.format);
}

const STRUCT_FORMATS: ReadonlySet<ScalarFormat> = new Set([
  'time',
  'microTime',
  'duration',
  'quantity',
  'intOrString',
  'jsonObject',
]);
