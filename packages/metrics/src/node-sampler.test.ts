import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { silentLogger } from '@kts/base';
import { FakeClock } from '@kts/base/testing';

import { NodeSampler, type AskKubelet } from './node-sampler.ts';

interface Harness {
  readonly clock: FakeClock;
  readonly stop: AbortController;
  /** Nodes whose kubelets take a connection and never answer. */
  readonly silent: Set<string>;
  /** Nodes of which something is known, and how long it took to find out. */
  readonly look: (...names: string[]) => Promise<{ readonly found: readonly string[]; readonly ms: number }>;
}

const GIVEN_UP_MS = 5_000;

function start(): Harness {
  const clock = new FakeClock();
  const stop = new AbortController();
  const silent = new Set<string>();
  const ask: AskKubelet = async (node, signal) => {
    if (silent.has(node)) await clock.sleep(GIVEN_UP_MS, signal).then(() => assert.fail('no answer'));
    const point = { atMs: clock.now(), startMs: 0, cpuNanoSeconds: clock.now(), memoryBytes: 1 };
    return { node: point, pods: new Map() };
  };
  const sampler = new NodeSampler({ ask, clock, log: silentLogger, signal: stop.signal });
  return {
    clock,
    stop,
    silent,
    look: async (...names) => {
      const before = clock.monotonic();
      let after: number | undefined;
      const looking = sampler.sample(names).finally(() => (after = clock.monotonic()));
      looking.catch(() => {});
      while (after === undefined) await clock.advance(100);
      return { found: [...(await looking).keys()], ms: after - before };
    },
  };
}

describe('NodeSampler', () => {
  it('waits for a silent node once', async () => {
    const { clock, silent, look } = start();
    silent.add('b');
    assert.deepEqual(await look('a', 'b'), { found: ['a'], ms: GIVEN_UP_MS + 1000 });
    await clock.advance(15_000);
    assert.deepEqual(await look('a', 'b'), { found: ['a'], ms: 0 });
    silent.delete('b');
    await clock.advance(15_000);
    await look('a', 'b');
    await clock.advance(1_000);
    assert.deepEqual((await look('a', 'b')).found, ['a', 'b']);
  });

  it('tells who waits when it is stopped', async () => {
    const { clock, stop, silent, look } = start();
    silent.add('a');
    clock.after(1000, () => stop.abort(new Error('stopped')));
    await assert.rejects(look('a'), /stopped/);
  });
});
