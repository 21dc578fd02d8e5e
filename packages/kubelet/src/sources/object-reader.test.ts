import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { configMaps, secrets } from '@kts/api';
import { ADMIN, startTestApiServer, type TestApiServer } from '@kts/apiserver/testing';
import { seededRandom, silentLogger } from '@kts/base';
import type { FakeClock } from '@kts/base/testing';
import { Client, TransportError, type ApiRequest, type Transport } from '@kts/client';

import { ObjectReader } from './object-reader.ts';

const NAMESPACE = 'default';
const MINUTE_MS = 60_000;

describe('objects that pods refer to', () => {
  let server: TestApiServer<FakeClock>;
  let reader: ObjectReader;
  let running: Promise<void>;
  const stop = new AbortController();
  /** Lists and watches that the reader has asked for. */
  const asked: string[] = [];

  function clientOf(transport: Transport): Client {
    const count = (verb: string, request: ApiRequest): ApiRequest => {
      asked.push(`${verb} ${request.path} ${request.query?.['fieldSelector'] ?? ''}`);
      return request;
    };
    return new Client({
      ...transport,
      request: (request) => transport.request(count('list', request)),
      watch: (request) => transport.watch(count('watch', request)),
    });
  }

  before(async () => {
    server = await startTestApiServer({ namespaces: [NAMESPACE] });
    const client = clientOf(server.transportFor(ADMIN));
    reader = new ObjectReader({ client, clock: server.clock, random: seededRandom(1), log: silentLogger });
    running = reader.run(stop.signal);
  });

  after(async () => {
    stop.abort();
    await running;
    await server[Symbol.asyncDispose]();
  });

  const read = (name: string): Promise<string | undefined> =>
    reader
      .inNamespace(NAMESPACE, stop.signal)
      .configMap(name)
      .then((found) => found?.data?.['key']);

  it('are read once and then followed', async () => {
    await server.client.create(configMaps, { metadata: { namespace: NAMESPACE, name: 'one' }, data: { key: 'a' } });
    asked.length = 0;
    assert.equal(await read('one'), 'a');
    const live = await server.client.get(configMaps, { namespace: NAMESPACE, name: 'one' });
    await server.client.update(configMaps, { ...live, data: { key: 'b' } });
    await server.clock.advance(1);
    assert.equal(await read('one'), 'b');
    const path = `/api/v1/namespaces/${NAMESPACE}/configmaps`;
    assert.deepEqual(asked, [`list ${path} metadata.name=one`, `watch ${path} metadata.name=one`]);
  });

  it('are missing until they are there, and again when they are gone', async () => {
    assert.equal(await read('late'), undefined);
    await server.client.create(configMaps, { metadata: { namespace: NAMESPACE, name: 'late' }, data: { key: 'now' } });
    await server.clock.advance(1);
    assert.equal(await read('late'), 'now');
    await server.client.delete(configMaps, { namespace: NAMESPACE, name: 'late' });
    await server.clock.advance(1);
    assert.equal(await read('late'), undefined);
  });

  it('are told apart by kind', async () => {
    await server.client.create(secrets, { metadata: { namespace: NAMESPACE, name: 'one' }, type: 'Opaque' });
    assert.equal((await reader.secret(NAMESPACE, 'one', stop.signal))?.type, 'Opaque');
    assert.equal(await read('one'), 'b');
  });

  it('are no longer watched when nobody has read them for some minutes', async () => {
    assert.equal(await read('one'), 'b');
    for (let minute = 0; minute < 4; minute++) {
      await server.clock.advance(MINUTE_MS);
      assert.equal(await read('one'), 'b');
    }
    await server.clock.advance(10 * MINUTE_MS);
    asked.length = 0;
    assert.equal(await read('one'), 'b');
    assert.ok(
      asked.some((request) => request.startsWith('list')),
      'it has to be listed anew',
    );
  });

  it('are not waited for without end', async () => {
    const silent: Transport = {
      ...server.transportFor(ADMIN),
      request: () => Promise.reject(new TransportError('nobody answers')),
    };
    const client = new Client(silent);
    const lonely = new ObjectReader({ client, clock: server.clock, random: seededRandom(1), log: silentLogger });
    const end = new AbortController();
    const done = lonely.run(end.signal);
    const reading = assert.rejects(lonely.secret(NAMESPACE, 'x', end.signal), {
      message: 'failed to sync secret cache: timed out waiting for the condition',
    });
    await server.clock.advance(1000);
    await reading;
    end.abort();
    await done;
  });
});
