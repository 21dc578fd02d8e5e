import { notFound, type Draft, type KubeObject } from '@kts/apimachinery';
import type { ResourceDefinition } from '@kts/api';

import { trackUpdate } from './managed-fields.ts';
import { draftOf } from './object-draft.ts';
import { currentEntry, freshEntry, putObject, type WriteTarget } from './put-object.ts';
import type { RequestScope } from './request-scope.ts';

export interface UpdateStoredOptions {
  readonly dryRun: boolean;
  /** The subresource that the server writes as a client of its own would: who owns what is recorded. */
  readonly trackedAs?: string;
}

/** The name under which the server writes. */
const SERVER_MANAGER = 'kube-apiserver';

/**
 * Changes a stored object on the server's own behalf: no admission, no strategy. `decide` looks at the object (and may
 * throw what the client gets) and answers the change, or undefined for none; it is asked again when somebody else was
 * faster. Answers the object as it is afterwards. Throws NotFound.
 */
export async function updateStored<T extends KubeObject>(
  scope: Pick<RequestScope, 'registry' | 'namespace'> & { readonly signal: AbortSignal },
  definition: ResourceDefinition<T>,
  name: string,
  { dryRun, trackedAs }: UpdateStoredOptions,
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
    if (trackedAs !== undefined) {
      trackUpdate({ registry, definition, subresource: trackedAs }, object, draft, SERVER_MANAGER);
    }
    const outcome = await putObject(target, draft, existing, dryRun);
    if (outcome.ok) return outcome.entry.object() as T;
    existing = outcome.current;
  }
}
