import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { exactFieldValue, parseRequestInfo } from './request-info.ts';

function describeRequest(line: string): string {
  const [method = '', target = ''] = line.split(' ');
  const [path = '', search = ''] = target.split('?');
  const info = parseRequestInfo({ method, path, query: new URLSearchParams(search) });
  if (!info.isResourceRequest) return `${info.verb} path`;
  const { verb, group, version, namespace, resource, subresource, name } = info;
  return [verb, group || 'core', version, namespace || '-', resource, subresource || '-', name || '-'].join(' ');
}

describe('request info', () => {
  const rows: readonly [string, string][] = [
    ['GET /', 'get path'],
    ['GET /api', 'get path'],
    ['GET /api/v1', 'get path'],
    ['GET /apis/apps/v1', 'get path'],
    ['POST /healthz', 'post path'],
    ['GET /api/v1/pods', 'list core v1 - pods - -'],
    ['GET /api/v1/pods?watch=true', 'watch core v1 - pods - -'],
    ['GET /api/v1/pods?watch=1', 'watch core v1 - pods - -'],
    ['GET /api/v1/pods?watch=false', 'list core v1 - pods - -'],
    ['GET /api/v1/namespaces/d/pods/web', 'get core v1 d pods - web'],
    ['GET /api/v1/namespaces/d/pods/web/log', 'get core v1 d pods log web'],
    ['POST /api/v1/namespaces/d/pods/web/exec', 'create core v1 d pods exec web'],
    ['GET /api/v1/namespaces/d', 'get core v1 d namespaces - d'],
    ['PUT /api/v1/namespaces/d/finalize', 'update core v1 d namespaces finalize d'],
    ['PUT /api/v1/namespaces/d/status', 'update core v1 d namespaces status d'],
    ['GET /api/v1/namespaces', 'list core v1 - namespaces - -'],
    ['DELETE /apis/apps/v1/namespaces/d/deployments', 'deletecollection apps v1 d deployments - -'],
    ['DELETE /apis/apps/v1/namespaces/d/deployments/web', 'delete apps v1 d deployments - web'],
    ['PATCH /apis/apps/v1/namespaces/d/deployments/web/scale', 'patch apps v1 d deployments scale web'],
    ['GET /api/v1/nodes?fieldSelector=metadata.name%3Da', 'list core v1 - nodes - a'],
    ['GET /api/v1/nodes?fieldSelector=metadata.name%3Da&limit=x', 'list core v1 - nodes - -'],
    ['GET /api/v1/nodes?fieldSelector=metadata.name%3Da&labelSelector=!', 'list core v1 - nodes - -'],
    ['GET /api/v1/watch/namespaces/d/pods', 'watch core v1 d pods - -'],
    ['GET /api/v1/watch/namespaces/d/pods/web', 'watch core v1 d pods - web'],
    ['HEAD /api/v1/nodes/a', 'get core v1 - nodes - a'],
    ['GET /api/v1/nodes/a/proxy/x/y', 'get core v1 - nodes proxy a'],
  ];
  for (const [line, expected] of rows) it(line, () => assert.equal(describeRequest(line), expected));

  it('keeps selectors of lists', () => {
    const query = new URLSearchParams({ fieldSelector: 'spec.nodeName=a', labelSelector: 'b' });
    const info = parseRequestInfo({ method: 'GET', path: '/api/v1/pods', query });
    assert.deepEqual([info.fieldSelector, info.labelSelector], ['spec.nodeName=a', 'b']);
  });

  const selectors: readonly [string, string | undefined][] = [
    ['spec.nodeName=a', 'a'],
    ['spec.nodeName==a', 'a'],
    ['x=y,spec.nodeName=a', 'a'],
    ['spec.nodeName!=a', undefined],
    ['spec.nodeName2=a', undefined],
  ];
  for (const [selector, expected] of selectors) {
    it(`reads ${selector}`, () => assert.equal(exactFieldValue(selector, 'spec.nodeName'), expected));
  }
});
