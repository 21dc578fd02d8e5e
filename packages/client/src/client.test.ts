import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { conflict, expired, StatusError, type KubeObject, type ResourceType } from '@kts/apimachinery';

import { Client } from './client.ts';
import { answer, ScriptedTransport, statusAnswer } from './testing/scripted-transport.ts';
import type { ApiRequest } from './transport.ts';

const pods: ResourceType<KubeObject> = { group: '', version: 'v1', kind: 'Pod', plural: 'pods', namespaced: true };
const nodes: ResourceType<KubeObject> = { group: '', version: 'v1', kind: 'Node', plural: 'nodes', namespaced: false };
const deployments: ResourceType<KubeObject> = {
  group: 'apps',
  version: 'v1',
  kind: 'Deployment',
  plural: 'deployments',
  namespaced: true,
};
const web = { namespace: 'shop', name: 'web' };

function object(name: string): KubeObject {
  return { metadata: { name, namespace: 'shop', uid: 'u', resourceVersion: '1', creationTimestamp: '' } };
}

/** Makes one call and returns the request it led to, without what is undefined. */
async function requestOf(call: (client: Client) => Promise<unknown>): Promise<Partial<ApiRequest>> {
  const transport = new ScriptedTransport();
  await call(new Client(transport)).catch(() => {});
  return JSON.parse(JSON.stringify(transport.requests[0])) as Partial<ApiRequest>;
}

describe('Client requests', () => {
  const rows: readonly [string, (client: Client) => Promise<unknown>, Partial<ApiRequest>][] = [
    ['get', (c) => c.get(pods, web), { method: 'GET', path: '/api/v1/namespaces/shop/pods/web', query: {} }],
    [
      'get in a group',
      (c) => c.get(deployments, web),
      { method: 'GET', path: '/apis/apps/v1/namespaces/shop/deployments/web', query: {} },
    ],
    [
      'get without namespace',
      (c) => c.get(nodes, { name: 'a' }),
      { method: 'GET', path: '/api/v1/nodes/a', query: {} },
    ],
    [
      'list everywhere',
      (c) => c.list(pods, { labelSelector: 'a=b', limit: 5 }),
      { method: 'GET', path: '/api/v1/pods', query: { labelSelector: 'a=b', limit: '5' } },
    ],
    [
      'list at revision 0',
      (c) => c.list(pods, { namespace: 'shop', resourceVersion: '0' }),
      { method: 'GET', path: '/api/v1/namespaces/shop/pods', query: { resourceVersion: '0' } },
    ],
    [
      'create',
      (c) => c.create(pods, { metadata: { name: 'web', namespace: 'shop' } }, { dryRun: true, fieldManager: 'm' }),
      {
        method: 'POST',
        path: '/api/v1/namespaces/shop/pods',
        query: { dryRun: 'All', fieldManager: 'm' },
        body: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', namespace: 'shop' } },
      },
    ],
    [
      'update status',
      (c) => c.updateStatus(deployments, { ...object('web'), kind: 'Deployment', apiVersion: 'apps/v1' }),
      {
        method: 'PUT',
        path: '/apis/apps/v1/namespaces/shop/deployments/web/status',
        query: {},
        body: { ...object('web'), kind: 'Deployment', apiVersion: 'apps/v1' },
      },
    ],
    [
      'merge patch',
      (c) => c.patch(pods, web, { type: 'merge', body: { a: 1 } }),
      {
        method: 'PATCH',
        path: '/api/v1/namespaces/shop/pods/web',
        query: {},
        body: { a: 1 },
        contentType: 'application/merge-patch+json',
      },
    ],
    [
      'apply',
      (c) => c.apply(nodes, { metadata: { name: 'a' } }, { fieldManager: 'me', force: true }),
      {
        method: 'PATCH',
        path: '/api/v1/nodes/a',
        query: { fieldManager: 'me', force: 'true' },
        body: { apiVersion: 'v1', kind: 'Node', metadata: { name: 'a' } },
        contentType: 'application/apply-patch+yaml',
      },
    ],
    ['delete', (c) => c.delete(pods, web), { method: 'DELETE', path: '/api/v1/namespaces/shop/pods/web' }],
    [
      'delete with options',
      (c) =>
        c.delete(pods, web, { gracePeriodSeconds: 0, preconditions: { uid: 'u' }, propagationPolicy: 'Foreground' }),
      {
        method: 'DELETE',
        path: '/api/v1/namespaces/shop/pods/web',
        body: {
          kind: 'DeleteOptions',
          apiVersion: 'v1',
          gracePeriodSeconds: 0,
          preconditions: { uid: 'u' },
          propagationPolicy: 'Foreground',
        },
      },
    ],
    [
      'delete many',
      (c) => c.deleteCollection(pods, { namespace: 'shop', labelSelector: 'x' }),
      { method: 'DELETE', path: '/api/v1/namespaces/shop/pods', query: { labelSelector: 'x' } },
    ],
    [
      'bind',
      (c) => c.bind({ ...web, uid: 'u' }, 'a'),
      {
        method: 'POST',
        path: '/api/v1/namespaces/shop/pods/web/binding',
        body: {
          apiVersion: 'v1',
          kind: 'Binding',
          metadata: { name: 'web', namespace: 'shop', uid: 'u' },
          target: { kind: 'Node', name: 'a' },
        },
      },
    ],
    [
      'evict',
      (c) => c.evict(web, { gracePeriodSeconds: 3 }),
      {
        method: 'POST',
        path: '/api/v1/namespaces/shop/pods/web/eviction',
        body: {
          apiVersion: 'policy/v1',
          kind: 'Eviction',
          metadata: { name: 'web', namespace: 'shop' },
          deleteOptions: { kind: 'DeleteOptions', apiVersion: 'v1', gracePeriodSeconds: 3 },
        },
      },
    ],
    [
      'scale',
      (c) => c.scale(deployments, web, 3),
      {
        method: 'PATCH',
        path: '/apis/apps/v1/namespaces/shop/deployments/web/scale',
        body: { spec: { replicas: 3 } },
        contentType: 'application/merge-patch+json',
      },
    ],
    [
      'token',
      (c) => c.createToken(web, { audiences: ['x'] }),
      {
        method: 'POST',
        path: '/api/v1/namespaces/shop/serviceaccounts/web/token',
        body: {
          apiVersion: 'authentication.k8s.io/v1',
          kind: 'TokenRequest',
          metadata: {},
          spec: { audiences: ['x'] },
        },
      },
    ],
  ];
  for (const [name, call, expected] of rows) {
    test(name, async () => assert.deepEqual(await requestOf(call), expected));
  }

  test('a key without its namespace is a bug of the caller', async () => {
    await assert.rejects(new Client(new ScriptedTransport()).get(pods, { name: 'web' }), TypeError);
  });
});

describe('Client answers', () => {
  test('a Status becomes the error; warnings go to the handler', async () => {
    const transport = new ScriptedTransport();
    const warnings: string[] = [];
    const client = new Client(transport, { onWarning: (text) => warnings.push(text) });
    const lost = conflict({ group: '', plural: 'pods' }, 'web', 'lost');
    transport.reply('GET /api/v1/namespaces/shop/pods/web', { ...statusAnswer(lost), warnings: ['old'] });
    await assert.rejects(
      client.get(pods, web),
      (error: unknown) => StatusError.is(error) && error.reason === 'Conflict',
    );
    assert.deepEqual(warnings, ['old']);
  });

  const generic: readonly [number, unknown, string, string][] = [
    [
      404,
      '404 page not found',
      'NotFound',
      'the server could not find the requested resource (get deployments.apps web)',
    ],
    [
      503,
      undefined,
      'ServiceUnavailable',
      'the server is currently unable to handle the request (get deployments.apps web)',
    ],
    [
      502,
      'bad\n',
      'InternalError',
      'an error on the server ("bad") has prevented the request from succeeding (get deployments.apps web)',
    ],
    [
      418,
      {},
      '',
      'the server responded with the status code 418 but did not return more information (get deployments.apps web)',
    ],
  ];
  for (const [code, body, reason, message] of generic) {
    test(`${code} without a Status`, async () => {
      const transport = new ScriptedTransport();
      transport.reply('GET /apis/apps/v1/namespaces/shop/deployments/web', answer(body, code));
      await assert.rejects(
        new Client(transport).get(deployments, web),
        (error: unknown) =>
          StatusError.is(error) && error.code === code && error.reason === reason && error.message === message,
      );
    });
  }

  test('listAll follows the pages, and starts over unpaged when they expire', async () => {
    const transport = new ScriptedTransport();
    const page = (names: string[], more?: string): unknown => ({
      items: names.map(object),
      metadata: { resourceVersion: '7', ...(more ? { continue: more } : {}) },
    });
    transport.reply('GET /api/v1/pods', ({ query }) =>
      answer(query?.['continue'] ? page(['c']) : page(['a', 'b'], 'next')),
    );
    const all = await new Client(transport).listAll(pods, { resourceVersion: '0' });
    assert.deepEqual(
      all.items.map((item) => item.metadata.name),
      ['a', 'b', 'c'],
    );
    assert.equal(transport.requests[1]?.query?.['resourceVersion'], undefined);

    transport.reply('GET /api/v1/pods', ({ query }) => {
      if (query?.['continue']) return statusAnswer(expired('too old'));
      return answer(query?.['limit'] ? page(['a', 'b'], 'next') : page(['x']));
    });
    assert.deepEqual(
      (await new Client(transport).listAll(pods)).items.map((item) => item.metadata.name),
      ['x'],
    );
  });
});

describe('Client watch', () => {
  test('events arrive in order; an ERROR frame is thrown', async () => {
    const transport = new ScriptedTransport();
    const events = new Client(transport).watch(pods, {
      namespace: 'shop',
      resourceVersion: '5',
      allowWatchBookmarks: true,
    });
    const first = events.next();
    await Promise.resolve();
    const watch = transport.watchOf('/api/v1/namespaces/shop/pods');
    assert.deepEqual(JSON.parse(JSON.stringify(watch.request.query)), {
      watch: 'true',
      resourceVersion: '5',
      allowWatchBookmarks: 'true',
    });
    watch.send('ADDED', object('a'));
    watch.send('ERROR', expired('too old resource version').status);
    assert.deepEqual((await first).value, { type: 'ADDED', object: object('a') });
    await assert.rejects(events.next(), (error: unknown) => StatusError.is(error) && error.code === 410);
    assert.equal(watch.open, false);
  });

  test('the signal and return() end it', async () => {
    const transport = new ScriptedTransport();
    const stop = new AbortController();
    const bySignal = new Client(transport).watch(pods, { signal: stop.signal });
    const pending = bySignal.next();
    stop.abort();
    assert.equal((await pending).done, true);

    const byReturn = new Client(transport).watch(pods);
    await byReturn.return?.();
    assert.equal((await byReturn.next()).done, true);
    assert.equal(
      transport.watches.every((watch) => !watch.open),
      true,
    );
  });
});
