/**
 * What a request is about, from its method, path and query.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/endpoints/request/requestinfo.go (v1.36)
 */
import { badRequest } from '@kts/apimachinery';

import type { ResourceCatalog } from '../discovery/catalog.ts';
import { integerOf } from '../registry/list-options.ts';
import { checkSelectors } from '../registry/selectors.ts';
import type { RequestInfo } from '../request.ts';
import type { Stage } from '../response.ts';

/** Parts of the path, before resources are known. */
export interface RequestTarget {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
}

const NAMESPACE_SUBRESOURCES: ReadonlySet<string> = new Set(['status', 'finalize']);
/** Verbs that old clients put in front of the resource: `/api/v1/watch/pods`. */
const PATH_VERBS: ReadonlySet<string> = new Set(['proxy', 'watch']);
const VERB_OF_METHOD: Readonly<Record<string, string>> = {
  POST: 'create',
  GET: 'get',
  HEAD: 'get',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

/** Fills in `info` and `resource`. */
export const requestInfoStage =
  (catalog: ResourceCatalog): Stage =>
  (next) =>
  (request) => {
    const info = parseRequestInfo(request);
    request.info = info;
    if (info.isResourceRequest) {
      const resource = catalog.find(info.group, info.version, info.resource);
      if (resource) request.resource = resource;
    }
    return next(request);
  };

/** Throws a BadRequest for a path verb without a resource. */
export function parseRequestInfo(target: RequestTarget): RequestInfo {
  const segments = splitPath(target.path);
  const apiPrefix = segments[0] ?? '';
  const grouped = apiPrefix === 'apis';
  const isResourceRequest = (apiPrefix === 'api' && segments.length >= 3) || (grouped && segments.length >= 4);
  if (!isResourceRequest) return nonResource(target);

  const version = segments[grouped ? 2 : 1]!;
  let start = grouped ? 3 : 2;
  let verb = VERB_OF_METHOD[target.method] ?? '';
  const verbInPath = PATH_VERBS.has(segments[start]!);
  if (verbInPath) {
    verb = segments[start]!;
    start++;
    if (start === segments.length) {
      throw badRequest(`unable to determine kind and namespace from url, ${target.path}`);
    }
  }
  let namespace = '';
  if (segments[start] === 'namespaces' && segments.length > start + 1) {
    namespace = segments[start + 1]!;
    if (segments.length > start + 2 && !NAMESPACE_SUBRESOURCES.has(segments[start + 2]!)) start += 2;
  }
  const parts = segments.slice(start);
  const info = {
    isResourceRequest,
    path: target.path,
    verb,
    apiPrefix,
    group: grouped ? segments[1]! : '',
    version,
    namespace,
    resource: parts[0]!,
    subresource: verbInPath ? '' : (parts[2] ?? ''),
    name: parts[1] ?? '',
    parts,
  };
  if (verbInPath) return info;
  return info.name === '' ? collectionInfo(info, target.query) : info;
}

/** A GET without a name is a list or a watch; a DELETE is one of the collection. */
function collectionInfo(info: RequestInfo, query: URLSearchParams): RequestInfo {
  let { verb } = info;
  let name = '';
  const fieldSelector = query.get('fieldSelector') ?? undefined;
  if (verb === 'get') {
    verb = isTrue(query.get('watch')) ? 'watch' : 'list';
    name = (fieldSelector && exactName(fieldSelector)) || '';
    if (name !== '' && !isReadable(query)) name = '';
  } else if (verb === 'delete') {
    verb = 'deletecollection';
  } else {
    return info;
  }
  const labelSelector = query.get('labelSelector') ?? undefined;
  return {
    ...info,
    verb,
    name,
    ...(fieldSelector ? { fieldSelector } : {}),
    ...(labelSelector ? { labelSelector } : {}),
  };
}

/** Options that cannot be read as a whole say nothing of a name either. */
function isReadable(query: URLSearchParams): boolean {
  try {
    integerOf(query, 'timeoutSeconds');
    integerOf(query, 'limit');
    checkSelectors(query.get('labelSelector') ?? '', query.get('fieldSelector') ?? '');
    return true;
  } catch {
    return false;
  }
}

/** The name that a field selector such as `metadata.name=web` asks for. */
function exactName(fieldSelector: string): string {
  const name = exactFieldValue(fieldSelector, 'metadata.name') ?? '';
  return name === '.' || name === '..' || name.includes('/') || name.includes('%') ? '' : name;
}

/** The value that a field selector requires of `field`, if it requires exactly one. */
export function exactFieldValue(fieldSelector: string, field: string): string | undefined {
  for (const term of fieldSelector.split(',')) {
    const at = term.indexOf('=');
    if (at <= 0 || term[at - 1] === '!' || term.slice(0, at) !== field) continue;
    return term.slice(term[at + 1] === '=' ? at + 2 : at + 1);
  }
  return undefined;
}

/** Go's conversion of query parameters: present and neither `false` nor `0`. */
export function isTrue(value: string | null): boolean {
  return value !== null && value.toLowerCase() !== 'false' && value !== '0';
}

function nonResource(target: RequestTarget): RequestInfo {
  return {
    isResourceRequest: false,
    path: target.path,
    verb: target.method.toLowerCase(),
    apiPrefix: '',
    group: '',
    version: '',
    namespace: '',
    resource: '',
    subresource: '',
    name: '',
    parts: [],
  };
}

function splitPath(path: string): string[] {
  let start = 0;
  let end = path.length;
  while (path.charCodeAt(start) === 0x2f) start++;
  while (end > start && path.charCodeAt(end - 1) === 0x2f) end--;
  return start === end ? [] : path.slice(start, end).split('/');
}
