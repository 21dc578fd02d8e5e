import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { requestAttributes } from './request-attributes.ts';

describe('requestAttributes', () => {
  const rows: readonly (readonly [method: string, path: string, verb: string, subresources: string])[] = [
    ['GET', '/containerLogs/n/p/c', 'get', 'proxy'],
    ['POST', '/exec/n/p/c', 'create', 'proxy'],
    ['GET', '/stats/summary', 'get', 'stats'],
    ['GET', '/metrics', 'get', 'metrics'],
    ['GET', '/metrics/cadvisor', 'get', 'metrics'],
    ['GET', '/metricsx', 'get', 'proxy'],
    ['GET', '/logs/messages', 'get', 'log'],
    ['POST', '/checkpoint/n/p/c', 'create', 'checkpoint'],
    ['GET', '/pods', 'get', 'pods proxy'],
    ['GET', '/runningpods/', 'get', 'pods proxy'],
    ['GET', '/healthz/ping', 'get', 'healthz proxy'],
    ['GET', '/configz', 'get', 'configz proxy'],
    ['PUT', '/flagz', 'update', 'configz'],
    ['OPTIONS', '/', '', 'proxy'],
  ];
  for (const [method, path, verb, subresources] of rows) {
    it(`${method} ${path}`, () =>
      assert.deepEqual(requestAttributes(method, path), { verb, subresources: subresources.split(' ') }));
  }
});
