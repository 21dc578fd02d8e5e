import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { configMaps } from '@kts/api';
import { ADMIN, startTestApiServer } from '@kts/apiserver/testing';
import { seededRandom, silentLogger, type Component } from '@kts/base';
import { FakeClock } from '@kts/base/testing';
import { Client } from '@kts/client';
import { createInformers } from '@kts/controlkit';

import { createLazyController, when, type Trigger } from './lazy-controller.ts';

interface Setup extends AsyncDisposable {
  readonly client: Client;
  readonly component: Component;
  /** How often it was loaded, and whether it runs. */
  readonly seen: { loads: number; running: boolean };
  tick(): Promise<void>;
}

async function start(triggers: readonly Trigger[]): Promise<Setup> {
  const clock = new FakeClock();
  const server = await startTestApiServer({ clock, log: silentLogger });
  const client = new Client(server.transportFor(ADMIN));
  const informers = createInformers({ client, clock, random: seededRandom(1), log: silentLogger });
  const seen = { loads: 0, running: false };
  const inner: Component = {
    name: 'inner',
    ready: Promise.resolve(),
    run: async (signal) => {
      seen.running = true;
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      seen.running = false;
    },
  };
  const load = async (): Promise<readonly Component[]> => {
    seen.loads++;
    return [inner];
  };
  const component = createLazyController(triggers, load, { informers });
  const stop = new AbortController();
  const running = [informers.run(stop.signal), component.run(stop.signal)];
  const tick = (): Promise<void> => clock.advance(100);
  await tick();
  return {
    client,
    component,
    seen,
    tick,
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await Promise.all(running);
      assert.equal(seen.running, false);
      await server.close();
    },
  };
}

const configMap = (name: string) => ({ metadata: { namespace: 'default', name } });
const trigger = when(configMaps, ({ metadata }) => metadata.name === 'wanted');

describe('a lazy controller', () => {
  it('starts at once without triggers', async () => {
    await using setup = await start([]);
    assert.deepEqual(setup.seen, { loads: 1, running: true });
  });

  it('is ready, and not loaded, before there is anything to do', async () => {
    await using setup = await start([trigger]);
    await setup.component.ready;
    await setup.client.create(configMaps, configMap('other'));
    await setup.tick();
    assert.deepEqual(setup.seen, { loads: 0, running: false });
  });

  it('starts once with the first object that concerns it', async () => {
    await using setup = await start([trigger, when(configMaps, () => false)]);
    await setup.client.create(configMaps, configMap('wanted'));
    await setup.tick();
    assert.deepEqual(setup.seen, { loads: 1, running: true });
    await setup.client.delete(configMaps, configMap('wanted').metadata);
    await setup.client.create(configMaps, configMap('wanted'));
    await setup.tick();
    assert.deepEqual(setup.seen, { loads: 1, running: true });
  });
});
