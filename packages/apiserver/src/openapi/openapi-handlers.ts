/**
 * OpenAPI over HTTP: an index with hashes, a document for each group version, and version 2 as a whole. Documents are
 * made when they are first asked for and kept until the catalog changes.
 *
 * Mirrors: k8s.io/kube-openapi/pkg/handler and handler3
 */
import { createHash } from 'node:crypto';

import type { ResourceDefinition } from '@kts/api';

import { groupVersionPath as remotePath } from '../aggregation/remote-api.ts';
import type { RemoteApis } from '../aggregation/remote-apis.ts';
import type { ResourceCatalog } from '../discovery/catalog.ts';
import type { ApiServerRequest } from '../request.ts';
import type { ApiServerResponse, Handler } from '../response.ts';
import { plainText } from '../routing/not-found.ts';
import { KUBERNETES_VERSION } from '../version.ts';
import { groupVersionPath, openapiV2, openapiV3, openapiV3OfPath } from './documents.ts';
import { serverPaths, type ServerPath } from './server-paths.ts';
import { encodeOpenapiV2 } from './v2-protobuf.ts';

const encoder = new TextEncoder();
/** A document whose hash is in its address never changes. */
const FOREVER = { 'cache-control': 'public, immutable' };

interface Document {
  readonly bytes: Uint8Array;
  readonly hash: string;
}

/** What there is in a group version, and a hash of what that is derived from. */
interface GroupVersion {
  readonly definitions: readonly ResourceDefinition[];
  readonly hash: string;
}

interface Documents {
  readonly generation: number;
  readonly byGroupVersion: ReadonlyMap<string, GroupVersion>;
  /** What is no resource's: discovery of groups, the version. */
  readonly others: ReadonlyMap<string, { readonly path: ServerPath; readonly hash: string }>;
  /** By hash: a change somewhere else does not make a document anew. */
  readonly made: Map<string, Document>;
}

/** What answers below `/openapi/v2` and `/openapi/v3`. */
export interface OpenapiHandlers {
  readonly v2: Handler;
  readonly v3: Handler;
}

export function openapiHandlers(catalog: ResourceCatalog, remotes: RemoteApis): OpenapiHandlers {
  let documents: Documents | undefined;
  const current = (): Documents => {
    if (documents?.generation !== catalog.generation) documents = documentsOf(catalog, documents);
    return documents;
  };
  const v3 = (now: Documents, path: string): Document | undefined => {
    const found = now.byGroupVersion.get(path);
    if (found) return now.made.getOrInsertComputed(found.hash, () => documentOf(openapiV3(found.definitions)));
    const other = now.others.get(path);
    return other && now.made.getOrInsertComputed(other.hash, () => documentOf(openapiV3OfPath(other.path)));
  };
  const v2 = (now: Documents): Document =>
    now.made.getOrInsertComputed('v2', () => documentOf(openapiV2([...catalog.all()])));

  return {
    v2: (request) => {
      const now = current();
      if (!wantsProtobuf(request.headers['accept'])) return Promise.resolve(serve(request, v2(now)));
      const document = now.made.getOrInsertComputed('v2 protobuf', () => protobufOf([...catalog.all()]));
      return Promise.resolve(serve(request, document, V2_PROTOBUF));
    },
    v3: (request) => {
      const path = request.path.slice('/openapi/v3'.length).replace(/^\/|\/$/g, '');
      const now = current();
      if (path === '')
        return Promise.resolve(plainText(200, JSON.stringify({ paths: { ...indexOf(now), ...remoteIndex(remotes) } })));
      const document = v3(now, path);
      return Promise.resolve(document ? serve(request, document) : plainText(404, ''));
    },
  };
}

function documentsOf(catalog: ResourceCatalog, before: Documents | undefined): Documents {
  const grouped = Map.groupBy(catalog.all(), groupVersionPath);
  const byGroupVersion = new Map([...grouped].map(([path, definitions]) => [path, groupVersionOf(path, definitions)]));
  const others = othersOf(catalog.all(), byGroupVersion);
  const hashes = new Set([...byGroupVersion.values(), ...others.values()].map(({ hash }) => hash));
  const made = new Map([...(before?.made ?? [])].filter(([hash]) => hashes.has(hash)));
  return { generation: catalog.generation, byGroupVersion, others, made };
}

function othersOf(definitions: Iterable<ResourceDefinition>, known: Documents['byGroupVersion']): Documents['others'] {
  const named = serverPaths(definitions).map((path) => [path.path.slice(1, -1), path] as const);
  return new Map(
    named
      .filter(([name]) => !known.has(name))
      .map(([name, path]) => [name, { path, hash: hashOf(encoder.encode(KUBERNETES_VERSION + path.path)) }]),
  );
}

function groupVersionOf(path: string, definitions: readonly ResourceDefinition[]): GroupVersion {
  const kinds = definitions.map(({ kind, plural, revision = 0 }) => `${kind}/${plural}@${revision}`);
  return { definitions, hash: hashOf(encoder.encode(JSON.stringify([KUBERNETES_VERSION, path, kinds]))) };
}

/**
 * The index names each document by a hash of what it is derived from, so that asking for the index does not make all
 * documents.
 */
function indexOf({ byGroupVersion, others }: Documents): object {
  return Object.fromEntries(
    [...byGroupVersion, ...others]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([path, { hash }]) => [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` }]),
  );
}

/** Where the documents of other servers' group versions are: requests for them are passed on. */
function remoteIndex(remotes: RemoteApis): object {
  const entries: [string, object][] = [];
  for (const api of remotes.all()) {
    const serverRelativeURL = remotes.discovery(api)?.openapiPath;
    if (serverRelativeURL !== undefined) entries.push([remotePath(api).slice(1), { serverRelativeURL }]);
  }
  return Object.fromEntries(entries);
}

const V2_PROTOBUF = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';
/** What clients ask for, in its old spelling too. */
const PROTOBUF_NAMES: ReadonlySet<string> = new Set([
  V2_PROTOBUF,
  'application/com.github.proto-openapi.spec.v2@v1.0+protobuf',
]);

function wantsProtobuf(accept: string | undefined): boolean {
  const first = accept?.split(',')[0]!.split(';')[0]!.trim();
  return first !== undefined && PROTOBUF_NAMES.has(first);
}

function protobufOf(definitions: readonly ResourceDefinition[]): Document {
  const bytes = encodeOpenapiV2(openapiV2(definitions));
  return { bytes, hash: hashOf(bytes) };
}

function documentOf(object: object): Document {
  const bytes = encoder.encode(JSON.stringify(object));
  return { bytes, hash: hashOf(bytes) };
}

const hashOf = (bytes: Uint8Array): string => createHash('sha512').update(bytes).digest('hex').toUpperCase();

function serve(request: ApiServerRequest, document: Document, contentType = 'application/json'): ApiServerResponse {
  const etag = `"${document.hash}"`;
  const headers = { etag, vary: 'Accept', ...(request.query.has('hash') ? FOREVER : {}) };
  if (request.headers['if-none-match'] === etag) {
    return { kind: 'bytes', status: 304, contentType, body: new Uint8Array(), headers };
  }
  return { kind: 'bytes', status: 200, contentType, body: document.bytes, headers };
}
