import { namespaces } from '@kts/api';
import { ADMIN, startTestApiServer, type TestApiServer } from '@kts/apiserver/testing';
import { assert, silentLogger, TaskGroup, type Logger } from '@kts/base';
import { FakeClock } from '@kts/base/testing';
import { Client } from '@kts/client';

import type { ControllerManagerConfig } from '../controller-manager-config.ts';
import { createControllerManager } from '../controller-manager.ts';
import { withDiscovery } from './discovery-transport.ts';

export interface ControllerHarness extends AsyncDisposable {
  readonly client: Client;
  readonly clock: FakeClock;
  readonly server: TestApiServer;
  /** Lets the controllers work until nothing changes any more; time moves on by a little. */
  settle(): Promise<void>;
}

const STEP_MS = 20;
const QUIET_STEPS = 3;
const STEPS_MAX = 500;

/** A real API server on a memory store and the named controllers, all on one clock that only the test moves. */
export async function startControllers(
  controllers: readonly string[],
  options: { readonly config?: Partial<ControllerManagerConfig>; readonly log?: Logger } = {},
): Promise<ControllerHarness> {
  const clock = new FakeClock();
  const log = options.log ?? silentLogger;
  const server = await startTestApiServer({ clock, log });
  const stop = new AbortController();
  const group = new TaskGroup(stop.signal);
  const manager = createControllerManager(
    { ...options.config, controllers },
    { client: new Client(withDiscovery(server.transportFor(ADMIN))), clock, random: server.random, log },
  );
  group.start((signal) => manager.run(signal));
  const settle = async (): Promise<void> => {
    let last = '';
    for (let quiet = 0, steps = 0; quiet < QUIET_STEPS; steps++) {
      assert(steps < STEPS_MAX, 'the controllers do not come to rest');
      await clock.advance(STEP_MS);
      const { metadata } = await server.client.list(namespaces);
      quiet = metadata.resourceVersion === last ? quiet + 1 : 0;
      last = metadata.resourceVersion ?? '';
    }
  };
  await settle();
  await manager.ready;
  return {
    client: server.client,
    clock,
    server,
    settle,
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await group.done();
      await server.close();
    },
  };
}
