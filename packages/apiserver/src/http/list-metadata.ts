import type { EntryList } from '../response.ts';

export function listMetadata(list: EntryList): object {
  return {
    resourceVersion: list.resourceVersion,
    ...(list.continueToken ? { continue: list.continueToken } : {}),
    ...(list.remainingItemCount ? { remainingItemCount: list.remainingItemCount } : {}),
  };
}
