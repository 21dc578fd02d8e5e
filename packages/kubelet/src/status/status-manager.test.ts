import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { pods } from '@kts/api';
import type { Pod } from '@kts/api/types/core-v1';
import { forbiddenRequest } from '@kts/apimachinery';
import { ADMIN, startTestApiServer } from '@kts/apiserver/testing';
import { silentLogger } from '@kts/base';
import { Client, type Transport } from '@kts/client';

import { StatusManager } from './status-manager.ts';

const SPEC = { containers: [{ name: 'c', image: 'i' }] };

/** Everything as it is, but for one pod that may not be read. */
function refusing(transport: Transport, name: string, onRefusal: () => void): Client {
  return new Client({
    ...transport,
    request: (request) => {
      if (!request.path.endsWith(`/pods/${name}`)) return transport.request(request);
      onRefusal();
      return Promise.reject(forbiddenRequest(pods, name, 'no relationship found'));
    },
  });
}

describe('the status manager', () => {
  it('does not ask again for a pod that is gone', async () => {
    await using server = await startTestApiServer({ namespaces: ['default'] });
    const pod = await server.client.create(pods, { metadata: { namespace: 'default', name: 'gone' }, spec: SPEC });
    const known = new Map([[pod.metadata.uid, pod]]);
    let asked = 0;
    const manager = new StatusManager({
      client: refusing(server.transportFor(ADMIN), 'gone', () => (asked += 1)),
      clock: server.clock,
      log: silentLogger,
      lookup: { byUid: (uid) => known.get(uid), mirrorOf: () => null, couldHaveRunningContainers: () => true },
      onTerminated: () => {},
    });
    const stop = new AbortController();
    manager.set(pod, { phase: 'Running' });
    const running = manager.run(stop.signal);
    await server.clock.advance(10_000);
    assert.equal(asked, 2);
    known.clear();
    for (let minute = 0; minute < 3; minute += 1) await server.clock.advance(10_000);
    assert.equal(asked, 3);
    stop.abort();
    await running;
  });

  it('writes what changes while it fails to write something else', async () => {
    await using server = await startTestApiServer({ namespaces: ['default'] });
    const create = (name: string): Promise<Pod> =>
      server.client.create(pods, { metadata: { namespace: 'default', name }, spec: SPEC });
    const [refused, other] = [await create('refused'), await create('other')];
    const byUid = new Map([refused, other].map((pod) => [pod.metadata.uid, pod]));
    const setOther = (): void => manager.set(other, { phase: 'Running' });
    const manager = new StatusManager({
      client: refusing(server.transportFor(ADMIN), 'refused', setOther),
      clock: server.clock,
      log: silentLogger,
      lookup: { byUid: (uid) => byUid.get(uid), mirrorOf: () => null, couldHaveRunningContainers: () => true },
      onTerminated: () => {},
    });
    const stop = new AbortController();
    const watch = server.client.watch(pods, { resourceVersion: other.metadata.resourceVersion! });
    manager.set(refused, { phase: 'Running' });
    const running = manager.run(stop.signal);
    for await (const { object } of watch) {
      assert.deepEqual([object.metadata.name, object.status?.phase], ['other', 'Running']);
      break;
    }
    stop.abort();
    await running;
  });
});
