import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import {
  endpoints,
  flowSchemas,
  horizontalPodAutoscalersV1,
  ingresses,
  limitRanges,
  priorityClasses,
  type ResourceDefinition,
} from '@kts/api';
import type { KubeObject } from '@kts/apimachinery';

import type { RequestScope } from '../registry/request-scope.ts';
import { objectEntry } from '../registry/resource-storage.ts';
import { listResponse } from '../registry/respond.ts';
import type { ApiServerResponse } from '../response.ts';
import { startTestApiServer } from '../testing/index.ts';
import { partialMetadata } from './partial-metadata.ts';
import { bookmarkTable, tableOf } from './table.ts';

const TABLE = 'application/json;as=Table;g=meta.k8s.io;v=v1';

/** The answer to a list of these objects. */
function listTable(definition: ResourceDefinition, objects: readonly KubeObject[] = []): ApiServerResponse {
  const request = { headers: { accept: TABLE }, info: { verb: 'list' }, query: new URLSearchParams() };
  const scope = { definition, request, registry: { clock: { now: () => 0 } } } as unknown as RequestScope;
  const entries = objects.map((object) => {
    const { name } = object.metadata;
    return objectEntry({ key: name, namespace: '', name, revision: 1 }, object);
  });
  return listResponse(scope, { entries, resourceVersion: '7' });
}

describe('Table', () => {
  it('writes no rows as null for kinds that the default convertor shows', () => {
    const none = listTable(limitRanges as unknown as ResourceDefinition);
    assert.deepEqual(none.kind === 'object' && [(none.object as { rows: unknown }).rows], [null]);
    assert.equal(listTable(endpoints as unknown as ResourceDefinition).kind, 'list');
  });

  it('shows flow schemas in the order in which they are asked', () => {
    const schema = (name: string, matchingPrecedence: number): KubeObject =>
      ({ metadata: { name }, spec: { priorityLevelConfiguration: { name: 'p' }, matchingPrecedence } }) as never;
    const objects = [schema('a', 10_000), schema('b', 2), schema('c', 100), schema('d', 100)];
    const answer = listTable(flowSchemas as unknown as ResourceDefinition, objects);
    assert.ok(answer.kind === 'list');
    const names = [...answer.list.entries].map((entry) => (entry.object() as unknown as { cells: unknown[] }).cells[0]);
    assert.deepEqual(names, ['b', 'c', 'd', 'a']);
  });

  it('shows autoscalers of v1 with every metric, and their metadata without the annotations that hold them', async () => {
    await using server = await startTestApiServer();
    const transport = server.transportFor({ name: 'admin', groups: ['system:masters'] });
    const path = '/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers';
    const external = { metric: { name: 'queue' }, target: { type: 'AverageValue', averageValue: '7' } };
    const scaleTargetRef = { kind: 'Deployment', name: 'd', apiVersion: 'apps/v1' };
    const spec = { maxReplicas: 3, scaleTargetRef, metrics: [{ type: 'External', external }] };
    await transport.request({ method: 'POST', path, body: { metadata: { name: 'a' }, spec } });
    const { body } = await transport.request({ method: 'GET', path: `${path.replace('v2', 'v1')}/a` });
    const object = body as KubeObject;
    assert.ok(object.metadata.annotations);
    const definition = horizontalPodAutoscalersV1 as unknown as ResourceDefinition;
    const table = tableOf(definition, object, { version: 'v1', includeObject: 'None', now: 0 });
    assert.equal(table.rows[0]!.cells[2], '<unknown>/7 (avg)');
    assert.equal(partialMetadata(definition, object, 'v1').metadata.annotations, undefined);
  });

  it('shows a bookmark as a row without values, which tells what it marks', () => {
    const annotations = { 'k8s.io/initial-events-end': 'true' };
    const bookmark = { metadata: { resourceVersion: '7', annotations } } as unknown as KubeObject;
    for (const includeObject of ['None', 'Metadata'] as const) {
      const definition = priorityClasses as unknown as ResourceDefinition;
      const table = bookmarkTable(definition, bookmark, { version: 'v1', includeObject, now: 0 });
      assert.equal(table.metadata?.resourceVersion, '7');
      assert.deepEqual(table.rows[0]!.cells, ['', 0, false, '', '']);
      assert.deepEqual((table.rows[0]!.object as unknown as KubeObject).metadata.annotations, annotations);
    }
  });

  const hosts: readonly [hosts: readonly (string | undefined)[], text: string][] = [
    [[], '*'],
    [[undefined], '*'],
    [[undefined, 'a', undefined], 'a'],
    [['a', 'b', 'c'], 'a,b,c'],
    [['a', undefined, 'b', 'c'], 'a,b,c'],
    [['a', 'b', 'c', undefined], 'a,b,c + 1 more...'],
    [['a', undefined, 'b', 'c', 'd'], 'a,b,c + 2 more...'],
  ];
  for (const [given, text] of hosts) {
    it(`shows hosts ${JSON.stringify(given)} of an ingress as ${text}`, () => {
      const definition = ingresses as unknown as ResourceDefinition;
      const rules = given.map((host) => (host ? { host } : {}));
      const metadata = { name: 'i', annotations: { 'kubernetes.io/ingress.class': 'old' } };
      const cells = definition.behaviour.cells!({ metadata, spec: { rules } } as never, Date.now());
      assert.deepEqual(cells.slice(1, 3), ['<none>', text]);
    });
  }
});
