import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import {
  clusterRoleBindings,
  configMaps,
  daemonSets,
  deployments,
  leases,
  persistentVolumes,
  pods,
  resourceClaims,
  serviceAccounts,
  storageClasses,
  type ResourceDefinition,
} from '@kts/api';
import type { KubeObject } from '@kts/apimachinery';
import type { Transport } from '@kts/client';

import { failureOf, startTestApiServer, type TestApiServer } from '../testing/index.ts';

const namespace = 'default';

type Method = Parameters<Transport['request']>[0]['method'];

async function ask(
  server: TestApiServer,
  method: Method,
  path: string,
  query: Record<string, string> = {},
  body?: unknown,
): Promise<{ readonly status: number; readonly body: { message?: string; details?: object } & KubeObject }> {
  const transport = server.transportFor({ name: 'admin', groups: ['system:masters'] });
  const contentType = method === 'PATCH' ? { contentType: 'application/merge-patch+json' } : {};
  const { status, body: answer } = await transport.request({
    method,
    path,
    query,
    ...(body ? { body } : {}),
    ...contentType,
  });
  return { status, body: answer as never };
}

describe('what all endpoints have in common', () => {
  const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
  const rows: readonly [
    method: Method,
    path: string,
    query: Record<string, string>,
    status: number,
    message: RegExp,
  ][] = [
    ['GET', `${CONFIG_MAPS}/a%b`, {}, 400, /^Name parameter invalid: "a%b": may not contain '%'$/],
    ['DELETE', `${CONFIG_MAPS}/..`, {}, 400, /^Name parameter invalid: "\.\.": may not be '\.\.'$/],
    ['GET', '/api/v1/namespaces/default/pods/a/log/b', {}, 404, /^the server could not find the requested resource$/],
    ['GET', '/apis/apps/v1/namespaces/default/deployments/a/scale/b', {}, 404, /^the server could not find/],
    ['DELETE', '/api/v1/namespaces/default/pods/a/exec', {}, 405, /does not allow this method/],
    ['PUT', '/api/v1/watch/namespaces/default/configmaps', {}, 405, /does not allow this method/],
    ['GET', CONFIG_MAPS, { limit: '99999999999999999999' }, 400, /: value out of range$/],
    ['GET', CONFIG_MAPS, { continue: 'abc', resourceVersion: '5' }, 400, /^invalid continue token/],
    [
      'GET',
      '/apis/events.k8s.io/v1/events',
      { fieldSelector: 'reportingComponent=x' },
      400,
      /not supported: reportingComponent/,
    ],
  ];
  for (const [method, path, query, status, message] of rows) {
    it(`${method} ${path} ${new URLSearchParams(query).toString()}: ${status}`, async () => {
      await using server = await startTestApiServer();
      const answer = await ask(server, method, path, query);
      assert.equal(answer.status, status, answer.body.message ?? '');
      assert.match(answer.body.message ?? '', message);
    });
  }

  it('self links are dropped', async () => {
    await using server = await startTestApiServer();
    const created = await server.client.create(configMaps, { metadata: { name: 'a', namespace, selfLink: '/x' } });
    assert.equal(created.metadata.selfLink, undefined);
    const updated = await server.client.update(configMaps, {
      ...created,
      metadata: { ...created.metadata, selfLink: '/x' },
    });
    assert.equal(updated.metadata.resourceVersion, created.metadata.resourceVersion);
  });

  it('what was deleted is shown at the version of its deletion', async () => {
    await using server = await startTestApiServer();
    const created = await server.client.create(serviceAccounts, { metadata: { name: 'a', namespace } });
    const { body } = await ask(server, 'DELETE', '/api/v1/namespaces/default/serviceaccounts/a');
    assert.ok(Number(body.metadata.resourceVersion) > Number(created.metadata.resourceVersion));
  });

  it('preconditions of a deletion may be in the query', async () => {
    await using server = await startTestApiServer();
    await server.client.create(configMaps, { metadata: { name: 'a', namespace } });
    for (const query of [{ uid: 'wrong' }, { resourceVersion: '1' }]) {
      assert.equal((await ask(server, 'DELETE', `${CONFIG_MAPS}/a`, query as never)).status, 409);
    }
  });

  it('an update may create where the kind allows it, but not what has a UID', async () => {
    await using server = await startTestApiServer();
    const path = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/a';
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'none' };
    const binding = (metadata: object): object => ({ metadata: { name: 'a', ...metadata }, roleRef, subjects: [] });
    const refused = await ask(server, 'PUT', path, {}, binding({ uid: 'u' }));
    assert.equal(refused.status, 409);
    assert.match(refused.body.message ?? '', /UID in precondition: u, UID in object meta: $/);
    assert.equal((await ask(server, 'PUT', path, {}, binding({ resourceVersion: '5' }))).status, 201);
    assert.ok(await server.client.get(clusterRoleBindings, { name: 'a' }));
  });

  it('a known kind is read before it is refused', async () => {
    await using server = await startTestApiServer();
    const { body } = await ask(
      server,
      'POST',
      CONFIG_MAPS,
      {},
      { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a' } },
    );
    assert.equal(
      body.message,
      'Secret in version "v1" cannot be handled as a ConfigMap: converting (v1.Secret) to (core.ConfigMap): unknown conversion',
    );
  });

  it('warnings about a patch come in the order in which it would be written', async () => {
    await using server = await startTestApiServer();
    await server.client.create(configMaps, { metadata: { name: 'a', namespace } });
    const transport = server.transportFor({ name: 'admin', groups: ['system:masters'] });
    const { warnings } = await transport.request({
      method: 'PATCH',
      path: `${CONFIG_MAPS}/a`,
      body: { zed: 1, alpha: 2, metadata: { why: 1 } },
      contentType: 'application/merge-patch+json',
    });
    assert.deepEqual(warnings, ['unknown field "alpha"', 'unknown field "metadata.why"', 'unknown field "zed"']);
  });
});

describe('how often metadata is looked at', () => {
  const image = { spec: { containers: [{ name: 'c', image: 'i' }] }, metadata: { labels: { a: 'b' } } };
  const selector = { matchLabels: { a: 'b' } };
  const rows: readonly [definition: ResourceDefinition, body: object, times: number][] = [
    [configMaps, {}, 4],
    [leases, { spec: {} }, 3],
    [deployments, { spec: { selector, template: image } }, 3],
    [daemonSets, { spec: { selector, template: image } }, 3],
    [storageClasses, { provisioner: 'p' }, 4],
    [
      persistentVolumes,
      { spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/x' } } },
      4,
    ],
    [resourceClaims, { spec: { devices: { requests: [{ name: 'r', exactly: { deviceClassName: 'c' } }] } } }, 4],
  ] as never;
  for (const [definition, body, times] of rows) {
    it(`${definition.plural}: a bad label is told ${times} times`, async () => {
      await using server = await startTestApiServer();
      const metadata = { name: 'a', ...(definition.namespaced ? { namespace } : {}) };
      const created = await server.client.create(definition, { metadata, ...body } as never);
      const changed = { ...created, metadata: { ...created.metadata, labels: { a: 'b c' } } };
      const { status } = await failureOf(server.client.update(definition, changed));
      assert.deepEqual(
        status.details?.causes?.map(({ field }) => field),
        Array.from({ length: times }, () => 'metadata.labels'),
      );
    });
  }
});

describe('a watch of tables', () => {
  it('says once what its columns are', async () => {
    await using server = await startTestApiServer();
    for (const name of ['a', 'b'])
      await server.client.create(pods, {
        metadata: { name, namespace },
        spec: { containers: [{ name: 'c', image: 'i' }] },
      });
    const { watchInView } = await import('./watch-in-view.ts');
    const sent: (unknown[] | null)[] = [];
    const frames = [1, 2].map(() => ({
      type: 'ADDED' as const,
      object: () => ({ columnDefinitions: null }),
      jsonFrame: () => new Uint8Array(),
    }));
    const stream = watchInView(
      {
        start: (sink) => {
          sink.send(frames.slice(0, 1));
          sink.send(frames);
          sink.end();
        },
        drained: () => {},
        close: () => {},
        onEnd: () => {},
      },
      pods as unknown as ResourceDefinition,
      { kind: 'table', version: 'v1', includeObject: 'None' },
    );
    stream.start({
      send: (events) => {
        for (const event of events)
          sent.push((event.object() as { columnDefinitions: unknown[] | null }).columnDefinitions);
        return true;
      },
      end: () => {},
    });
    assert.deepEqual([sent[0]?.length, ...sent.slice(1)], [pods.columns.length, null, null]);
  });
});
