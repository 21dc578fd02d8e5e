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
    ['-1s', -1000],
  ];
  for (const [text, ms] of durations) it(`reads ${text}`, () => assert.equal(parseTimeout(text), ms));
  for (const text of ['soon', '5', '5x', 's']) it(`refuses ${text}`, () => assert.throws(() => parseTimeout(text)));
});
