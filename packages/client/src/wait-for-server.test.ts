import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { silentLogger, type Logger } from '@kts/base';
import { FakeClock } from '@kts/base/testing';

import { TransportError, type Transport } from './transport.ts';
import { waitForServer } from './wait-for-server.ts';

/** Fails so often before it answers. */
function transportThatFails(times: number): Transport {
  let left = times;
  return {
    request: async () => {
      if (left-- > 0) throw new TransportError('connect ECONNREFUSED');
      return { status: 200, body: {}, warnings: [] };
    },
  } as Partial<Transport> as Transport;
}

describe('waitForServer', () => {
  it('tries until the server answers, and says once that it does not', async () => {
    const clock = new FakeClock();
    const lines: string[] = [];
    const log: Logger = { ...silentLogger, error: (message) => lines.push(message) };
    const waiting = waitForServer(transportThatFails(3), { clock, log }, new AbortController().signal);
    await clock.advance(2_000);
    assert.equal(await waiting, true);
    assert.deepEqual(lines, ['the API server cannot be reached; trying again until it can']);
  });

  it('ends with its signal', async () => {
    const stop = new AbortController();
    const clock = new FakeClock();
    const waiting = waitForServer(transportThatFails(Infinity), { clock, log: silentLogger }, stop.signal);
    await clock.advance(1_000);
    stop.abort();
    assert.equal(await waiting, false);
  });
});
