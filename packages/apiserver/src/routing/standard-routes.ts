import { MetricRegistry, type Clock, type Logger } from '@kts/base';

import type { VerificationKey } from '../authentication/jwt.ts';
import type { RemoteApis } from '../aggregation/remote-apis.ts';
import type { ResourceCatalog } from '../discovery/catalog.ts';
import { discoveryRoutes } from '../discovery/discovery-routes.ts';
import { healthRoute } from '../health/health-checks.ts';
import { serverChecks, type ServerState } from '../health/server-checks.ts';
import { openapiRoutes } from '../openapi/openapi-routes.ts';
import { openidRoutes } from './openid-routes.ts';
import { healthMetrics } from '../metrics/health-metrics.ts';
import { metricsRoute } from '../metrics/metrics-route.ts';
import { rootRoute } from './root-route.ts';
import type { PathRoute } from './router.ts';
import { flagzPage } from '../zpages/flagz.ts';
import { statuszPage } from '../zpages/statusz.ts';
import { zpageRoute } from '../zpages/zpage-route.ts';
import { versionRoute } from './version-route.ts';

export interface StandardRouteParts {
  readonly catalog: ResourceCatalog;
  readonly remotes: RemoteApis;
  readonly state: ServerState;
  readonly log: Logger;
  readonly issuer: string;
  readonly keys: readonly VerificationKey[];
  readonly jwksUri: string | undefined;
  /** `host:port`, once the server listens. */
  readonly serverAddress: () => string;
  readonly metrics: MetricRegistry;
  readonly clock: Pick<Clock, 'now'>;
  /** How the server was started. */
  readonly flags: Readonly<Record<string, string>>;
}

/** Everything this server answers besides resources. */
export function standardRoutes(parts: StandardRouteParts): readonly PathRoute[] {
  const { log } = parts;
  const slis = healthMetrics(parts.clock);
  const slisRegistry = new MetricRegistry();
  for (const metric of slis.metrics) slisRegistry.register(metric);
  const health = (endpoint: 'livez' | 'readyz' | 'healthz'): PathRoute => {
    const own = serverChecks(endpoint, parts.state);
    return healthRoute(endpoint, () => own, log, slis.onCheck);
  };
  const routes: PathRoute[] = [
    versionRoute,
    metricsRoute('/metrics', parts.metrics),
    metricsRoute('/metrics/slis', slisRegistry),
    ...discoveryRoutes(parts.catalog, parts.remotes, parts.serverAddress),
    health('livez'),
    health('readyz'),
    health('healthz'),
    zpageRoute(statuszPage(parts.clock, () => pathList(routes, parts))),
    zpageRoute(flagzPage(parts.flags)),
    ...openapiRoutes(parts.catalog, parts.remotes),
    ...openidRoutes(parts.issuer, parts.jwksUri ?? `${parts.issuer}/openid/v1/jwks`, parts.keys),
  ];
  const index = rootRoute(() => pathList(routes, parts));
  return [...routes, index, { ...index, path: '/index.html' }];
}

/** What `GET /` lists: routes, group versions and health checks. */
function pathList(routes: readonly PathRoute[], { catalog, state }: StandardRouteParts): readonly string[] {
  const paths = routes.map(({ path }) => path);
  for (const { group, version } of catalog.all()) {
    if (group) paths.push(`/apis/${group}`, `/apis/${group}/${version}`);
    else paths.push(`/api/${version}`);
  }
  for (const endpoint of ['livez', 'readyz', 'healthz'] as const) {
    for (const { name } of serverChecks(endpoint, state)) paths.push(`/${endpoint}/${name}`);
  }
  return [...paths, '/apis/', '/openapi/v3/'];
}
