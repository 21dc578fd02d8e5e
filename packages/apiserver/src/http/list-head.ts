import type { EntryList } from '../response.ts';

/** A list without what is in it. */
export function listHead(list: EntryList): object {
  const { apiVersion, listKind, resourceVersion, continueToken, remainingItemCount, columnDefinitions } = list;
  return {
    kind: listKind,
    apiVersion,
    metadata: {
      resourceVersion,
      ...(continueToken === undefined ? {} : { continue: continueToken }),
      ...(remainingItemCount ? { remainingItemCount } : {}),
    },
    ...(columnDefinitions ? { columnDefinitions } : {}),
  };
}

/** The field that holds a list's entries. */
export const entriesField = (list: EntryList): string => (list.columnDefinitions ? 'rows' : 'items');
