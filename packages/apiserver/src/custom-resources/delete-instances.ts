/**
 * Objects go with their definition: everything is deleted as a client would delete it, and the definition stays until
 * nothing is left.
 *
 * Mirrors: staging/src/k8s.io/apiextensions-apiserver/pkg/controller/finalizer/crd_finalizer.go (v1.36)
 */
import { formatTime } from '@kts/base';
import { customResourceDefinitions, type ResourceDefinition } from '@kts/api';
import type { CustomResourceDefinition, CustomResourceDefinitionStatus } from '@kts/api/types/apiextensions-v1';

import { REGISTRY } from '../cache/cache-feed.ts';
import type { Registry } from '../registry/deps.ts';
import { draftOf } from '../registry/object-draft.ts';
import { planDelete } from '../registry/plan-delete.ts';
import { currentEntry, freshEntry, putObject, removeObject, type WriteTarget } from '../registry/put-object.ts';
import { isTrue, withCondition } from './definition-status.ts';
import { CLEANUP_FINALIZER } from './plan-definition-delete.ts';

const PAGE_KEYS = 500;
const POLL_MS = 5_000;
const PATIENCE_MS = 60_000;

/** Resolves when the definition is gone, or is not to be deleted any more. */
export async function finalizeDefinition(
  registry: Registry,
  crd: CustomResourceDefinition,
  instances: ResourceDefinition,
  signal: AbortSignal,
): Promise<void> {
  const { name } = crd.metadata;
  const deleting = await changeStatus(registry, name, signal, (status, now) =>
    withCondition(
      status,
      terminating('True', 'InstanceDeletionInProgress', 'CustomResource deletion is in progress'),
      now,
    ),
  );
  if (!deleting) return;
  let done = terminating('False', 'NeverEstablished', 'resource was never established');
  if (isTrue(deleting.status, 'Established')) {
    await deleteInstances(registry, name, instances, signal);
    done = terminating('False', 'InstanceDeletionCompleted', 'removed all instances');
  }
  await changeStatus(registry, name, signal, (status, now) => withCondition(status, done, now), true);
}

function terminating(status: string, reason: string, message: string) {
  return { type: 'Terminating', status, reason, message };
}

/** Deletes until nothing is left: finalizers of others may take their time. */
async function deleteInstances(
  registry: Registry,
  name: string,
  instances: ResourceDefinition,
  signal: AbortSignal,
): Promise<void> {
  const { clock } = registry;
  const start = clock.monotonic();
  let told = false;
  for (;;) {
    if ((await deleteAll(registry, instances, signal)) === 0) return;
    if (!told && clock.monotonic() - start >= PATIENCE_MS) {
      told = true;
      const message = 'could not confirm zero CustomResources remaining: timed out waiting for the condition';
      await changeStatus(registry, name, signal, (status, now) =>
        withCondition(status, terminating('True', 'InstanceDeletionCheck', message), now),
      );
    }
    await clock.sleep(POLL_MS, signal);
  }
}

/** One round over all objects. Answers how many remain. */
async function deleteAll(registry: Registry, definition: ResourceDefinition, signal: AbortSignal): Promise<number> {
  const { store, clock } = registry;
  const storage = registry.storages.of(definition);
  await registry.feed.ready(storage.cache);
  const prefix = `${REGISTRY}${definition.storagePrefix}/`;
  let remaining = 0;
  let after: string | undefined;
  for (;;) {
    signal.throwIfAborted();
    const page = await store.list({ prefix, limit: PAGE_KEYS, ...(after === undefined ? {} : { after }) });
    if (!page.ok || page.items.length === 0) return remaining;
    for (const { key } of page.items) {
      if (!(await deleteOne({ registry, definition, storage, key }, clock.now()))) remaining++;
    }
    after = page.items.at(-1)!.key;
  }
}

/** Whether the object is gone. */
async function deleteOne(target: WriteTarget, now: number): Promise<boolean> {
  let entry = (await currentEntry(target)) ?? (await freshEntry(target));
  while (entry) {
    const plan = planDelete(target.definition, entry.object(), {}, now);
    if (plan.do === 'nothing') return false;
    const outcome =
      plan.do === 'mark' ? await putObject(target, plan.object, entry, false) : await removeObject(target, entry);
    if (outcome.ok) return plan.do === 'remove';
    entry = outcome.current;
  }
  return true;
}

/** Writes the status of a definition that is being deleted; with `release` it may go then. Answers it, if it is there. */
async function changeStatus(
  registry: Registry,
  name: string,
  signal: AbortSignal,
  change: (status: CustomResourceDefinitionStatus, now: string) => CustomResourceDefinitionStatus,
  release = false,
): Promise<CustomResourceDefinition | undefined> {
  const definition: ResourceDefinition = customResourceDefinitions;
  const storage = registry.storages.of(definition);
  const target: WriteTarget = { registry, definition, storage, key: storage.keyOf('', name) };
  let entry = (await currentEntry(target)) ?? (await freshEntry(target));
  while (entry) {
    signal.throwIfAborted();
    const crd = entry.object() as CustomResourceDefinition;
    const { finalizers = [], deletionTimestamp } = crd.metadata;
    if (!deletionTimestamp || !finalizers.includes(CLEANUP_FINALIZER)) return undefined;
    const draft = draftOf(crd);
    draft['status'] = change(crd.status ?? {}, formatTime(registry.clock.now()));
    const others = finalizers.filter((one) => one !== CLEANUP_FINALIZER);
    if (release) draft.metadata.finalizers = others;
    const gone = release && others.length === 0;
    const outcome = gone ? await removeObject(target, entry) : await putObject(target, draft, entry, false);
    if (outcome.ok) return gone ? undefined : (draft as unknown as CustomResourceDefinition);
    entry = outcome.current;
  }
  return undefined;
}
