/**
 * The metrics API of a cluster: part of the API server's process, so that nothing listens and nothing runs as long as
 * nobody asks. What answers is loaded after the cluster has started.
 */
import type { InProcessServer, UserInfo } from '@kts/apiserver';
import type { Logger, TaskGroup } from '@kts/base';
import type { Client } from '@kts/client';
import type { MetricsDeps } from '@kts/metrics';

import type { ClusterConfig } from './cluster-config.ts';

/** What the APIService names. There is no such Service; one of another name takes over when somebody installs it. */
const SERVER = { namespace: 'kube-system', name: 'kts-metrics' };
const USER: UserInfo = {
  name: `system:serviceaccount:${SERVER.namespace}:${SERVER.name}`,
  groups: ['system:serviceaccounts', `system:serviceaccounts:${SERVER.namespace}`, 'system:authenticated'],
};

/** For the API server, by the name of the Service. */
export function metricsServers(
  config: ClusterConfig,
  clientAs: (user: UserInfo, userAgent: string) => Client,
  deps: Pick<MetricsDeps, 'clock' | 'log'>,
  group: TaskGroup,
): ReadonlyMap<string, InProcessServer> {
  if (!config.components.has('metrics')) return new Map();
  let loaded: Promise<InProcessServer> | undefined;
  const load = async (): Promise<InProcessServer> => {
    const { createMetrics } = await import('@kts/metrics');
    const metrics = createMetrics({ ...deps, client: clientAs(USER, 'kts-metrics') });
    group.start((signal) => metrics.run(signal));
    return (request) => metrics.answer(request);
  };
  const server: InProcessServer = async (request) => (await (loaded ??= load()))(request);
  return new Map([[`${SERVER.namespace}/${SERVER.name}`, server]]);
}

/**
 * Tells clients that there is a metrics API; or, in a cluster that has run with one before, that there is none. `client`
 * acts as an administrator.
 */
export async function announceMetrics(config: ClusterConfig, client: Client, log: Logger): Promise<void> {
  const isWanted = config.components.has('metrics');
  // Nothing is left of earlier runs in memory.
  if (!isWanted && config.store === 'memory') return;
  const { publishMetricsApi, withdrawMetricsApi } = await import('@kts/metrics');
  try {
    await (isWanted ? publishMetricsApi(client, SERVER) : withdrawMetricsApi(client, SERVER));
  } catch (error) {
    // A cluster without metrics is still a cluster.
    log.warn('cannot set up the metrics API', { error });
  }
}
