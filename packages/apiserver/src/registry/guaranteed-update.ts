/**
 * Reading, changing and writing back as one step: the loop that all updates share.
 *
 * Mirrors: Update in staging/src/k8s.io/apiserver/pkg/registry/generic/registry/store.go (v1.36)
 */
import {
  conflict,
  invalid,
  FieldPath,
  invalidObject,
  notFound,
  OBJECT_MODIFIED,
  StatusError,
  type KubeObject,
} from '@kts/apimachinery';
import type { StrategyContext } from '@kts/api';

import type { CacheEntry } from '../cache/entry.ts';
import { fillSystemFields, prepareAndValidateCreate } from './before-create.ts';
import { prepareAndValidateUpdate } from './before-update.ts';
import { loadValidation } from './load-validation.ts';
import { forgetTimestampOnlyChanges } from './managed-fields.ts';
import { checkKeyName } from './check-key-name.ts';
import { asObject, type ObjectDraft } from './object-draft.ts';
import { keyInMessages, preconditionFailed } from './precondition.ts';
import { currentEntry, freshEntry, putObject, removeObject, type PutOutcome, type WriteTarget } from './put-object.ts';
import { addWarnings, type RequestScope } from './request-scope.ts';
import { presentWhenAsked } from './resource-storage.ts';
import { runHooks } from './resource-hooks.ts';

export interface UpdatePlan {
  /** Makes the new object from the present one; called again when somebody else was faster. */
  readonly makeObject: (existing: KubeObject | undefined) => Promise<ObjectDraft>;
  /** Validating admission. */
  readonly validate: (object: KubeObject, old: KubeObject | undefined) => Promise<void>;
  /** The update is only for the object with this UID. */
  readonly uid?: string;
  /** An object that does not exist is created (server-side apply); some kinds allow it for every update. */
  readonly allowCreate: boolean;
  readonly dryRun: boolean;
}

export interface UpdateResult {
  readonly entry: CacheEntry;
  readonly created: boolean;
}

/** Answers the written object in the request's version. */
export async function guaranteedUpdate(scope: RequestScope, plan: UpdatePlan): Promise<UpdateResult> {
  checkKeyName(scope.name);
  const target: WriteTarget = { ...scope, key: scope.storage.keyOf(scope.namespace, scope.name) };
  let existing = await currentEntry(target);
  for (;;) {
    scope.request.signal.throwIfAborted();
    let outcome: PutOutcome;
    try {
      outcome = existing ? await updateOnce(scope, target, plan, existing) : await createOnce(scope, target, plan);
    } catch (error) {
      const now = await staleness(target, existing, error);
      if (!now) throw error;
      existing = now.entry;
      continue;
    }
    if (outcome.ok) {
      const entry = await presentWhenAsked(scope.definition, outcome.entry);
      return { entry, created: existing === undefined };
    }
    existing = outcome.current;
  }
}

/** A refusal may come from a cache that lags behind: then it does not count. */
async function staleness(
  target: WriteTarget,
  used: CacheEntry | undefined,
  error: unknown,
): Promise<{ readonly entry: CacheEntry | undefined } | undefined> {
  if (!StatusError.is(error)) return undefined;
  const entry = await freshEntry(target);
  return entry?.revision === used?.revision ? undefined : { entry };
}

async function createOnce(scope: RequestScope, target: WriteTarget, plan: UpdatePlan): Promise<PutOutcome> {
  const { registry, definition, namespace, name } = scope;
  if (!plan.allowCreate && !definition.behaviour.allowCreateOnUpdate) throw notFound(definition, name);
  if (plan.uid) throw wrongUid(scope, plan, '');
  const draft = await plan.makeObject(undefined);
  delete (draft.metadata as { resourceVersion?: string }).resourceVersion;
  fillSystemFields(draft, registry.clock.now(), registry.random);
  const transaction = await runHooks(scope, draft, undefined, plan.dryRun);
  try {
    const context = strategyContext(scope);
    await loadValidation(definition, draft);
    addWarnings(scope, prepareAndValidateCreate(definition, draft, namespace, context));
    await plan.validate(asObject(draft), undefined);
    const outcome = await putObject(target, draft, undefined, plan.dryRun);
    await transaction.finish(outcome.ok && !plan.dryRun);
    return outcome;
  } catch (error) {
    await transaction.finish(false);
    throw error;
  }
}

async function updateOnce(
  scope: RequestScope,
  target: WriteTarget,
  plan: UpdatePlan,
  existing: CacheEntry,
): Promise<PutOutcome> {
  const { definition, namespace } = scope;
  const old = (await presentWhenAsked(definition, existing)).object();
  checkUid(scope, plan, old);
  const draft = await plan.makeObject(old);
  checkVersion(scope, draft, old);
  const transaction = await runHooks(scope, draft, old, plan.dryRun);
  try {
    await loadValidation(definition, draft);
    addWarnings(scope, prepareAndValidateUpdate(definition, draft, old, namespace, strategyContext(scope)));
    forgetTimestampOnlyChanges(draft, old);
    await plan.validate(asObject(draft), old);
    const outcome = await writeUpdate(target, draft, old, existing, plan.dryRun);
    await transaction.finish(outcome.ok && !plan.dryRun);
    return outcome;
  } catch (error) {
    await transaction.finish(false);
    throw error;
  }
}

/** The last finalizer of a deleted object takes the object with it. */
async function writeUpdate(
  target: WriteTarget,
  draft: ObjectDraft,
  old: KubeObject,
  existing: CacheEntry,
  dryRun: boolean,
): Promise<PutOutcome> {
  if (!deletesDuringUpdate(target, draft, old)) return putObject(target, draft, existing, dryRun);
  const shown = await putObject(target, draft, existing, true);
  if (dryRun) return shown;
  const removed = await removeObject(target, existing);
  return removed.ok ? shown : removed;
}

function deletesDuringUpdate({ definition }: WriteTarget, draft: ObjectDraft, old: KubeObject): boolean {
  if ((draft.metadata.finalizers ?? []).length > 0 || !old.metadata.deletionTimestamp) return false;
  if ((old.metadata.deletionGracePeriodSeconds ?? 0) !== 0) return false;
  if (definition.storagePrefix !== 'namespaces') return true;
  const spec = (asObject(draft) as { readonly spec?: { readonly finalizers?: readonly string[] } }).spec;
  return (spec?.finalizers ?? []).length === 0;
}

function checkUid(scope: RequestScope, plan: UpdatePlan, { metadata }: KubeObject): void {
  if (plan.uid && plan.uid !== metadata.uid) throw wrongUid(scope, plan, metadata.uid);
}

function wrongUid(scope: RequestScope, { uid = '', dryRun }: UpdatePlan, found: string): StatusError {
  const key = keyInMessages(scope.storage.keyOf(scope.namespace, scope.name), dryRun);
  const problem = `UID in precondition: ${uid}, UID in object meta: ${found}`;
  return conflict(scope.definition, scope.name, preconditionFailed(key, problem));
}

/** An update that names no version is meant for whatever version there is, where the kind allows that. */
function checkVersion(scope: RequestScope, draft: ObjectDraft, old: KubeObject): void {
  const { definition, name } = scope;
  const version = draft.metadata.resourceVersion || '0';
  if (version !== '0') {
    if (version !== old.metadata.resourceVersion) throw conflict(definition, name, OBJECT_MODIFIED);
    return;
  }
  if (definition.behaviour.requireResourceVersionOnUpdate) {
    const error = invalid(FieldPath.of('metadata', 'resourceVersion'), 0, 'must be specified for an update');
    throw invalidObject({ group: definition.group, kind: definition.plural }, name, [error]);
  }
  draft.metadata.resourceVersion = old.metadata.resourceVersion;
}

export function strategyContext(scope: RequestScope): StrategyContext {
  return {
    now: scope.registry.clock.now(),
    subresource: scope.subresource,
    user: scope.request.user,
    warn: (text) => addWarnings(scope, [text]),
  };
}
