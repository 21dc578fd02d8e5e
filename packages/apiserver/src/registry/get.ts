import { badRequest, notFound } from '@kts/apimachinery';

import type { ApiServerResponse } from '../response.ts';
import { checkKeyName } from './check-key-name.ts';
import { currentEntry, freshEntry } from './put-object.ts';
import type { CacheEntry } from '../cache/entry.ts';
import type { RequestScope } from './request-scope.ts';
import { presentWhenAsked } from './resource-storage.ts';
import { entryResponse } from './respond.ts';
import { awaitVersion } from './resource-version.ts';

/** GET of one object. */
export async function getResource(scope: RequestScope): Promise<ApiServerResponse> {
  const { query } = scope.request;
  const exporting = query.get('export');
  if (exporting !== null && exporting !== 'false' && exporting !== '0') {
    throw badRequest('the export parameter, deprecated since v1.14, is no longer supported');
  }
  return entryResponse(scope, 200, await getEntry(scope, query.get('resourceVersion') ?? ''));
}

/** The object in the request's version, at least as new as `resourceVersion`. Throws NotFound. */
export async function getEntry(scope: RequestScope, resourceVersion = ''): Promise<CacheEntry> {
  const { definition, name, storage, namespace } = scope;
  checkKeyName(name);
  const target = { ...scope, key: storage.keyOf(namespace, name) };
  if (resourceVersion !== '0') await awaitVersion(scope, resourceVersion);
  const entry = (await currentEntry(target)) ?? (await freshEntry(target));
  if (!entry) throw notFound(definition, name);
  return presentWhenAsked(definition, entry);
}
