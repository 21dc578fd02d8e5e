import type { NodeTraffic } from './node-traffic.ts';
import type { ServiceRoute } from './service-routes.ts';

/** Makes the kernel (or whatever moves packets) do what the routes say. */
export interface ProxyBackend {
  /** Replaces everything that was there before, in one step. Rejects without having changed anything. */
  apply(routes: readonly ServiceRoute[], traffic: NodeTraffic): Promise<void>;
  /** Removes everything. */
  cleanUp(): Promise<void>;
}
