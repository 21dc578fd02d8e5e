import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { FakeClock, settle } from '@kts/base/testing';

import { chainRequest } from '../testing/chain-request.ts';
import type { ApiServerResponse } from '../response.ts';
import { deadlineStage, parseTimeout } from './deadline.ts';

const OK: ApiServerResponse = { kind: 'object', status: 200, object: {} };

describe('deadline', () => {
  it('ends a request that takes too long, and tells its handler', async () => {
    const clock = new FakeClock();
    const request = chainRequest({ path: '/api/v1/pods' });
    const answer = deadlineStage(clock, 1000)(() => new Promise(() => {}))(request);
    const refused = assert.rejects(answer, { code: 504, reason: 'Timeout' });
    await clock.advance(1250);
    await refused;
    assert.ok(request.signal.aborted);
  });

  it('ends a request after the time that its client asks for', async () => {
    const clock = new FakeClock();
    const request = chainRequest({ path: '/api/v1/pods', query: 'timeout=2s' });
    const refused = assert.rejects(deadlineStage(clock)(() => new Promise(() => {}))(request), { code: 504 });
    await clock.advance(2000);
    await refused;
  });

  it('ends each of many requests at its own time', async () => {
    const clock = new FakeClock();
    const stage = deadlineStage(clock, 1000)(() => new Promise(() => {}));
    const ended: string[] = [];
    const ask = (name: string): void => {
      stage(chainRequest({ path: '/api/v1/pods' })).catch(() => ended.push(name));
    };
    ask('first');
    ask('second');
    await clock.advance(500);
    ask('third');
    assert.ok(clock.timers <= 3, 'requests of one time share a timer');
    await clock.advance(750);
    assert.deepEqual(ended, ['first', 'second']);
    await clock.advance(500);
    assert.deepEqual(ended, ['first', 'second', 'third']);
  });

  it('leaves no timer behind', async () => {
    const clock = new FakeClock();
    await deadlineStage(clock)(() => Promise.resolve(OK))(chainRequest({ path: '/api/v1/pods' }));
    await clock.advance(250);
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
    ['-1s', -1000],
  ];
  for (const [text, ms] of durations) it(`reads ${text}`, () => assert.equal(parseTimeout(text), ms));
  for (const text of ['soon', '5', '5x', 's']) it(`refuses ${text}`, () => assert.throws(() => parseTimeout(text)));
});
