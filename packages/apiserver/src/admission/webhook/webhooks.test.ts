import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { describe, test } from 'node:test';

import {
  configMaps,
  deployments,
  endpointSlices,
  mutatingWebhookConfigurations,
  namespaces,
  pods,
  services,
  validatingWebhookConfigurations,
} from '@kts/api';
import type { AdmissionResponse } from '@kts/api/types/admission-v1';

import { failureOf, startTestApiServer, type TestApiServer } from '../../testing/index.ts';
import { startWebhookServer, type WebhookServer } from '../../testing/webhook-server.ts';

const namespace = 'default';
const RULE = {
  operations: ['*'],
  apiGroups: [''],
  apiVersions: ['v1'],
  resources: ['configmaps'],
  scope: '*',
} as const;

function webhook(server: WebhookServer, extra: object = {}) {
  return {
    name: 'hook.example.com',
    clientConfig: { url: server.url, caBundle: server.caBundle },
    rules: [RULE],
    sideEffects: 'None' as const,
    admissionReviewVersions: ['v1'],
    ...extra,
  };
}

function validate(api: TestApiServer, server: WebhookServer, extra: object = {}, name = 'validate') {
  const webhooks = [webhook(server, extra)];
  return api.client.create(validatingWebhookConfigurations, { metadata: { name }, webhooks } as never);
}

function mutate(api: TestApiServer, server: WebhookServer, extra: object = {}, name = 'mutate') {
  const webhooks = [webhook(server, extra)];
  return api.client.create(mutatingWebhookConfigurations, { metadata: { name }, webhooks } as never);
}

const configMap = (name: string, extra: object = {}) => ({ metadata: { name, namespace, ...extra } });
const allow = (): AdmissionResponse => ({ allowed: true });
const patch = (...operations: object[]): AdmissionResponse => ({
  allowed: true,
  patchType: 'JSONPatch',
  patch: Buffer.from(JSON.stringify(operations)).toString('base64'),
});
const label = (key: string): AdmissionResponse => patch({ op: 'add', path: `/metadata/labels/${key}`, value: 'yes' });

describe('ValidatingAdmissionWebhook', () => {
  test('refuses what the webhook refuses, in its words, from the moment it is configured', async () => {
    await using server = await startWebhookServer(() => ({ allowed: false, status: { message: 'no way', code: 418 } }));
    await using api = await startTestApiServer();
    await api.client.create(configMaps, configMap('before'));
    await validate(api, server);
    const error = await failureOf(api.client.create(configMaps, configMap('after')));
    assert.equal(error.message, 'admission webhook "hook.example.com" denied the request: no way');
    assert.equal(error.code, 418);
    await api.client.delete(validatingWebhookConfigurations, { name: 'validate' });
    await api.client.create(configMaps, configMap('after'));
  });

  test('tells the webhook everything about the request', async () => {
    await using server = await startWebhookServer(allow);
    await using api = await startTestApiServer();
    await validate(api, server);
    await api.client.create(configMaps, configMap('a', { labels: { x: 'y' } }), { dryRun: true });
    const { uid, object, ...rest } = server.requests[0]!;
    assert.match(uid!, /^[0-9a-f-]{36}$/);
    assert.equal((object as { metadata: { name: string } }).metadata.name, 'a');
    assert.deepEqual(rest, {
      kind: { group: '', version: 'v1', kind: 'ConfigMap' },
      resource: { group: '', version: 'v1', resource: 'configmaps' },
      requestKind: { group: '', version: 'v1', kind: 'ConfigMap' },
      requestResource: { group: '', version: 'v1', resource: 'configmaps' },
      name: 'a',
      namespace,
      operation: 'CREATE',
      userInfo: { username: 'admin', groups: ['system:masters', 'system:authenticated'] },
      oldObject: null,
      dryRun: true,
      options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1', dryRun: ['All'] },
    });
  });

  test('sees the old object of updates and deletions', async () => {
    await using server = await startWebhookServer(allow);
    await using api = await startTestApiServer();
    const created = await api.client.create(configMaps, configMap('a'));
    await validate(api, server);
    await api.client.update(configMaps, { ...created, data: { k: 'v' } });
    await api.client.delete(configMaps, { namespace, name: 'a' });
    const seen = server.requests.map(({ operation, object, oldObject }) => [operation, data(object), data(oldObject)]);
    assert.deepEqual(seen, [
      ['UPDATE', { k: 'v' }, undefined],
      ['DELETE', null, { k: 'v' }],
    ]);
  });

  test('is asked about every object of a deleted collection', async () => {
    await using server = await startWebhookServer(allow);
    await using api = await startTestApiServer();
    for (const name of ['a', 'b']) await api.client.create(configMaps, configMap(name, { labels: { go: 'yes' } }));
    await validate(api, server);
    await api.client.deleteCollection(configMaps, { namespace, labelSelector: 'go=yes' });
    const seen = server.requests.map(({ operation, name, oldObject }) => [operation, name, nameOf(oldObject)]);
    assert.deepEqual(new Set(seen.map((one) => one.join(' '))), new Set(['DELETE  a', 'DELETE  b']));
  });

  test('sees an eviction, and not the deletion that it is', async () => {
    await using server = await startWebhookServer(allow);
    await using api = await startTestApiServer();
    const pod = { metadata: { name: 'a', namespace }, spec: { containers: [{ name: 'c', image: 'i' }] } };
    await api.client.create(pods, pod as never);
    await validate(api, server, { rules: [{ ...RULE, resources: ['*/*'] }] });
    const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'a', namespace } };
    await api.client.create(pods, eviction as never, { subresource: 'eviction', name: 'a' });
    const seen = server.requests.map(({ operation, subResource, kind }) => [operation, subResource, kind?.kind]);
    assert.deepEqual(seen, [['CREATE', 'eviction', 'Eviction']]);
  });

  const conditions: [string, object[], boolean | RegExp][] = [
    ['one that holds', [{ name: 'c', expression: "request.operation == 'CREATE'" }], true],
    ['one that does not', [{ name: 'c', expression: "object.metadata.name == 'b'" }], false],
    [
      'one that fails',
      [{ name: 'c', expression: 'object.nope == 1' }],
      /^configmaps "a" is forbidden: expression 'object.nope == 1' resulted in error: no such key: nope$/,
    ],
  ];
  for (const [name, matchConditions, expected] of conditions) {
    test(`looks at match conditions: ${name}`, async () => {
      await using server = await startWebhookServer(allow);
      await using api = await startTestApiServer();
      await validate(api, server, { matchConditions });
      const creation = api.client.create(configMaps, configMap('a'));
      if (typeof expected !== 'boolean') assert.match((await failureOf(creation)).message, expected);
      else await creation;
      assert.equal(server.requests.length > 0, expected === true);
    });
  }

  test('asks only about objects and namespaces that are selected', async () => {
    await using server = await startWebhookServer(() => ({ allowed: false }));
    await using api = await startTestApiServer();
    await api.client.create(namespaces, {
      metadata: { name: 'guarded', labels: { guarded: 'yes' } },
      spec: {},
      status: {},
    });
    await validate(api, server, {
      namespaceSelector: { matchLabels: { guarded: 'yes' } },
      objectSelector: { matchExpressions: [{ key: 'skip', operator: 'DoesNotExist' }] },
    });
    await api.client.create(configMaps, configMap('other-namespace'));
    await api.client.create(configMaps, { metadata: { name: 'a', namespace: 'guarded', labels: { skip: 'me' } } });
    const error = await failureOf(api.client.create(configMaps, { metadata: { name: 'b', namespace: 'guarded' } }));
    assert.equal(error.message, 'admission webhook "hook.example.com" denied the request without explanation');
    assert.equal(error.code, 400);
  });

  test('hands on warnings, once each', async () => {
    await using server = await startWebhookServer(() => ({ allowed: true, warnings: ['careful', 'careful'] }));
    await using api = await startTestApiServer();
    await validate(api, server);
    const response = await api.transportFor({ name: 'u', groups: ['system:masters'] }).request({
      method: 'POST',
      path: `/api/v1/namespaces/${namespace}/configmaps`,
      body: configMap('a'),
    } as never);
    assert.deepEqual((response as { warnings: readonly string[] }).warnings, ['careful']);
  });

  test('never sees webhook configurations themselves', async () => {
    await using server = await startWebhookServer(() => ({ allowed: false }));
    await using api = await startTestApiServer();
    await validate(api, server, { rules: [{ ...RULE, apiGroups: ['*'], apiVersions: ['*'], resources: ['*/*'] }] });
    await api.client.delete(validatingWebhookConfigurations, { name: 'validate' });
    assert.equal(server.requests.length, 0);
  });

  test('speaks v1beta1 with webhooks that speak nothing else', async () => {
    let apiVersion = '';
    await using server = await startWebhookServer((_, review) => {
      apiVersion = review.apiVersion ?? '';
      return { allowed: true };
    });
    await using api = await startTestApiServer();
    await validate(api, server, { admissionReviewVersions: ['v1beta1'] });
    await api.client.create(configMaps, configMap('a'));
    assert.equal(apiVersion, 'admission.k8s.io/v1beta1');
  });

  test('sees scale as its own kind, and the version that its rule names', async () => {
    await using server = await startWebhookServer(allow);
    await using api = await startTestApiServer();
    const spec = {
      selector: { matchLabels: { a: 'b' } },
      template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
    };
    await api.client.create(deployments, { metadata: { name: 'web', namespace }, spec } as never);
    await validate(api, server, { rules: [{ ...RULE, apiGroups: ['apps'], resources: ['deployments/scale'] }] });
    const body = [{ op: 'replace', path: '/spec/replicas', value: 3 }];
    await api.client.patch(deployments, { namespace, name: 'web' }, { type: 'json', body }, { subresource: 'scale' });
    const [seen] = server.requests;
    assert.deepEqual(seen?.kind, { group: 'autoscaling', version: 'v1', kind: 'Scale' });
    assert.equal(seen?.subResource, 'scale');
    assert.equal((seen!.object as { spec?: { replicas?: number } }).spec?.replicas, 3);
  });
});

const nameOf = (object: unknown): unknown => (object as { metadata: { name: string } }).metadata.name;
const data = (object: unknown): unknown => (object as { data?: unknown } | null) && (object as { data?: unknown }).data;

describe('a webhook that cannot be asked', () => {
  type Row = [
    name: string,
    clientConfig: (server: WebhookServer) => object,
    answer: AdmissionResponse | number,
    message: RegExp,
  ];
  const rows: Row[] = [
    [
      'nobody listens',
      () => ({ url: 'https://127.0.0.1:1/x' }),
      allow(),
      /^Internal error occurred: failed calling webhook "hook.example.com": failed to call webhook: Post "https:\/\/127.0.0.1:1\/x\?timeout=10s": dial tcp 127.0.0.1:1: connect: connection refused$/,
    ],
    [
      'an unknown authority',
      ({ url }) => ({ url }),
      allow(),
      /Post "https:\/\/localhost:\d+\/\?timeout=10s": tls: failed to verify certificate: x509: certificate signed by unknown authority$/,
    ],
    [
      'no such service',
      ({ caBundle }) => ({ service: { namespace, name: 'nobody' }, caBundle }),
      allow(),
      /Post "https:\/\/nobody.default.svc:443\/\?timeout=10s": service "nobody" not found$/,
    ],
    [
      'an error of its own',
      ({ url, caBundle }) => ({ url, caBundle }),
      500,
      /failed to call webhook: an error on the server \("unknown"\) has prevented the request from succeeding$/,
    ],
  ];
  for (const [name, clientConfig, answer, message] of rows) {
    test(`refuses the request, or lets it pass if that is its policy: ${name}`, async () => {
      await using server = await startWebhookServer(() => answer);
      await using api = await startTestApiServer();
      await validate(api, server, { clientConfig: clientConfig(server) });
      const error = await failureOf(api.client.create(configMaps, configMap('a')));
      assert.equal(error.code, 500);
      assert.match(error.message, message);
      await api.client.delete(validatingWebhookConfigurations, { name: 'validate' });
      await validate(api, server, { clientConfig: clientConfig(server), failurePolicy: 'Ignore' });
      await api.client.create(configMaps, configMap('a'));
    });
  }

  test('is not waited for longer than it wants', async () => {
    const asked = Promise.withResolvers<void>();
    await using server = await startWebhookServer(() => {
      asked.resolve();
      return undefined;
    });
    await using api = await startTestApiServer();
    await validate(api, server, { timeoutSeconds: 3 });
    const failing = failureOf(api.client.create(configMaps, configMap('a')));
    await asked.promise;
    await api.clock.advance(3000);
    assert.match((await failing).message, /\?timeout=3s": context deadline exceeded$/);
  });
});

test('a Service is resolved to one of its endpoints, under its own name', async () => {
  await using server = await startWebhookServer(allow);
  const dialled: string[] = [];
  await using api = await startTestApiServer({
    dial: (port, host) => {
      dialled.push(`${host}:${port}`);
      return connect(server.port, '127.0.0.1');
    },
  });
  await api.client.create(services, {
    metadata: { name: 'hook', namespace },
    spec: { ports: [{ port: 443, targetPort: 8443 }], selector: { app: 'hook' } },
  } as never);
  await api.client.create(endpointSlices, {
    metadata: { name: 'hook-1', namespace, labels: { 'kubernetes.io/service-name': 'hook' } },
    addressType: 'IPv4',
    ports: [{ name: '', port: 8443 }],
    endpoints: [{ addresses: ['10.1.2.3'], conditions: { ready: false } }, { addresses: ['10.1.2.4'] }],
  } as never);
  const clientConfig = { service: { namespace, name: 'hook', path: '/check' }, caBundle: server.caBundle };
  await validate(api, server, { clientConfig });
  await api.client.create(configMaps, configMap('a'));
  await api.client.create(configMaps, configMap('b'));
  assert.deepEqual(dialled, ['10.1.2.4:8443']);
  assert.equal(server.requests.length, 2);
});

describe('MutatingAdmissionWebhook', () => {
  test('changes objects, with defaults for what it adds', async () => {
    await using server = await startWebhookServer(() =>
      patch({ op: 'add', path: '/spec/containers/-', value: { name: 'sidecar', image: 'proxy' } }),
    );
    await using api = await startTestApiServer();
    await mutate(api, server, { rules: [{ ...RULE, operations: ['CREATE'], resources: ['pods'] }] });
    const pod = { metadata: { name: 'a', namespace }, spec: { containers: [{ name: 'c', image: 'i' }] } };
    const created = await api.client.create(pods, pod as never);
    const added = created.spec.containers[1]!;
    assert.equal(added.name, 'sidecar');
    assert.equal(added.terminationMessagePath, '/dev/termination-log');
    assert.ok(added.volumeMounts, 'earlier plugins look at it once more');
  });

  test('goes in order of configurations, each seeing what the one before has made', async () => {
    await using server = await startWebhookServer(({ object }) => {
      const labels = (object as { metadata: { labels?: Record<string, string> } }).metadata.labels ?? {};
      return label(`l${Object.keys(labels).length}`);
    });
    await using api = await startTestApiServer();
    for (const name of ['b', 'a']) await mutate(api, server, {}, name);
    const created = await api.client.create(configMaps, configMap('x', { labels: { one: '1' } }));
    assert.deepEqual(created.metadata.labels, { l1: 'yes', l2: 'yes', one: '1' });
  });

  const rounds: [string, object, object, number][] = [
    ['never', {}, {}, 2],
    ['the first wants to see what the second does', { reinvocationPolicy: 'IfNeeded' }, {}, 3],
    ['both want to', { reinvocationPolicy: 'IfNeeded' }, { reinvocationPolicy: 'IfNeeded' }, 3],
  ];
  for (const [name, first, second, calls] of rounds) {
    test(`is asked again where it has reason to be: ${name}`, async () => {
      await using server = await startWebhookServer(({ object }) => {
        const { labels = {} } = (object as { metadata: { labels?: Record<string, string> } }).metadata;
        const free = ['first', 'second'].find((key) => !(key in labels));
        return free ? label(free) : { allowed: true };
      });
      await using api = await startTestApiServer();
      await mutate(api, server, first, 'a');
      await mutate(api, server, second, 'b');
      await api.client.create(configMaps, configMap('x', { labels: { one: '1' } }));
      assert.equal(server.requests.length, calls);
    });
  }

  const broken: [string, AdmissionResponse, RegExp][] = [
    [
      'no patch',
      { allowed: true, patch: 'e30=', patchType: 'JSONPatch' },
      /received undecodable patch in webhook response: /,
    ],
    [
      'no type of patch',
      { allowed: true, patch: 'W10=' },
      /received invalid webhook response: webhook returned response.patch but not response.patchType$/,
    ],
    ['a type that does not exist', { ...label('a'), patchType: 'Merge' }, /unsupported patch type "Merge"$/],
    ['a patch that does not fit', label('a'), /^Internal error occurred: add operation does not apply/],
  ];
  for (const [name, response, message] of broken) {
    test(`fails the request for ${name}`, async () => {
      await using server = await startWebhookServer(() => response);
      await using api = await startTestApiServer();
      await mutate(api, server);
      const error = await failureOf(api.client.create(configMaps, configMap('x')));
      assert.match(error.message, message);
    });
  }

  test('cannot change what is being deleted', async () => {
    await using server = await startWebhookServer(({ operation }) => (operation === 'DELETE' ? label('a') : allow()));
    await using api = await startTestApiServer();
    await mutate(api, server);
    await api.client.create(configMaps, configMap('x'));
    const error = await failureOf(api.client.delete(configMaps, { namespace, name: 'x' }));
    assert.match(error.message, /attempted to modify the object, which is not supported for this operation$/);
  });
});
