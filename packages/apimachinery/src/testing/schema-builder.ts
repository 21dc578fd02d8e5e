import {
  scalar,
  type Field,
  type ListSchema,
  type MapSchema,
  type Member,
  type ObjectSchema,
  type Schema,
} from '../schema.ts';

/** Schemas by hand, for tests. A field is a schema, or a schema with what is particular about the field. */
export type FieldSpec = Schema | (Partial<Field> & { readonly schema: Schema; readonly number?: number });

export const text = scalar('string');
export const int32 = scalar('int32');
export const int64 = scalar('int64');
export const bool = scalar('boolean');
export const time = scalar('time');
export const quantity = scalar('quantity');
export const intOrString = scalar('intOrString');
export const bytes = scalar('bytes');
export const json = scalar('jsonObject');

export const list = (items: Schema, markers: Partial<ListSchema> = {}): ListSchema => ({
  type: 'list',
  items,
  ...markers,
});
export const map = (values: Schema, markers: Partial<MapSchema> = {}): MapSchema => ({
  type: 'map',
  values,
  ...markers,
});

/** A field that is printed even when it is empty, and that protobuf always writes. */
export const required = (schema: Schema, more: Partial<Field> = {}): FieldSpec => ({
  schema,
  optional: false,
  omitempty: false,
  ...more,
});
export const pointer = (schema: Schema, more: Partial<Field> = {}): FieldSpec => ({ schema, pointer: true, ...more });
export const merged = (schema: Schema, patchMergeKey: string, patchStrategy = 'merge'): FieldSpec => ({
  schema,
  patchStrategy,
  patchMergeKey,
});

/**
 * A struct; `name` is the end of its OpenAPI name, such as `v1.Pod`. Protobuf numbers count up in the order of the
 * fields unless they are given. A name that starts with `~` inlines a struct.
 */
export function struct(
  name: string,
  specs: Readonly<Record<string, FieldSpec>>,
  more: Partial<ObjectSchema> = {},
): ObjectSchema {
  const fields = new Map<string, Field>();
  const members: Member[] = [];
  let next = 1;
  for (const [key, spec] of Object.entries(specs)) {
    const { number = next, ...field } = 'schema' in spec ? spec : { schema: spec };
    next = number + 1;
    if (key.startsWith('~')) {
      const inline = field.schema as ObjectSchema;
      for (const [inner, innerField] of inline.fields) fields.set(inner, innerField);
      members.push({ name: key.slice(1), number, inline });
    } else {
      const built = fieldOf(key, field);
      fields.set(key, built);
      members.push({ name: key, number, field: built });
    }
  }
  return { type: 'object', name: `io.k8s.${name}`, fields, members, ...more };
}

function fieldOf(name: string, field: Partial<Field> & { readonly schema: Schema }): Field {
  const isStruct = field.schema.type === 'object';
  return { name, optional: true, omitempty: !isStruct || field.pointer === true, pointer: false, ...field };
}

const typeMeta = struct('v1.TypeMeta', { kind: text, apiVersion: text });

const managedFieldsEntry = struct('v1.ManagedFieldsEntry', {
  manager: text,
  operation: text,
  apiVersion: text,
  time: pointer(time),
  fieldsType: { schema: text, number: 6 },
  fieldsV1: pointer(json, { number: 7 } as Partial<Field>),
  subresource: { schema: text, number: 8 },
});

const ownerReference = struct('v1.OwnerReference', {
  apiVersion: required(text),
  kind: required(text),
  name: required(text),
  uid: required(text),
  controller: pointer(bool),
});

export const objectMeta = struct('v1.ObjectMeta', {
  name: text,
  generateName: text,
  namespace: text,
  uid: { schema: text, number: 5 },
  resourceVersion: text,
  generation: int64,
  creationTimestamp: time,
  deletionTimestamp: pointer(time),
  labels: { schema: map(text), number: 11 },
  annotations: map(text),
  ownerReferences: {
    ...merged(list(ownerReference, { listType: 'map', listMapKeys: ['uid'] }), 'uid'),
    number: 13,
  } as FieldSpec,
  finalizers: { schema: list(text, { listType: 'set' }), patchStrategy: 'merge', number: 14 },
  managedFields: { schema: list(managedFieldsEntry), number: 17 },
});

const container = struct('v1.Container', {
  name: required(text),
  image: text,
  command: list(text, { listType: 'atomic' }),
  ports: merged(
    list(
      struct('v1.ContainerPort', {
        name: text,
        containerPort: required(int32),
        protocol: { schema: text, default: 'TCP' },
      }),
      { listType: 'map', listMapKeys: ['containerPort', 'protocol'] },
    ),
    'containerPort',
  ),
  env: merged(
    list(struct('v1.EnvVar', { name: required(text), value: text }), { listType: 'map', listMapKeys: ['name'] }),
    'name',
  ),
  resources: struct('v1.ResourceRequirements', { limits: map(quantity), requests: map(quantity) }),
  stdin: bool,
});

const volumeSource = struct('v1.VolumeSource', {
  emptyDir: pointer(struct('v1.EmptyDirVolumeSource', { medium: text, sizeLimit: pointer(quantity) })),
  configMap: pointer(struct('v1.ConfigMapVolumeSource', { name: text, defaultMode: pointer(int32) })),
});

export const podSpec = struct('v1.PodSpec', {
  volumes: merged(
    list(struct('v1.Volume', { name: required(text), '~volumeSource': volumeSource }), {
      listType: 'map',
      listMapKeys: ['name'],
    }),
    'name',
    'merge,retainKeys',
  ),
  containers: required(list(container, { listType: 'map', listMapKeys: ['name'] }), {
    patchStrategy: 'merge',
    patchMergeKey: 'name',
  }),
  restartPolicy: { schema: text, goType: 'v1.RestartPolicy' },
  terminationGracePeriodSeconds: pointer(int64),
  nodeSelector: map(text, { mapType: 'atomic' }),
  hostNetwork: bool,
  supplementalGroups: list(int64),
});

/** A cut-down Pod with every kind of field. */
export const podSchema = struct('v1.Pod', {
  '~typeMeta': { schema: typeMeta },
  metadata: { schema: objectMeta, number: 1 },
  spec: podSpec,
  status: struct('v1.PodStatus', { phase: text, startTime: pointer(time) }),
});

/** A cut-down Deployment. */
export const deploymentSchema = struct('v1.Deployment', {
  '~typeMeta': { schema: typeMeta },
  metadata: { schema: objectMeta, number: 1 },
  spec: struct('v1.DeploymentSpec', {
    replicas: pointer(int32),
    selector: pointer(struct('v1.LabelSelector', { matchLabels: map(text) }, { structType: 'atomic' }), {
      omitempty: false,
    }),
    template: struct('v1.PodTemplateSpec', { metadata: objectMeta, spec: podSpec }),
    strategy: {
      schema: struct('v1.DeploymentStrategy', {
        type: text,
        rollingUpdate: pointer(struct('v1.RollingUpdateDeployment', { maxSurge: pointer(intOrString) })),
      }),
      patchStrategy: 'retainKeys',
    },
  }),
  status: struct('v1.DeploymentStatus', { replicas: int32 }),
});

export const configMapSchema = struct('v1.ConfigMap', {
  '~typeMeta': { schema: typeMeta },
  metadata: { schema: objectMeta, number: 1 },
  data: map(text),
  binaryData: map(bytes),
  immutable: pointer(bool),
});
