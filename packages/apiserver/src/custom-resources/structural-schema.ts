/**
 * A custom resource's OpenAPI schema as the schema that decoding, patches and apply work with. Pure.
 *
 * Mirrors: staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/schema (v1.36)
 */
import { scalar, type Field, type ObjectSchema, type Schema } from '@kts/apimachinery';
import { schemaOf } from '@kts/api';
import type { JSONSchemaProps } from '@kts/api/types/apiextensions-v1';

const OBJECT_META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';

/** The schema of a whole custom object, made when its fields are first asked for: schemas may be large. */
export function customObjectSchema(props: JSONSchemaProps | undefined): ObjectSchema {
  const keeps = !props || props['x-kubernetes-preserve-unknown-fields'] === true;
  let fields: ReadonlyMap<string, Field> | undefined;
  return {
    type: 'object',
    name: '',
    get fields() {
      return (fields ??= rootFields(props));
    },
    members: [],
    ...(keeps ? { preserveUnknownFields: true } : {}),
  };
}

function rootFields(props: JSONSchemaProps | undefined): ReadonlyMap<string, Field> {
  const fields = new Map<string, Field>([
    ['kind', customField('kind', scalar('string'))],
    ['apiVersion', customField('apiVersion', scalar('string'))],
    ['metadata', customField('metadata', schemaOf(OBJECT_META))],
  ]);
  const own = props ? objectSchema(props).fields : [];
  for (const [name, field] of own) if (!fields.has(name)) fields.set(name, field);
  return fields;
}

function structuralSchema(props: JSONSchemaProps): Schema {
  if (props['x-kubernetes-int-or-string']) return scalar('intOrString');
  switch (props.type ?? '') {
    case 'object':
      return mapValues(props) ?? objectSchema(props);
    case 'array':
      return listSchema(props);
    case 'string':
      return scalar('string');
    case 'boolean':
      return scalar('boolean');
    case 'integer':
      return scalar('int64');
    case 'number':
      return scalar('double');
    default:
      return scalar('json');
  }
}

/** An object whose keys are not named is a map. */
function mapValues(props: JSONSchemaProps): Schema | undefined {
  const { additionalProperties } = props;
  if (!additionalProperties || Object.keys(props.properties ?? {}).length > 0) return undefined;
  const values = typeof additionalProperties === 'object' ? structuralSchema(additionalProperties) : scalar('json');
  const mapType = props['x-kubernetes-map-type'];
  return { type: 'map', values, ...(mapType === 'atomic' ? { mapType } : {}) };
}

function objectSchema(props: JSONSchemaProps): ObjectSchema {
  const fields = new Map<string, Field>();
  if (props['x-kubernetes-embedded-resource']) {
    fields.set('apiVersion', customField('apiVersion', scalar('string')));
    fields.set('kind', customField('kind', scalar('string')));
    fields.set('metadata', customField('metadata', schemaOf(OBJECT_META)));
  }
  for (const [name, property] of Object.entries(props.properties ?? {})) {
    fields.set(name, customField(name, structuralSchema(property), property));
  }
  return {
    type: 'object',
    name: '',
    fields,
    members: [],
    ...(props['x-kubernetes-preserve-unknown-fields'] ? { preserveUnknownFields: true } : {}),
    ...(props['x-kubernetes-map-type'] === 'atomic' ? { structType: 'atomic' as const } : {}),
  };
}

function listSchema(props: JSONSchemaProps): Schema {
  const { items } = props;
  const item = items && !Array.isArray(items) ? structuralSchema(items as JSONSchemaProps) : scalar('json');
  const listType = props['x-kubernetes-list-type'];
  const keys = props['x-kubernetes-list-map-keys'];
  return {
    type: 'list',
    items: item,
    ...(listType === 'set' || listType === 'map' ? { listType } : {}),
    ...(keys ? { listMapKeys: keys } : {}),
  };
}

/** Custom objects keep what they are given, empty or not. */
function customField(name: string, schema: Schema, props: JSONSchemaProps = {}): Field {
  return {
    name,
    schema,
    optional: true,
    omitempty: true,
    pointer: true,
    keepsEmpty: true,
    ...(props.nullable ? { nullable: true } : {}),
    ...(props.default === undefined ? {} : { default: props.default }),
  };
}
