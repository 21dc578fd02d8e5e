import type { RemoteApis } from '../aggregation/remote-apis.ts';
import type { ResourceCatalog } from '../discovery/catalog.ts';
import type { PathRoute } from '../routing/router.ts';
import type { OpenapiHandlers } from './openapi-handlers.ts';

/** OpenAPI over HTTP; what makes documents is loaded with the first request. */
export function openapiRoutes(catalog: ResourceCatalog, remotes: RemoteApis): readonly PathRoute[] {
  let handlers: Promise<OpenapiHandlers> | undefined;
  const load = (): Promise<OpenapiHandlers> =>
    (handlers ??= import('./openapi-handlers.ts').then(({ openapiHandlers }) => openapiHandlers(catalog, remotes)));
  return [
    { path: '/openapi/v2', getOnly: true, handler: async (request) => (await load()).v2(request) },
    { path: '/openapi/v3', subpaths: true, handler: async (request) => (await load()).v3(request) },
  ];
}
