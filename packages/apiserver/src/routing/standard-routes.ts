import type { HealthCheck, Logger } from '@kts/base';

import type { VerificationKey } from '../authentication/jwt.ts';
import type { ResourceCatalog } from '../discovery/catalog.ts';
import { discoveryRoutes } from '../discovery/discovery-routes.ts';
import { healthRoute, passing } from '../health/health-checks.ts';
import { openidRoutes } from './openid-routes.ts';
import type { PathRoute } from './router.ts';
import { versionRoute } from './version-route.ts';

export interface StandardRouteParts {
  readonly catalog: ResourceCatalog;
  readonly healthChecks: () => readonly HealthCheck[];
  readonly log: Logger;
  readonly issuer: string;
  readonly keys: readonly VerificationKey[];
  /** `host:port`, once the server listens. */
  readonly serverAddress: () => string;
}

/** Everything this server answers besides resources. */
export function standardRoutes(parts: StandardRouteParts): readonly PathRoute[] {
  const { log } = parts;
  const checks = (): readonly HealthCheck[] => [passing('ping'), ...parts.healthChecks()];
  return [
    versionRoute,
    ...discoveryRoutes(parts.catalog, parts.serverAddress),
    healthRoute('livez', checks, log),
    healthRoute('readyz', checks, log),
    healthRoute('healthz', checks, log),
    ...openidRoutes(parts.issuer, parts.issuer, parts.keys),
  ];
}
