import type { KubeObject } from '@kts/apimachinery';

import type { ObjectDraft } from './object-draft.ts';
import type { RequestScope } from './request-scope.ts';

/** What a write holds besides its object, such as addresses: kept if the write succeeds, given back if not. */
export interface Transaction {
  finish(written: boolean): Promise<void>;
}

/** What few kinds need around their writes. */
export interface ResourceHooks {
  /** Before strategy and validation; may change the draft. `old` is undefined for a new object. */
  begin?(scope: RequestScope, draft: ObjectDraft, old: KubeObject | undefined, dryRun: boolean): Promise<Transaction>;
  /** The same for a change of the status. */
  beginStatus?(scope: RequestScope, draft: ObjectDraft, old: KubeObject, dryRun: boolean): Promise<Transaction>;
  /** After an object is gone for good. */
  deleted?(scope: RequestScope, object: KubeObject): Promise<void>;
}

const NOTHING: Transaction = { finish: () => Promise.resolve() };

export async function runHooks(
  scope: RequestScope,
  draft: ObjectDraft,
  old: KubeObject | undefined,
  dryRun: boolean,
): Promise<Transaction> {
  const hooks = scope.registry.hooks.get(scope.definition.storagePrefix);
  if (scope.subresource === '') return (await hooks?.begin?.(scope, draft, old, dryRun)) ?? NOTHING;
  if (scope.subresource !== 'status' || !old) return NOTHING;
  return (await hooks?.beginStatus?.(scope, draft, old, dryRun)) ?? NOTHING;
}

export async function runDeleted(scope: RequestScope, object: KubeObject): Promise<void> {
  await scope.registry.hooks.get(scope.definition.storagePrefix)?.deleted?.(scope, object);
}
