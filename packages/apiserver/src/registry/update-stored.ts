import { notFound, type Draft, type KubeObject } from '@kts/apimachinery';
import type { ResourceDefinition } from '@kts/api';

import { draftOf } from './object-draft.ts';
import { currentEntry, freshEntry, putObject, type WriteTarget } from './put-object.ts';
import type { RequestScope } from './request-scope.ts';

/**
 * Changes a stored object on the server's own behalf: no admission, no strategy. `decide` looks at the object (and may
 * throw what the client gets) and answers the change, or undefined for none; it is asked again when somebody else was
 * faster. Answers the object as it is afterwards. Throws NotFound.
 */
export async function updateStored<T extends KubeObject>(
  scope: Pick<RequestScope, 'registry' | 'namespace'> & { readonly signal: AbortSignal },
  definition: ResourceDefinition<T>,
  name: string,
  dryRun: boolean,
  decide: (object: T) => ((draft: Draft<T>) => void) | undefined,
): Promise<T> {
  const { registry } = scope;
  const storage = registry.storages.of(definition);
  const namespace = definition.namespaced ? scope.namespace : '';
  const target: WriteTarget = { registry, definition, storage, key: storage.keyOf(namespace, name) };
  let existing = (await currentEntry(target)) ?? (await freshEntry(target));
  for (;;) {
    scope.signal.throwIfAborted();
    if (!existing) throw notFound(definition, name);
    const object = existing.object() as T;
    const change = decide(object);
    if (!change) return object;
    const draft = draftOf(object);
    change(draft as unknown as Draft<T>);
    const outcome = await putObject(target, draft, existing, dryRun);
    if (outcome.ok) return outcome.entry.object() as T;
    existing = outcome.current;
  }
}
