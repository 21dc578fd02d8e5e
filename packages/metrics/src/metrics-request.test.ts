import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { StatusError } from '@kts/apimachinery';

import { answerForm, parseMetricsRequest } from './metrics-request.ts';

const ROOT = '/apis/metrics.k8s.io/v1beta1';
const parse = (path: string, method = 'GET') => {
  const { pathname, searchParams } = new URL(path, 'https://metrics');
  return parseMetricsRequest(method, pathname, searchParams);
};
const refusal = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (StatusError.is(error)) return `${error.status.code} ${error.message}`;
    throw error;
  }
  return 'nothing';
};

describe('parseMetricsRequest', () => {
  const rows: [path: string, wanted: object][] = [
    [ROOT, { kind: 'discovery' }],
    [`${ROOT}/nodes/n1`, { kind: 'get', resource: 'nodes', namespace: '', name: 'n1' }],
    [`${ROOT}/namespaces/a/pods/p`, { kind: 'get', resource: 'pods', namespace: 'a', name: 'p' }],
    [`${ROOT}/nodes?labelSelector=a%3Db`, { kind: 'list', resource: 'nodes', namespace: '', labelSelector: 'a=b' }],
    [`${ROOT}/pods`, { kind: 'list', resource: 'pods', namespace: '', labelSelector: '' }],
    [`${ROOT}/namespaces/a/pods?limit=5`, { kind: 'list', resource: 'pods', namespace: 'a', labelSelector: '' }],
  ];
  for (const [path, wanted] of rows) {
    it(path, () => {
      const { fieldSelector: _, ...request } = { fieldSelector: undefined, ...parse(path) };
      assert.deepEqual(request, wanted);
    });
  }

  const refused: [path: string, method: string, wanted: RegExp][] = [
    [`${ROOT}/services`, 'GET', /^404 the server could not find the requested resource$/],
    [`${ROOT}/pods/p`, 'GET', /^404 /],
    [`${ROOT}/nodes/n/x`, 'GET', /^404 /],
    [`${ROOT}/namespaces/a/nodes`, 'GET', /^404 /],
    ['/openapi/v3', 'GET', /^404 /],
    [`${ROOT}/pods?watch=true`, 'GET', /^405 /],
    [`${ROOT}/nodes/n`, 'DELETE', /^405 the server does not allow this method on the requested resource$/],
    [`${ROOT}/pods?fieldSelector=spec.nodeName%3Da`, 'GET', /^400 "spec.nodeName" is not a known field selector/],
    [`${ROOT}/pods?labelSelector=%3D%3D`, 'GET', /^400 /],
  ];
  for (const [path, method, wanted] of refused) {
    it(`refuses ${method} ${path}`, () =>
      assert.match(
        refusal(() => parse(path, method)),
        wanted,
      ));
  }
});

describe('answerForm', () => {
  const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io';
  const rows: [accept: string, query: string, wanted: object][] = [
    ['', '', {}],
    ['application/json', '', {}],
    ['application/vnd.kubernetes.protobuf, */*', '', {}],
    [`${TABLE},application/json`, '', { table: { apiVersion: 'meta.k8s.io/v1', include: 'Metadata' } }],
    [TABLE, 'includeObject=Object', { table: { apiVersion: 'meta.k8s.io/v1', include: 'Object' } }],
    ['application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io,application/json', '', {}],
  ];
  for (const [accept, query, wanted] of rows) {
    it(`${accept} ${query}`, () => assert.deepEqual(answerForm(accept, new URLSearchParams(query)), wanted));
  }

  it('refuses what it cannot write', () => {
    const asked = (): unknown => answerForm('application/yaml', new URLSearchParams());
    assert.equal(refusal(asked), '406 only the following media types are accepted: application/json');
  });
});
