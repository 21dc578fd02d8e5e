import { forEachLimit } from '@kts/base';
import { isNotFound } from '@kts/apimachinery';

import type { ApiServerResponse } from '../response.ts';
import { deleteObject, readDeleteOptions, warnAboutDependents } from './delete.ts';
import { listEntries } from './list.ts';
import { parseListOptions } from './list-options.ts';
import type { RequestScope } from './request-scope.ts';
import { askForObjects } from './resource-storage.ts';
import { listResponse } from './respond.ts';
import { parseSelection } from './selectors.ts';

/** Deletions under way at the same time. */
const DELETIONS_AT_ONCE = 8;

/** DELETE of a collection. Answers the list of what was there; what others deleted meanwhile does not matter. */
export async function deleteCollection(scope: RequestScope): Promise<ApiServerResponse> {
  const listOptions = parseListOptions(scope.request.query, false);
  parseSelection(scope.definition, listOptions.labelSelector, listOptions.fieldSelector);
  const options = await readDeleteOptions(scope);
  warnAboutDependents(scope, options);
  const page = await listEntries(scope, listOptions);
  await askForObjects(scope.definition, page.entries);
  await forEachLimit(page.entries, DELETIONS_AT_ONCE, async (entry) => {
    try {
      await deleteObject({ ...scope, namespace: entry.namespace, name: entry.name }, options, 'collection');
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  });
  return listResponse(scope, page);
}
