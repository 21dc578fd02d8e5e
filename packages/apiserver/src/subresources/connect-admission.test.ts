import assert from 'node:assert/strict';
import { test } from 'node:test';

import { pods, services } from '@kts/api';

import type { AdmissionAttributes, AdmissionChain } from '../admission/admission.ts';
import type { RequestScope } from '../registry/request-scope.ts';
import { admittingConnections, connectOptions } from './connect-admission.ts';

test('what a connection asks for, as an object', () => {
  const rows: [subresource: string, query: string, rest: string, expected: object][] = [
    [
      'exec',
      'command=ls&command=-l&stdin=true&tty=false&stdout=1&container=c',
      '',
      { kind: 'PodExecOptions', stdin: true, stdout: true, container: 'c', command: ['ls', '-l'] },
    ],
    ['attach', 'stderr=true', '', { kind: 'PodAttachOptions', stderr: true }],
    ['portforward', 'ports=80,81&ports=90', '', { kind: 'PodPortForwardOptions', ports: [80, 81, 90] }],
    ['portforward', '', '', { kind: 'PodPortForwardOptions' }],
    ['proxy', '', '', { kind: 'PodProxyOptions' }],
    ['proxy', '', '/', { kind: 'PodProxyOptions', path: '/' }],
    ['proxy', '', '/a/b', { kind: 'PodProxyOptions', path: '/a/b' }],
  ];
  for (const [subresource, query, rest, expected] of rows) {
    const path = `/api/v1/namespaces/default/pods/web/${subresource}${rest}`;
    const parts = ['pods', 'web', subresource, ...rest.split('/').filter(Boolean)];
    const request = { query: new URLSearchParams(query), info: { parts, path } };
    const scope = { definition: pods, subresource, request } as unknown as RequestScope;
    assert.deepEqual(connectOptions(scope), { apiVersion: 'v1', ...expected }, `${subresource}?${query} ${rest}`);
  }
});

test('each kind of object has options of its own', () => {
  const info = { parts: ['services', 'web', 'proxy'], path: '/api/v1/namespaces/default/services/web/proxy' };
  const request = { query: new URLSearchParams(), info };
  const scope = { definition: services, subresource: 'proxy', request } as unknown as RequestScope;
  assert.deepEqual(connectOptions(scope), { kind: 'ServiceProxyOptions', apiVersion: 'v1' });
});

test('a connection that is refused is not made', async () => {
  const seen: Pick<AdmissionAttributes, 'operation' | 'name' | 'object'>[] = [];
  const admission: AdmissionChain = {
    admit: () => Promise.resolve(),
    validate: (attributes) => {
      seen.push(attributes);
      return Promise.reject(new Error('no'));
    },
  };
  const request = { query: new URLSearchParams('container=c'), info: { parts: [], path: '' } };
  const scope = {
    definition: pods,
    subresource: 'attach',
    namespace: 'default',
    name: 'a',
    request,
    registry: { admission },
  };
  const handler = admittingConnections(() => assert.fail('it was made'));
  await assert.rejects(handler(scope as unknown as RequestScope), { message: 'no' });
  assert.partialDeepStrictEqual(seen, [
    { operation: 'CONNECT', name: 'a', object: { kind: 'PodAttachOptions', container: 'c' } },
  ]);
});
