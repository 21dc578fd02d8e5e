import { createHash } from 'node:crypto';

import { negotiate, notAcceptable, routeAccepts, routeNotAcceptable, type AcceptedKind } from '../http/negotiation.ts';
import type { ApiServerRequest } from '../request.ts';
import type { ApiServerResponse } from '../response.ts';
import type { RemoteApis } from '../aggregation/remote-apis.ts';
import { withRemoteGroups } from '../aggregation/remote-discovery.ts';
import { jsonObject, methodNotAllowed, noSuchResource, pageNotFound } from '../routing/not-found.ts';
import type { PathRoute } from '../routing/router.ts';
import type { ResourceCatalog } from './catalog.ts';
import {
  aggregatedDiscovery,
  apiGroup,
  apiGroupList,
  apiResourceList,
  apiVersions,
  discoveredGroups,
  type DiscoveredGroup,
} from './discovery-documents.ts';

const AGGREGATED_TYPE = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
const encoder = new TextEncoder();

/** Everything that is derived from one state of the catalog; made when first asked for. */
interface Documents {
  readonly generation: string;
  readonly groups: readonly DiscoveredGroup[];
  readonly cached: Map<string, object>;
  readonly aggregated: Map<string, { readonly bytes: Uint8Array; readonly etag: string }>;
}

/** @param serverAddress `host:port`, known once the server listens. */
export function discoveryRoutes(
  catalog: ResourceCatalog,
  remotes: RemoteApis,
  serverAddress: () => string,
): readonly PathRoute[] {
  let documents: Documents | undefined;
  const current = (): Documents => {
    const generation = `${catalog.generation}/${remotes.generation}`;
    if (documents?.generation !== generation) {
      const groups = withRemoteGroups(discoveredGroups(catalog.all()), remotes);
      documents = { generation, groups, cached: new Map(), aggregated: new Map() };
    }
    return documents;
  };
  const cached = (path: string, make: (documents: Documents) => object | undefined): ApiServerResponse => {
    const now = current();
    const object = now.cached.get(path) ?? make(now);
    if (!object) throw noSuchResource();
    now.cached.set(path, object);
    return jsonObject(200, object);
  };
  const group = (now: Documents, name: string): DiscoveredGroup | undefined =>
    now.groups.find((candidate) => candidate.name === name);
  const hasVersion = (now: Documents, name: string, version: string): boolean =>
    group(now, name)!.versions.some((candidate) => candidate.version === version);
  const resources = (path: string, name: string, version: string): ApiServerResponse =>
    cached(path, (now) => {
      const found = group(now, name)?.versions.find((candidate) => candidate.version === version);
      return found && apiResourceList(name, found);
    });

  // `/apis` and its groups answer to every method, as upstream's do.
  const root = async (request: ApiServerRequest): Promise<ApiServerResponse> => {
    const segments = request.path.split('/').filter((segment) => segment !== '');
    const [prefix, name, version] = segments;
    const ofResources = prefix === 'api' || segments.length === 3;
    if (segments.length > 1 && !group(current(), prefix === 'api' ? '' : name!)) return pageNotFound();
    if (segments.length === 3 && !catalog.hasGroup(name!) && !hasVersion(current(), name!, version!)) {
      return pageNotFound();
    }
    if (ofResources && request.method !== 'GET') {
      if (segments.length === 3 && !hasVersion(current(), name!, version!)) throw noSuchResource();
      throw methodNotAllowed();
    }
    if (ofResources && !routeAccepts(request.headers['accept'])) throw routeNotAcceptable(false);
    const accepted = negotiate(request.headers['accept'], segments.length === 1 ? isDiscovery : undefined);
    if (!accepted) throw notAcceptable();
    if (accepted.as) return aggregated(request, current(), prefix === 'api');
    if (prefix === 'api') {
      if (segments.length === 1) return jsonObject(200, apiVersions(serverAddress()));
      return resources(request.path, '', name!);
    }
    if (segments.length === 1) return cached('/apis', (now) => apiGroupList(now.groups));
    if (segments.length === 3) return resources(request.path, name!, version!);
    return cached(request.path, (now) => {
      const found = name ? group(now, name) : undefined;
      return found && apiGroup(found);
    });
  };
  return [
    { path: '/api', subpaths: true, handler: root },
    { path: '/apis', subpaths: true, handler: root },
  ];
}

const isDiscovery = ({ kind, group, version }: AcceptedKind): boolean =>
  kind === 'APIGroupDiscoveryList' && group === 'apidiscovery.k8s.io' && version === 'v2';

/** The document for everything below `/api` or `/apis`; clients keep it and ask whether it has changed. */
function aggregated(request: ApiServerRequest, documents: Documents, core: boolean): ApiServerResponse {
  const document = documents.aggregated.getOrInsertComputed(core ? 'api' : 'apis', () => {
    const groups = documents.groups.filter(({ name }) => (name === '') === core);
    const bytes = encoder.encode(`${JSON.stringify(aggregatedDiscovery(groups))}\n`);
    return { bytes, etag: `"${createHash('sha512').update(bytes).digest('hex').toUpperCase()}"` };
  });
  const headers = { etag: document.etag, vary: 'Accept' };
  if (request.headers['if-none-match'] === document.etag) {
    return { kind: 'bytes', status: 304, contentType: AGGREGATED_TYPE, body: new Uint8Array(), headers };
  }
  return { kind: 'bytes', status: 200, contentType: AGGREGATED_TYPE, body: document.bytes, headers };
}
