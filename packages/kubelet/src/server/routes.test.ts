import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findRoute, ROUTES } from './routes.ts';

describe('findRoute', () => {
  const rows: readonly (readonly [method: string, path: string, route: string, parameters?: object])[] = [
    [
      'GET',
      '/containerLogs/n/p/c',
      '/containerLogs/:namespace/:pod/:container',
      { namespace: 'n', pod: 'p', container: 'c' },
    ],
    ['POST', '/exec/n/p/c', '/exec/:namespace/:pod/:container', { namespace: 'n', pod: 'p', container: 'c' }],
    [
      'GET',
      '/exec/n/p/u/c',
      '/exec/:namespace/:pod/:uid/:container',
      { namespace: 'n', pod: 'p', uid: 'u', container: 'c' },
    ],
    ['GET', '/portForward/n/p', '/portForward/:namespace/:pod', { namespace: 'n', pod: 'p' }],
    [
      'GET',
      '/containerLogs/n/a%20b/c/',
      '/containerLogs/:namespace/:pod/:container',
      { namespace: 'n', pod: 'a b', container: 'c' },
    ],
    ['GET', '/metrics/resource', '/metrics/resource', {}],
    ['GET', '/logs', '/logs/*', { rest: '' }],
    ['GET', '/logs/', '/logs/*', { rest: '' }],
    ['GET', '/logs/a%20b/c.log', '/logs/*', { rest: 'a b/c.log' }],
    ['DELETE', '/pods', 'method not allowed'],
    ['GET', '/run/n/p/c', 'method not allowed'],
    ['GET', '/exec/n', 'not found'],
    ['GET', '/checkpoint/n/p/c', 'not found'],
    ['GET', '/', 'not found'],
  ];
  for (const [method, path, route, parameters] of rows) {
    it(`${method} ${path}: ${route}`, () => {
      const match = findRoute(ROUTES, method, path);
      if (typeof match === 'string') return assert.equal(match, route);
      return assert.deepEqual([match.route.path, match.parameters], [route, parameters]);
    });
  }
});
