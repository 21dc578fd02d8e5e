/**
 * The end of the chain: resources go to the registry, everything else to the handler of its path.
 */
import type { ResourceCatalog } from '../discovery/catalog.ts';
import type { Handler } from '../response.ts';
import { methodNotAllowed, noSuchResource, pageNotFound } from './not-found.ts';

/** Handlers of paths that are not resources. */
export interface PathRoute {
  readonly path: string;
  /** The handler also answers paths below `path` + `/`. */
  readonly subpaths?: boolean;
  /** Other methods than GET are refused. */
  readonly getOnly?: boolean;
  readonly handler: Handler;
}

export interface RouterOptions {
  readonly catalog: ResourceCatalog;
  readonly resources: Handler;
  readonly routes: readonly PathRoute[];
}

export function createRouter(options: RouterOptions): Handler {
  const exact = new Map(options.routes.map((route) => [route.path, route]));
  const below = options.routes.filter((route) => route.subpaths);
  return async (request) => {
    if (request.resource) return options.resources(request);
    const { info } = request;
    if (info.isResourceRequest) {
      if (options.catalog.hasGroupVersion(info.group, info.version)) throw noSuchResource();
      return pageNotFound();
    }
    const route = exact.get(request.path) ?? below.find(({ path }) => request.path.startsWith(`${path}/`));
    if (!route) return pageNotFound();
    if (route.getOnly && request.method !== 'GET') throw methodNotAllowed();
    return route.handler(request);
  };
}
