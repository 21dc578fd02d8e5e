import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { builtinResources, configMaps, nodes, pods, type ResourceDefinition } from '@kts/api';

import { openapiV2, openapiV3, openapiV3OfPath } from './documents.ts';
import { descriptionOfType } from './meta-descriptions.ts';
import { serverPaths } from './server-paths.ts';

type Item = Readonly<Record<string, { readonly operationId: string; readonly 'x-kubernetes-action'?: string }>>;
interface Document {
  readonly paths: Readonly<Record<string, Item>>;
  readonly definitions: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

const some = [configMaps, nodes, pods] as unknown as ResourceDefinition[];
const v2 = openapiV2(some) as Document;
const v3 = openapiV3(some) as Document;

describe('OpenAPI documents', () => {
  const CONFIG_MAPS = '/api/v1/namespaces/{namespace}/configmaps';
  const rows: readonly [path: string, method: string, id: string, action: string | undefined][] = [
    [CONFIG_MAPS, 'get', 'listCoreV1NamespacedConfigMap', 'list'],
    [CONFIG_MAPS, 'delete', 'deleteCoreV1CollectionNamespacedConfigMap', 'deletecollection'],
    [`${CONFIG_MAPS}/{name}`, 'put', 'replaceCoreV1NamespacedConfigMap', 'put'],
    ['/api/v1/configmaps', 'get', 'listCoreV1ConfigMapForAllNamespaces', 'list'],
    ['/api/v1/watch/configmaps', 'get', 'watchCoreV1ConfigMapListForAllNamespaces', 'watchlist'],
    ['/api/v1/watch/namespaces/{namespace}/configmaps', 'get', 'watchCoreV1NamespacedConfigMapList', 'watchlist'],
    ['/api/v1/watch/namespaces/{namespace}/configmaps/{name}', 'get', 'watchCoreV1NamespacedConfigMap', 'watch'],
    ['/api/v1/watch/nodes', 'get', 'watchCoreV1NodeList', 'watchlist'],
    ['/api/v1/namespaces/{namespace}/pods/{name}/exec', 'post', 'connectCoreV1PostNamespacedPodExec', 'connect'],
    ['/api/v1/nodes/{name}/proxy', 'options', 'connectCoreV1OptionsNodeProxy', 'connect'],
    ['/api/v1/nodes/{name}/proxy/{path}', 'head', 'connectCoreV1HeadNodeProxyWithPath', 'connect'],
    ['/api/v1/', 'get', 'getCoreV1APIResources', undefined],
  ];
  for (const [path, method, id, action] of rows) {
    it(`name ${method} ${path}`, () => {
      for (const { paths } of [v2, v3]) {
        const operation = paths[path]?.[method];
        assert.deepEqual([operation?.operationId, operation?.['x-kubernetes-action']], [id, action]);
      }
    });
  }

  it('tell the parameters of connections', () => {
    const { parameters } = v2.paths['/api/v1/namespaces/{namespace}/pods/{name}/portforward']!['get'] as unknown as {
      parameters: { name: string; type: string }[];
    };
    assert.deepEqual(
      parameters.map(({ name, type }) => [name, type]),
      [
        ['name', 'string'],
        ['namespace', 'string'],
        ['ports', 'integer'],
      ],
    );
  });

  it('have a place for every path of the server in one document of version 3', () => {
    const ids = serverPaths(builtinResources).map((path) => {
      const { paths } = openapiV3OfPath(path) as Document;
      return paths[path.path]!['get']!.operationId;
    });
    for (const id of ['getCoreAPIVersions', 'getAPIVersions', 'getRbacAuthorizationAPIGroup', 'getCodeVersion']) {
      assert.ok(ids.includes(id), id);
    }
    assert.equal(new Set(ids).size, ids.length);
  });

  it('refer to nothing that they do not define', () => {
    const whole = JSON.stringify(openapiV2(builtinResources));
    const { definitions } = JSON.parse(whole) as Document;
    const missing = [...whole.matchAll(/"#\/definitions\/([^"]+)"/g)].filter(([, name]) => !definitions[name!]);
    assert.deepEqual(missing, []);
  });

  it('describe metadata, beside references where a version allows it', () => {
    const TIME = 'io.k8s.apimachinery.pkg.apis.meta.v1.Time';
    const schemasV3 = (v3 as unknown as { components: { schemas: Document['definitions'] } }).components.schemas;
    const created = [v2.definitions, schemasV3].map((definitions) => {
      const properties = definitions['io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta']!['properties'];
      const { description, ...rest } = (properties as Record<string, { description: string }>)['creationTimestamp']!;
      assert.match(description, /^CreationTimestamp is a timestamp/);
      return rest;
    });
    const inV3 = { $ref: `#/components/schemas/${TIME}` };
    assert.deepEqual(created, [{ $ref: `#/definitions/${TIME}` }, { allOf: [inV3] }]);
  });

  it('describe fields that metadata has', () => {
    for (const kind of ['ObjectMeta', 'ListMeta', 'OwnerReference', 'ManagedFieldsEntry']) {
      const name = `io.k8s.apimachinery.pkg.apis.meta.v1.${kind}`;
      const fields = Object.keys(v2.definitions[name]!['properties'] as object);
      assert.deepEqual(Object.keys(descriptionOfType(name)!.fields).toSorted(), fields.toSorted());
    }
  });

  it('say what deletions and logs are answered with', () => {
    const CONFIG_MAP = '/api/v1/namespaces/{namespace}/configmaps/{name}';
    const POD = '/api/v1/namespaces/{namespace}/pods/{name}';
    const answer = (path: string, method: string): unknown => {
      const { responses } = v2.paths[path]![method] as unknown as { responses: { 200: { schema: object } } };
      return Object.values(responses[200].schema)[0];
    };
    assert.deepEqual(
      [answer(CONFIG_MAP, 'delete'), answer(POD, 'delete'), answer(`${POD}/log`, 'get')],
      ['#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.Status', '#/definitions/io.k8s.api.core.v1.Pod', 'string'],
    );
  });

  it('say that numbers may be quantities where a version can', () => {
    const QUANTITY = 'io.k8s.apimachinery.pkg.api.resource.Quantity';
    const { schemas } = (v3 as unknown as { components: { schemas: Document['definitions'] } }).components;
    assert.deepEqual(v2.definitions[QUANTITY], { type: 'string' });
    assert.deepEqual(schemas[QUANTITY], { oneOf: [{ type: 'string' }, { type: 'number' }] });
  });

  it('say which kinds and unions types are', () => {
    const kinds =
      v2.definitions['io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions']!['x-kubernetes-group-version-kind'];
    assert.equal((kinds as unknown[]).length, 60);
    assert.deepEqual(v2.definitions['io.k8s.api.core.v1.SeccompProfile']!['x-kubernetes-unions'], [
      { discriminator: 'type', 'fields-to-discriminateBy': { localhostProfile: 'LocalhostProfile' } },
    ]);
  });
});
