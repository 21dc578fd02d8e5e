/**
 * What happens to a changed object before it replaces the old one.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/registry/rest/update.go (v1.36)
 */
import { deepEqual, invalidObject, type FieldError, type KubeObject } from '@kts/apimachinery';
import type { ResourceDefinition, StrategyContext } from '@kts/api';

import { hasGeneration, internalKind } from './before-create.ts';
import { ensureNamespace } from './ensure-namespace.ts';
import { keepUnwritable } from './keep-unwritable.ts';
import { asDraft, asObject, setOrDelete, type ObjectDraft } from './object-draft.ts';
import { validateChangedMetadata } from './validate-metadata.ts';

/** Strategy and validation of an update. Throws Invalid. Answers warnings. */
export function prepareAndValidateUpdate(
  definition: ResourceDefinition,
  draft: ObjectDraft,
  old: KubeObject,
  namespace: string,
  context: StrategyContext,
): readonly string[] {
  ensureNamespace(definition, draft, namespace);
  const { metadata } = draft;
  setOrDelete(metadata, 'generation', old.metadata.generation);
  keepUnwritable(definition, draft, old, context.subresource);
  definition.behaviour.prepareForUpdate?.(asDraft(draft), old, context);
  if (bumpsGeneration(definition, draft, old, context)) metadata.generation = (old.metadata.generation ?? 0) + 1;
  if (!metadata.uid) metadata.uid = old.metadata.uid;
  if (old.metadata.creationTimestamp) metadata.creationTimestamp = old.metadata.creationTimestamp;
  if (old.metadata.deletionTimestamp) metadata.deletionTimestamp = old.metadata.deletionTimestamp;
  if (old.metadata.deletionGracePeriodSeconds !== undefined) {
    metadata.deletionGracePeriodSeconds ??= old.metadata.deletionGracePeriodSeconds;
  }
  const object = asObject(draft);
  const errors = [
    ...validateChangedMetadata(definition, metadata, old.metadata, context.subresource),
    ...validateKind(definition, object, old, context),
  ];
  if (errors.length > 0) throw invalidObject(internalKind(definition, draft), metadata.name ?? '', errors);
  if (context.subresource !== '' && context.subresource !== 'scale') return [];
  return definition.behaviour.warnings?.(object, old) ?? [];
}

function validateKind(
  { behaviour }: ResourceDefinition,
  object: KubeObject,
  old: KubeObject,
  context: StrategyContext,
): readonly FieldError[] {
  if (context.subresource === 'status') return behaviour.validateStatusUpdate?.(object, old, context) ?? [];
  return behaviour.validateUpdate?.(object, old, context) ?? [];
}

/** Changes of these do not count as changes of what the object asks for. */
const OUTSIDE_SPEC: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata', 'status']);

function bumpsGeneration(
  definition: ResourceDefinition,
  draft: ObjectDraft,
  old: KubeObject,
  context: StrategyContext,
): boolean {
  const { generation } = definition.behaviour;
  if (!hasGeneration(definition) || context.subresource === 'status') return false;
  const object = asObject(draft);
  if (typeof generation === 'function') return generation(object, old);
  const before = old as unknown as Record<string, unknown>;
  for (const field of new Set([...Object.keys(draft), ...Object.keys(before)])) {
    if (!OUTSIDE_SPEC.has(field) && !deepEqual(draft[field], before[field])) return true;
  }
  return false;
}
