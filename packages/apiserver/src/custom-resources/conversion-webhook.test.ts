import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { CustomResourceDefinition } from '@kts/api/types/apiextensions-v1';
import type { KubeObject } from '@kts/apimachinery';

import { failureOf, startTestApiServer, type TestApiServer } from '../testing/index.ts';
import { defineThings, thing, thingsOf, thingVersion, type Thing } from '../testing/thing-definition.ts';
import { startWebhookServer, type WebhookServer } from '../testing/webhook-server.ts';

const key = { namespace: 'default', name: 'a' };
const old = thingsOf('v1');
const current = thingsOf('v2');

interface Review {
  readonly desiredAPIVersion: string;
  readonly objects: readonly Thing[];
}

/** What v1 calls `size`, v2 calls `width`. */
function rename(object: Thing, apiVersion: string): Thing {
  const { size, width, ...rest } = object.spec ?? {};
  const value = size ?? width;
  return { ...object, apiVersion, spec: { ...rest, [apiVersion.endsWith('v2') ? 'width' : 'size']: value } };
}

function startConverter(convert: (object: Thing, apiVersion: string) => object = rename): Promise<WebhookServer> {
  return startWebhookServer((request) => {
    const { objects, desiredAPIVersion } = request as unknown as Review;
    const convertedObjects = objects.map((object) => convert(object, desiredAPIVersion));
    return { convertedObjects, result: { status: 'Success' } } as never;
  });
}

async function define(api: TestApiServer, { url, caBundle }: { readonly url: string; readonly caBundle?: string }) {
  const spec = (field: string) => ({ type: 'object', properties: { [field]: { type: 'integer' } } });
  const conversion: CustomResourceDefinition['spec']['conversion'] = {
    strategy: 'Webhook',
    webhook: { clientConfig: { url, ...(caBundle ? { caBundle } : {}) }, conversionReviewVersions: ['v1'] },
  };
  const versions = [
    thingVersion(spec('width'), { name: 'v2', subresources: { status: {} } }),
    thingVersion(spec('size'), {
      storage: false,
      subresources: { status: {} },
      selectableFields: [{ jsonPath: '.spec.size' }],
    }),
  ];
  await defineThings(api, versions, { conversion });
}

describe('conversion by webhook', () => {
  test('objects are stored in one version and answered in that of the request', async () => {
    await using server = await startConverter();
    await using api = await startTestApiServer();
    await define(api, server);
    const created = await api.client.create(old, thing({ size: 3 }));
    assert.deepEqual([created.apiVersion, created.spec], ['example.com/v1', { size: 3 }]);
    assert.deepEqual((await api.client.get(current, key)).spec, { width: 3 });
    assert.deepEqual((await api.client.get(old, key)).spec, { size: 3 });
    const { items } = await api.client.list(old, { namespace: 'default' });
    assert.deepEqual(
      items.map(({ spec }) => spec),
      [{ size: 3 }],
    );
  });

  test('updates and patches of either version change the same object', async () => {
    await using server = await startConverter();
    await using api = await startTestApiServer();
    await define(api, server);
    const created = await api.client.create(current, thing({ width: 1 }));
    await api.client.patch(old, key, { type: 'merge', body: { spec: { size: 2 } } });
    const changed = await api.client.get(current, key);
    assert.deepEqual([changed.spec, changed.metadata.generation], [{ width: 2 }, 2]);
    const shown = await api.client.get(old, key);
    await api.client.update(old, { ...shown, spec: { size: 4 } });
    assert.deepEqual((await api.client.get(current, key)).spec, { width: 4 });
    assert.equal(changed.metadata.uid, created.metadata.uid);
  });

  test('watches show every change in their version', async () => {
    await using server = await startConverter();
    await using api = await startTestApiServer();
    await define(api, server);
    await api.client.create(current, thing({ width: 1 }));
    const events = api.client.watch(old, { namespace: 'default' });
    const first = await events.next();
    await api.client.patch(current, key, { type: 'merge', body: { spec: { width: 2 } } });
    await api.client.delete(current, key);
    const rest = [await events.next(), await events.next()];
    await events.return?.();
    assert.deepEqual(
      [first, ...rest].map(({ value }) => [value.type, value.object.apiVersion, value.object.spec]),
      [
        ['ADDED', 'example.com/v1', { size: 1 }],
        ['MODIFIED', 'example.com/v1', { size: 2 }],
        ['DELETED', 'example.com/v1', { size: 2 }],
      ],
    );
  });

  test('watches select by fields of their version', async () => {
    await using server = await startConverter();
    await using api = await startTestApiServer();
    await define(api, server);
    await api.client.create(current, thing({ width: 2 }));
    await api.client.create(current, thing({ width: 1 }, { name: 'b' }));
    const events = api.client.watch(old, { namespace: 'default', fieldSelector: 'spec.size=1' });
    const seen = [await events.next()];
    for (const width of [1, 3]) {
      await api.client.patch(current, key, { type: 'json', body: [{ op: 'add', path: '/spec/width', value: width }] });
      await api.client.patch(current, key, { type: 'merge', body: { metadata: { labels: { width: String(width) } } } });
    }
    await api.client.delete(current, key);
    await api.client.delete(current, { ...key, name: 'b' });
    for (let count = 0; count < 4; count += 1) seen.push(await events.next());
    await events.return?.();
    assert.deepEqual(
      seen.map(({ value }) => [value.type, value.object.metadata.name, value.object.spec.size]),
      [
        ['ADDED', 'b', 1],
        ['ADDED', 'a', 1],
        ['MODIFIED', 'a', 1],
        ['DELETED', 'a', 1],
        ['DELETED', 'b', 1],
      ],
    );
  });

  test('many objects are asked for together, once', async () => {
    await using server = await startConverter();
    await using api = await startTestApiServer();
    await define(api, server);
    for (const name of ['a', 'b', 'c']) await api.client.create(current, thing({ width: 1 }, { name }));
    await api.client.list(old, { namespace: 'default' });
    await api.client.list(old, { namespace: 'default' });
    assert.deepEqual(
      server.requests.map((request) => (request as unknown as Review).objects.length),
      [3],
    );
  });

  test('of the metadata only labels and annotations may change', async () => {
    await using server = await startConverter((object, apiVersion) => ({
      ...rename(object, apiVersion),
      metadata: { ...object.metadata, labels: { seen: 'yes' }, generation: 77, resourceVersion: '1' },
    }));
    await using api = await startTestApiServer();
    await define(api, server);
    const created = await api.client.create(current, thing({ width: 1 }));
    const { metadata } = await api.client.get(old, key);
    assert.deepEqual(metadata, { ...created.metadata, labels: { seen: 'yes' } });
  });

  const wrong: readonly (readonly [
    name: string,
    answer: (object: KubeObject, apiVersion: string) => object,
    why: string,
  ])[] = [
    [
      'the wrong version',
      (object) => object,
      'returned invalid object at index 0: invalid groupVersion (expected example.com/v1, received example.com/v2)',
    ],
    [
      'another name',
      (object, apiVersion) => ({ ...object, apiVersion, metadata: { ...object.metadata, name: 'b' } }),
      'returned invalid object: must have the same name: a != b',
    ],
    [
      'labels that are none',
      (object, apiVersion) => ({ ...object, apiVersion, metadata: { ...object.metadata, labels: { a: 1 } } }),
      'returned invalid metadata: metadata.labels[a] must be a string, but is int64 in converted object',
    ],
  ];
  for (const [name, answer, why] of wrong) {
    test(`an answer with ${name} is an error`, async () => {
      await using server = await startConverter(answer);
      await using api = await startTestApiServer();
      await define(api, server);
      await api.client.create(current, thing({ width: 1 }));
      const error = await failureOf(api.client.get(old, key));
      assert.equal(error.code, 500);
      assert.equal(error.message, `conversion webhook for example.com/v2, Kind=Thing ${why}`);
    });
  }

  test('a webhook that refuses or cannot be reached is named in the error', async () => {
    await using server = await startWebhookServer(
      () => ({ result: { status: 'Failure', message: 'not today' } }) as never,
    );
    await using api = await startTestApiServer();
    await define(api, server);
    await api.client.create(current, thing({ width: 1 }));
    const refused = await failureOf(api.client.get(old, key));
    assert.equal(refused.message, 'conversion webhook for example.com/v2, Kind=Thing failed: not today');
  });

  test('without its webhook only the stored version can be had', async () => {
    await using api = await startTestApiServer();
    await define(api, { url: 'https://127.0.0.1:1/convert' });
    await api.client.create(current, thing({ width: 1 }));
    const error = await failureOf(api.client.get(old, key));
    const post = 'Post "https://127.0.0.1:1/convert?timeout=30s"';
    assert.equal(
      error.message,
      `conversion webhook for example.com/v2, Kind=Thing failed: ${post}: dial tcp 127.0.0.1:1: connect: connection refused`,
    );
    assert.deepEqual((await api.client.get(current, key)).spec, { width: 1 });
  });
});
