import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { Lease } from '@kts/api/types/coordination-v1';
import { alreadyExists, conflict, notFound } from '@kts/apimachinery';
import { aborted, seededRandom, silentLogger } from '@kts/base';
import { FakeClock } from '@kts/base/testing';
import { Client, TransportError } from '@kts/client';
import { answer, ScriptedTransport, statusAnswer } from '@kts/client/testing';

import { LeaderElector, observeLease, planLease } from './leader-election.ts';

const RESOURCE = { group: 'coordination.k8s.io', plural: 'leases' };
const PATH = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases';

function lease(resourceVersion: number, spec: NonNullable<Lease['spec']>): Lease {
  const metadata = {
    name: 'test',
    namespace: 'kube-system',
    uid: 'u',
    creationTimestamp: '',
    resourceVersion: String(resourceVersion),
  };
  return { metadata, spec };
}

/** The lease's side of an API server, for any number of electors; `away` plays a broken network. */
class LeaseServer {
  current: Lease | undefined;
  away = false;
  #version = 0;

  client(): Client {
    const transport = new ScriptedTransport();
    transport.reply(`GET ${PATH}/test`, () => {
      this.#check();
      return this.current ? answer(this.current) : statusAnswer(notFound(RESOURCE, 'test'));
    });
    transport.reply(`POST ${PATH}`, ({ body }) => {
      this.#check();
      return this.current ? statusAnswer(alreadyExists(RESOURCE, 'test')) : this.#store(body as Lease);
    });
    transport.reply(`PUT ${PATH}/test`, ({ body }) => {
      this.#check();
      const fresh = (body as Lease).metadata.resourceVersion === this.current?.metadata.resourceVersion;
      return fresh ? this.#store(body as Lease) : statusAnswer(conflict(RESOURCE, 'test', 'modified'));
    });
    return new Client(transport);
  }

  #check(): void {
    if (this.away) throw new TransportError('unreachable');
  }

  #store({ spec }: Lease): ReturnType<typeof answer> {
    this.current = lease(++this.#version, spec ?? {});
    return answer(this.current);
  }
}

describe('planLease', () => {
  const now = Date.UTC(2026, 0, 1);
  const me = { identity: 'me', leaseDurationMs: 15_000 };
  const held = (holderIdentity: string, ageMs: number): ReturnType<typeof observeLease> => ({
    lease: lease(1, { holderIdentity, leaseDurationSeconds: 15, leaseTransitions: 4, acquireTime: 'then' }),
    at: now - ageMs,
  });
  const rows: readonly [string, ReturnType<typeof observeLease> | undefined, string, number | undefined][] = [
    ['nobody ever held it', undefined, 'create', 0],
    ['another holds it', held('you', 14_999), 'wait', undefined],
    ['another let it run out', held('you', 15_000), 'update', 5],
    ['another gave it back', held('', 0), 'update', 5],
    ['I hold it', held('me', 0), 'update', 4],
    ['I held it, but it ran out and nobody took it', held('me', 60_000), 'update', 4],
  ];
  for (const [name, observed, action, transitions] of rows) {
    test(name, () => {
      const step = planLease(observed, me, now);
      const spec = step.do === 'create' ? step.spec : step.do === 'update' ? step.lease.spec : undefined;
      assert.deepEqual([step.do, spec?.leaseTransitions], [action, transitions]);
    });
  }

  test('only a renewal moves the time of observation', () => {
    const first = observeLease(undefined, lease(1, {}), 100);
    assert.equal(observeLease(first, lease(1, {}), 200).at, 100);
    assert.equal(observeLease(first, lease(2, {}), 200).at, 200);
  });
});

describe('LeaderElector', () => {
  interface Copy {
    readonly stop: AbortController;
    readonly ended: Promise<'stopped' | 'lost'>;
    leads: boolean;
  }

  function start(server: LeaseServer, clock: FakeClock, identity: string, releaseOnStop = false): Copy {
    const options = { lease: { namespace: 'kube-system', name: 'test' }, identity, releaseOnStop };
    const elector = new LeaderElector(options, {
      client: server.client(),
      clock,
      random: seededRandom(1),
      log: silentLogger,
    });
    const stop = new AbortController();
    const copy: Copy = {
      stop,
      leads: false,
      ended: elector.run(stop.signal, async (signal) => {
        copy.leads = true;
        await aborted(signal);
        copy.leads = false;
      }),
    };
    return copy;
  }

  test('one leads; when it vanishes the other takes over after the lease has run out', async () => {
    const server = new LeaseServer();
    const clock = new FakeClock();
    const a = start(server, clock, 'a');
    await clock.advance(0);
    const b = start(server, clock, 'b');
    await clock.advance(60_000);
    assert.deepEqual([a.leads, b.leads], [true, false]);
    a.stop.abort();
    assert.equal(await a.ended, 'stopped');
    await clock.advance(12_000);
    assert.equal(b.leads, false);
    await clock.advance(10_000);
    assert.equal(b.leads, true);
    assert.equal(server.current?.spec?.leaseTransitions, 1);
    b.stop.abort();
    await b.ended;
    assert.equal(clock.timers, 0);
  });

  test('a leader that gives the lease back is followed at once', async () => {
    const server = new LeaseServer();
    const clock = new FakeClock();
    const a = start(server, clock, 'a', true);
    await clock.advance(0);
    const b = start(server, clock, 'b');
    await clock.advance(3_000);
    a.stop.abort();
    await a.ended;
    await clock.advance(4_400);
    assert.equal(b.leads, true);
    b.stop.abort();
    await b.ended;
  });

  test('a leader that cannot renew stops before others may start', async () => {
    const server = new LeaseServer();
    const clock = new FakeClock();
    const a = start(server, clock, 'a');
    await clock.advance(5_000);
    server.away = true;
    await clock.advance(10_900);
    assert.equal(a.leads, true);
    await clock.advance(200);
    assert.equal(a.leads, false);
    assert.equal(await a.ended, 'lost');
    assert.equal(clock.timers, 0);
  });
});
