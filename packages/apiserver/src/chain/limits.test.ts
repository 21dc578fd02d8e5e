import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { FakeClock, settle } from '@kts/base/testing';

import { chainRequest } from '../testing/chain-request.ts';
import type { ApiServerResponse } from '../response.ts';
import { deadlineStage, parseTimeout } from './deadline.ts';
import { priorityAndFairnessStage } from './priority-and-fairness.ts';

const OK: ApiServerResponse = { kind: 'object', status: 200, object: {} };

describe('in-flight limit', () => {
  it('lets what is over the limit wait for its turn, unless its client has gone', async () => {
    const inFlight = { readOnly: 0, mutating: 0, rejected: 0 };
    const order: string[] = [];
    const held = Promise.withResolvers<ApiServerResponse>();
    const serve = priorityAndFairnessStage(
      { readOnly: 1, mutating: 1 },
      inFlight,
    )((request) => {
      order.push(request.path);
      return held.promise;
    });
    const [first, second, gone, third] = ['/a', '/b', '/gone', '/c'].map((path) => chainRequest({ path }));
    const answers = [serve(first!), serve(second!), serve(third!)];
    const cancelled = assert.rejects(serve(gone!), { name: 'AbortError' });
    gone!.cancel();
    assert.deepEqual(order, ['/a']);
    held.resolve(OK);
    await Promise.all([...answers, cancelled]);
    assert.deepEqual(order, ['/a', '/b', '/c']);
    assert.deepEqual(inFlight, { readOnly: 0, mutating: 0, rejected: 0 });
  });

  it('refuses what finds the queue full and says when to come back', async () => {
    const inFlight = { readOnly: 0, mutating: 0, rejected: 0 };
    const held = Promise.withResolvers<ApiServerResponse>();
    const serve = priorityAndFairnessStage({ readOnly: 1, mutating: 1, waiting: 0 }, inFlight)(() => held.promise);
    const first = serve(chainRequest({ path: '/api/v1/pods' }));
    const second = chainRequest({ path: '/api/v1/pods' });
    await assert.rejects(serve(second), { message: 'Too many requests, please try again later.' });
    assert.equal(second.responseHeaders['retry-after'], '1');
    const writes = serve(chainRequest({ method: 'POST', path: '/api/v1/namespaces/d/pods' }));
    held.resolve(OK);
    await Promise.all([first, writes]);
    assert.deepEqual(inFlight, { readOnly: 0, mutating: 0, rejected: 1 });
  });

  const exempt: readonly [string, Parameters<typeof chainRequest>[0]][] = [
    ['watches', { path: '/api/v1/pods', query: 'watch=true' }],
    ['logs', { path: '/api/v1/namespaces/d/pods/web/log' }],
    ['masters', { path: '/api/v1/pods', groups: ['system:masters'] }],
  ];
  for (const [name, options] of exempt) {
    it(`lets ${name} through`, async () => {
      const full = { readOnly: 1, mutating: 1, rejected: 0 };
      const serve = priorityAndFairnessStage({ readOnly: 1, mutating: 1 }, full)(() => Promise.resolve(OK));
      assert.equal(await serve(chainRequest(options)), OK);
    });
  }
});

describe('deadline', () => {
  it('ends a request that takes too long, and tells its handler', async () => {
    const clock = new FakeClock();
    const request = chainRequest({ path: '/api/v1/pods' });
    const answer = deadlineStage(clock, 1000)(() => new Promise(() => {}))(request);
    const refused = assert.rejects(answer, { code: 504, reason: 'Timeout' });
    await clock.advance(1000);
    await refused;
    assert.ok(request.signal.aborted);
  });

  it('leaves no timer behind', async () => {
    const clock = new FakeClock();
    await deadlineStage(clock)(() => Promise.resolve(OK))(chainRequest({ path: '/api/v1/pods' }));
    assert.equal(clock.timers, 0);
  });

  it('does not hurry watches', async () => {
    const clock = new FakeClock();
    void deadlineStage(clock)(() => new Promise(() => {}))(chainRequest({ path: '/api/v1/pods', query: 'watch=1' }));
    await settle();
    assert.equal(clock.timers, 0);
  });

  const durations: readonly [string, number][] = [
    ['0', 0],
    ['30s', 30_000],
    ['1m30s', 90_000],
    ['1.5h', 5_400_000],
    ['250ms', 250],
  ];
  for (const [text, ms] of durations) it(`reads ${text}`, () => assert.equal(parseTimeout(text), ms));
  for (const text of ['soon', '5', '5x', 's', '-1s'])
    it(`refuses ${text}`, () => assert.throws(() => parseTimeout(text)));
});
