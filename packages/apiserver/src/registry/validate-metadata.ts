/**
 * How often metadata is looked at, and by which rules: clients see every finding as a cause of its own.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/registry/rest/{create,update}.go (v1.36)
 */
import { isPathSegmentName, type FieldError, type ObjectMeta } from '@kts/apimachinery';
import { validateObjectMeta, validateObjectMetaUpdate, type ResourceDefinition } from '@kts/api';

export const FINALIZER_ORPHAN = 'orphan';
export const FINALIZER_FOREGROUND = 'foregroundDeletion';

/** Kinds whose own validation looks at the metadata of a changed object as if it were new. */
const REVALIDATED: ReadonlySet<string> = new Set(['configmaps', 'secrets', 'services', 'endpoints']);

/** The metadata of a new object, by the kind's own rule for names. */
export function validateMetadata(definition: ResourceDefinition, metadata: ObjectMeta): readonly FieldError[] {
  const { namespaced, behaviour } = definition;
  const validateName = behaviour.validateName?.bind(behaviour);
  const errors = validateObjectMeta(metadata, { namespaced, validateName });
  return definition.schema.name === '' ? withoutBareFinalizers(errors) : errors;
}

/** What holds for all kinds alike: a name has to fit into a path. */
export function validateCommonMetadata(definition: ResourceDefinition, metadata: ObjectMeta): readonly FieldError[] {
  const { namespaced } = definition;
  return withoutBareFinalizers(validateObjectMeta(metadata, { namespaced, validateName: isPathSegmentName }));
}

/** The metadata of a changed object: first as all kinds have it checked, then as the kind does it once more. */
export function validateChangedMetadata(
  definition: ResourceDefinition,
  metadata: ObjectMeta,
  old: ObjectMeta,
): readonly FieldError[] {
  const update = validateObjectMetaUpdate(metadata, old);
  const common = [...validateCommonMetadata(definition, metadata), ...withoutBareFinalizers(update)];
  if (definition.schema.name === '') return common;
  return [...common, ...update, ...(REVALIDATED.has(definition.plural) ? validateMetadata(definition, metadata) : [])];
}

/** Only built-in kinds insist that finalizers of others have a domain. */
function withoutBareFinalizers(errors: readonly FieldError[]): readonly FieldError[] {
  return errors.filter(({ field }) => !field.startsWith('metadata.finalizers['));
}
