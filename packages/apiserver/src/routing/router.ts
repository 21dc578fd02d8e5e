/**
 * The end of the chain: resources go to the registry, everything else to the handler of its path.
 */
import type { ResourceDefinition } from '@kts/api';

import type { ResourceCatalog } from '../discovery/catalog.ts';
import {
  JSON_TYPE,
  negotiate,
  notAcceptable,
  PROTOBUF_TYPE,
  routeAccepts,
  routeNotAcceptable,
  type AcceptedKind,
  type MediaType,
} from '../http/negotiation.ts';
import type { ApiServerRequest } from '../request.ts';
import type { ApiServerResponse, Handler } from '../response.ts';
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
  /** Answers for what other servers have; undefined: this server does. */
  readonly remote?: (request: ApiServerRequest) => Promise<ApiServerResponse> | undefined;
}

export function createRouter(options: RouterOptions): Handler {
  const exact = new Map(options.routes.map((route) => [route.path, route]));
  const below = options.routes.filter((route) => route.subpaths);
  return async (request) => {
    const { info } = request;
    if (request.path.startsWith('//')) return pageNotFound();
    const remote = options.remote?.(request);
    if (remote) return remote;
    if (request.resource) {
      checkAccept(request, request.resource);
      return options.resources(request);
    }
    if (info.isResourceRequest) {
      if (options.catalog.hasGroup(info.group)) throw noSuchResource();
      return pageNotFound();
    }
    const route = exact.get(request.path) ?? below.find(({ path }) => request.path.startsWith(`${path}/`));
    if (!route) return pageNotFound();
    if (route.getOnly && request.method !== 'GET') throw methodNotAllowed();
    return route.handler(request);
  };
}

/** Subresources with columns; `finalize`, `approval` and the like have none. */
const TABLE_SUBRESOURCES: ReadonlySet<string> = new Set(['', 'status', 'scale']);
/** Resources whose status has no columns. */
const BARE_STATUS: ReadonlySet<string> = new Set(['apiservices', 'customresourcedefinitions', 'resourceclaims']);
/** They produce what they like. */
const STREAMING_SUBRESOURCES: ReadonlySet<string> = new Set(['attach', 'exec', 'log', 'portforward', 'proxy']);
const META_KINDS: ReadonlySet<string> = new Set(['Table', 'PartialObjectMetadata', 'PartialObjectMetadataList']);

/** Refuses what no handler could write, before anything is done. */
function checkAccept(request: ApiServerRequest, definition: ResourceDefinition): void {
  const accept = request.headers['accept'];
  if (!accept || accept === JSON_TYPE || accept === '*/*') return;
  const { verb, subresource } = request.info;
  if (STREAMING_SUBRESOURCES.has(subresource) || (subresource === '' && !definition.verbs.includes(verb))) return;
  const listing = verb === 'list' || verb === 'watch';
  if (definition.schema.name !== '' && !routeAccepts(accept)) throw routeNotAcceptable(listing);
  const allows = hasTable(definition, subresource) ? isMetaKind : isMetadataKind;
  const writes = definition.schema.name === '' ? isText : undefined;
  if (!negotiate(accept, allows, false, writes)) throw notAcceptable();
  if (verb === 'watch' && !negotiate(accept, allows, true, writes)) throw notAcceptable(true);
}

/** What is only created, such as a review, has no columns. */
function hasTable({ verbs, plural }: ResourceDefinition, subresource: string): boolean {
  if (verbs.length === 1 && verbs[0] === 'create') return false;
  return TABLE_SUBRESOURCES.has(subresource) && !(subresource === 'status' && BARE_STATUS.has(plural));
}

/** Custom objects have no protobuf. */
const isText = (mediaType: MediaType): boolean => mediaType !== PROTOBUF_TYPE;

const isMetaKind = ({ kind, group, version }: AcceptedKind): boolean =>
  META_KINDS.has(kind) && group === 'meta.k8s.io' && (version === 'v1' || version === 'v1beta1');

const isMetadataKind = (as: AcceptedKind): boolean => as.kind !== 'Table' && isMetaKind(as);
