/**
 * OpenAPI documents of both versions, from the resources of a server. Pure.
 */
import { hasSchema, schemaOf, type ResourceDefinition } from '@kts/api';
import { apiVersionOf, type ObjectSchema } from '@kts/apimachinery';

import { KUBERNETES_VERSION } from '../version.ts';
import { customSchemas, type CustomSchemaOptions } from './custom-schemas.ts';
import type { Operation, Parameter } from './operation.ts';
import { operationsOf, typeOf, typeOfSubresource } from './operations.ts';
import { schemeVersions } from './published-types.ts';
import { groupVersionResources, serverPaths, type ServerPath } from './server-paths.ts';
import { definitionsOf, type KindName, type SchemaObject } from './schemas.ts';

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1.';
const MEDIA_TYPES = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];
const WATCH_TYPES = ['application/json;stream=watch', 'application/vnd.kubernetes.protobuf;stream=watch'];
const PATCH_TYPES = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
];
/** Kinds without a Go type have no strategic merge: kubectl chooses the kind of its patches by this. */
const CUSTOM_PATCH_TYPES = PATCH_TYPES.filter((type) => !type.includes('strategic'));
const CUSTOM_MEDIA_TYPES = MEDIA_TYPES.slice(0, 2);
/** Without the patch: the version that is emulated has none. */
const INFO = { title: 'Kubernetes', version: KUBERNETES_VERSION.split('.').slice(0, 2).join('.') };
/** Types that every group version has. */
const COMMON = ['Status', 'DeleteOptions', 'APIResourceList', 'WatchEvent'].map((kind) => META + kind);

/** The document of some resources, all of one group version, in OpenAPI 3.0. */
export function openapiV3(definitions: readonly ResourceDefinition[]): object {
  const prefix = '#/components/schemas/';
  const paths: Record<string, Record<string, unknown>> = {};
  for (const definition of definitions) {
    for (const operation of operationsOf(definition)) {
      const item = (paths[operation.path] ??= {});
      item[operation.method] = operationV3(operation, mediaTypesOf(definition), prefix);
    }
  }
  const [first] = definitions;
  if (first && first.schema.name !== '') {
    const discovery = groupVersionResources(first);
    paths[discovery.path] = { get: serverPathV3(discovery, prefix) };
  }
  return documentV3(paths, {
    ...schemasOf(definitions, { prefix, v2: false }),
    [`${META}Patch`]: { type: 'object' },
  });
}

/** The document of one path that is no resource's. */
export function openapiV3OfPath(path: ServerPath): object {
  const prefix = '#/components/schemas/';
  const roots = path.answer ? [schemaOf(path.answer)] : [];
  const schemas = definitionsOf(roots, { prefix, kindsOf: discoveryKinds });
  return documentV3({ [path.path]: { get: serverPathV3(path, prefix) } }, schemas);
}

const DISCOVERY_KINDS: ReadonlySet<string> = new Set(['APIGroup', 'APIGroupList', 'APIResourceList', 'APIVersions']);

function discoveryKinds(name: string): readonly KindName[] {
  const kind = name.slice(META.length);
  return name.startsWith(META) && DISCOVERY_KINDS.has(kind) ? [{ group: '', version: 'v1', kind }] : [];
}

function documentV3(paths: Readonly<Record<string, object>>, schemas: Readonly<Record<string, SchemaObject>>): object {
  return {
    openapi: '3.0.0',
    info: INFO,
    paths: sortedByKey(paths),
    components: {
      schemas,
      securitySchemes: { BearerToken: { type: 'apiKey', name: 'authorization', in: 'header' } },
    },
  };
}

function serverPathV3({ id, tag, answer, produces }: ServerPath, prefix: string): object {
  const schema = answer ? { $ref: prefix + answer } : { type: 'string' };
  const content = Object.fromEntries(produces.map((type) => [type, { schema }]));
  return {
    tags: [tag],
    operationId: id,
    responses: { 200: { description: 'OK', content }, 401: { description: 'Unauthorized' } },
  };
}

function serverPathV2({ id, tag, answer, produces, consumes }: ServerPath, prefix: string): object {
  const schema = answer ? { $ref: prefix + answer } : { type: 'string' };
  return {
    ...(consumes ? { consumes } : {}),
    produces,
    schemes: ['https'],
    tags: [tag],
    operationId: id,
    responses: { 200: { description: 'OK', schema }, 401: { description: 'Unauthorized' } },
  };
}

interface MediaTypes {
  readonly patch: readonly string[];
  readonly produced: readonly string[];
  readonly watched: readonly string[];
}

const BUILT_IN: MediaTypes = { patch: PATCH_TYPES, produced: MEDIA_TYPES, watched: [...MEDIA_TYPES, ...WATCH_TYPES] };
const CUSTOM: MediaTypes = { patch: CUSTOM_PATCH_TYPES, produced: CUSTOM_MEDIA_TYPES, watched: CUSTOM_MEDIA_TYPES };

function mediaTypesOf({ schema }: ResourceDefinition): MediaTypes {
  return schema.name === '' ? CUSTOM : BUILT_IN;
}

function producedBy({ action, watchable, text }: Operation, types: MediaTypes): readonly string[] {
  if (action === 'connect') return ['*/*'];
  if (text) return ['text/plain', ...types.produced];
  return watchable ? types.watched : types.produced;
}

function operationV3(operation: Operation, types: MediaTypes, prefix: string): object {
  const content = (mediaTypes: readonly string[], name: string | undefined): object =>
    Object.fromEntries(
      mediaTypes.map((type) => [type, { schema: name ? { $ref: prefix + name } : { type: 'string' } }]),
    );
  const produced = producedBy(operation, types);
  return {
    tags: [operation.tag],
    operationId: operation.id,
    ...(operation.parameters.length > 0
      ? {
          parameters: operation.parameters.map(({ name, in: place, type }) => ({
            name,
            in: place,
            ...(place === 'path' ? { required: true } : {}),
            schema: { type, uniqueItems: true },
          })),
        }
      : {}),
    ...(operation.body
      ? {
          requestBody: {
            content: content(operation.method === 'patch' ? types.patch : ['*/*'], operation.body),
            ...(operation.method === 'delete' ? {} : { required: true }),
          },
        }
      : {}),
    responses: {
      ...Object.fromEntries(
        Object.entries(operation.responses).map(([code, name]) => [
          code,
          { description: descriptionOf(code), content: content(produced, name) },
        ]),
      ),
      401: { description: 'Unauthorized' },
    },
    'x-kubernetes-action': operation.action,
    'x-kubernetes-group-version-kind': operation.kind,
  };
}

/** The document of all resources in OpenAPI 2.0. */
export function openapiV2(definitions: readonly ResourceDefinition[]): object {
  const prefix = '#/definitions/';
  const paths: Record<string, Record<string, unknown>> = {};
  for (const definition of definitions) {
    for (const operation of operationsOf(definition)) {
      const item = (paths[operation.path] ??= {});
      item[operation.method] = operationV2(operation, mediaTypesOf(definition), prefix);
    }
  }
  const others = serverPaths(definitions);
  for (const other of others) paths[other.path] = { get: serverPathV2(other, prefix) };
  const discovery = others.flatMap(({ answer }) => (answer ? [schemaOf(answer)] : []));
  return {
    swagger: '2.0',
    info: INFO,
    paths: sortedByKey(paths),
    definitions: sortedByKey({
      ...definitionsOf(discovery, { prefix, kindsOf: discoveryKinds }),
      ...schemasOf(definitions, { prefix, v2: true }),
      [`${META}Patch`]: { type: 'object' },
    }),
    securityDefinitions: { BearerToken: { type: 'apiKey', name: 'authorization', in: 'header' } },
    security: [{ BearerToken: [] }],
  };
}

function operationV2(operation: Operation, types: MediaTypes, prefix: string): object {
  const schema = (name: string | undefined): object => (name ? { $ref: prefix + name } : { type: 'string' });
  const body = operation.body
    ? [{ name: 'body', in: 'body', required: operation.method !== 'delete', schema: schema(operation.body) }]
    : [];
  return {
    consumes: operation.method === 'patch' ? types.patch : ['*/*'],
    produces: producedBy(operation, types),
    schemes: ['https'],
    tags: [operation.tag],
    operationId: operation.id,
    parameters: [...operation.parameters.map(parameterV2), ...body],
    responses: {
      ...Object.fromEntries(
        Object.entries(operation.responses).map(([code, name]) => [
          code,
          { description: descriptionOf(code), schema: schema(name) },
        ]),
      ),
      401: { description: 'Unauthorized' },
    },
    'x-kubernetes-action': operation.action,
    'x-kubernetes-group-version-kind': operation.kind,
  };
}

function parameterV2({ name, in: place, type }: Parameter): object {
  return { name, in: place, type, uniqueItems: true, ...(place === 'path' ? { required: true } : {}) };
}

/** Everything that the operations of the resources refer to. */
function schemasOf(
  definitions: readonly ResourceDefinition[],
  options: CustomSchemaOptions,
): Record<string, SchemaObject> {
  const custom: Record<string, SchemaObject> = {};
  const roots = new Map<string, ObjectSchema>();
  const kinds = new Map<string, KindName[]>();
  const addKind = (name: string, kind: KindName): void => {
    const known = kinds.getOrInsertComputed(name, () => []);
    if (!known.some((other) => JSON.stringify(other) === JSON.stringify(kind))) known.push(kind);
  };
  const addRoot = (name: string): boolean => {
    if (!roots.has(name) && hasSchema(name)) roots.set(name, schemaOf(name));
    return roots.has(name);
  };
  for (const name of COMMON) addRoot(name);
  for (const definition of definitions) {
    const { group, version, kind, listKind, schema } = definition;
    for (const subresource of definition.subresources) {
      const name = typeOfSubresource(definition, subresource);
      if (name === typeOf(definition) || subresource.connect || !addRoot(name)) continue;
      addKind(name, { group: subresource.group, version: subresource.version, kind: subresource.kind });
    }
    if (schema.name === '') {
      Object.assign(custom, customSchemas(definition, options));
      for (const meta of ['ObjectMeta', 'ListMeta']) addRoot(META + meta);
      continue;
    }
    roots.set(schema.name, schema);
    addKind(schema.name, { group, version, kind });
    const listName = schema.name.slice(0, schema.name.lastIndexOf('.') + 1) + listKind;
    if (definition.verbs.includes('list') && addRoot(listName)) addKind(listName, { group, version, kind: listKind });
  }
  for (const { group, version } of schemeVersions()) {
    for (const kind of ['DeleteOptions', 'WatchEvent']) addKind(META + kind, { group, version, kind });
  }
  addKind(`${META}Status`, { group: '', version: 'v1', kind: 'Status' });
  addKind(`${META}APIResourceList`, { group: '', version: 'v1', kind: 'APIResourceList' });
  const { prefix } = options;
  const builtIn = definitionsOf(roots.values(), { prefix, kindsOf: (name) => kinds.get(name) ?? [] });
  return sortedByKey({ ...builtIn, ...custom });
}

/** `api/v1`, `apis/apps/v1`: what the documents of OpenAPI 3.0 are called. */
export function groupVersionPath(definition: Pick<ResourceDefinition, 'group' | 'version'>): string {
  return `${definition.group ? 'apis' : 'api'}/${apiVersionOf(definition)}`;
}

const DESCRIPTIONS: Readonly<Record<string, string>> = { 200: 'OK', 201: 'Created', 202: 'Accepted' };

function descriptionOf(code: string): string {
  return DESCRIPTIONS[code] ?? '';
}

function sortedByKey<T>(record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}
