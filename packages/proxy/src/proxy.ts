import { endpointSlices, services } from '@kts/api';
import type { Clock, Component, Logger, Random } from '@kts/base';
import type { Client } from '@kts/client';
import { createInformers } from '@kts/controlkit';

import type { ProxyBackend } from './proxy-backend.ts';
import { computeServiceRoutes, type IpFamily } from './service-routes.ts';

export interface ProxyConfig {
  readonly nodeName: string;
}

export interface ProxyDeps {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** One for each IP family that is proxied. */
  readonly backends: ReadonlyMap<IpFamily, ProxyBackend>;
}

/** Changes that come together are applied together. */
const SETTLE_MS = 20;
const RETRY_MS = 1_000;

/** The service proxy of one node. What it has set up stays when it stops, as upstream's does: connections go on. */
export function createProxy(config: ProxyConfig, deps: ProxyDeps): Component {
  const { promise: ready, resolve } = Promise.withResolvers<void>();
  return {
    name: 'kube-proxy',
    ready,
    async run(signal) {
      const informers = createInformers(deps);
      const serviceInformer = informers.get(services);
      const sliceInformer = informers.get(endpointSlices);
      const watching = informers.run(signal);
      let isDirty = true;
      let wake = (): void => {};
      const markDirty = (): void => {
        isDirty = true;
        wake();
      };
      const handlers = { onAdd: markDirty, onUpdate: markDirty, onDelete: markDirty };
      serviceInformer.subscribe(handlers);
      sliceInformer.subscribe(handlers);
      signal.addEventListener('abort', () => wake(), { once: true });
      await informers.synced();

      const sync = async (): Promise<void> => {
        for (const [family, backend] of deps.backends) {
          const routes = computeServiceRoutes(serviceInformer.list(), sliceInformer.list(), config.nodeName, family);
          await backend.apply(routes);
        }
        resolve();
      };
      while (!signal.aborted) {
        if (isDirty) {
          isDirty = false;
          await sync().catch((error: unknown) => {
            deps.log.error('Service rules could not be applied', { error });
            deps.clock.after(RETRY_MS, markDirty);
          });
          await deps.clock.sleep(SETTLE_MS, signal).catch(() => {});
        } else {
          const pause = Promise.withResolvers<void>();
          wake = pause.resolve;
          await pause.promise;
        }
      }
      await watching;
    },
  };
}
