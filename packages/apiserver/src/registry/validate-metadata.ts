/**
 * How often metadata is looked at, and by which rules: clients see every finding as a cause of its own.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/registry/rest/{create,update}.go (v1.36)
 */
import { isPathSegmentName, type FieldError, type ObjectMeta } from '@kts/apimachinery';
import { validateObjectMeta, validateObjectMetaUpdate, type ResourceDefinition } from '@kts/api';

export const FINALIZER_ORPHAN = 'orphan';
export const FINALIZER_FOREGROUND = 'foregroundDeletion';

/**
 * How a kind's own validation of an update looks at the metadata, after all kinds had theirs checked alike: as that of
 * a new object, or as a change. Most kinds look at the change. Kinds that look at it as new between their own rules do
 * that in their own `validateUpdate`.
 */
type MetadataCheck = 'new' | 'change';

const CHANGE: readonly MetadataCheck[] = ['change'];
const NEW: readonly MetadataCheck[] = ['new'];
const CHANGE_THEN_NEW: readonly MetadataCheck[] = ['change', 'new'];
const NEW_THEN_CHANGE: readonly MetadataCheck[] = ['new', 'change'];

const CHECKS: ReadonlyMap<string, readonly MetadataCheck[]> = new Map([
  ['events', []],
  ['poddisruptionbudgets', []],
  ['limitranges', NEW],
  ['endpointslices', NEW],
  ['flowschemas', NEW],
  ['prioritylevelconfigurations', NEW],
  ['csinodes', NEW],
  ['volumeattachments', NEW],
  ['mutatingadmissionpolicies', NEW],
  ['mutatingadmissionpolicybindings', NEW],
  ['mutatingwebhookconfigurations', NEW],
  ['validatingadmissionpolicies', NEW],
  ['validatingadmissionpolicybindings', NEW],
  ['validatingwebhookconfigurations', NEW],
  ['persistentvolumes', NEW],
  ['volumeattributesclasses', CHANGE_THEN_NEW],
  ['apiservices', CHANGE_THEN_NEW],
  ['certificatesigningrequests', NEW_THEN_CHANGE],
  ['csistoragecapacities', NEW_THEN_CHANGE],
  ['deviceclasses', NEW_THEN_CHANGE],
  ['ipaddresses', NEW_THEN_CHANGE],
  ['namespaces', NEW_THEN_CHANGE],
  ['nodes', NEW_THEN_CHANGE],
  ['resourceclaims', NEW_THEN_CHANGE],
  ['resourceclaimtemplates', NEW_THEN_CHANGE],
  ['runtimeclasses', NEW_THEN_CHANGE],
  ['statefulsets', NEW_THEN_CHANGE],
  ['storageclasses', NEW_THEN_CHANGE],
]);

/** Kinds that leave the metadata of new objects to what holds for all kinds; newer events check it amid their own rules. */
const UNCHECKED_NEW: ReadonlySet<string> = new Set(['events', 'poddisruptionbudgets']);

/** Kinds that let finalizers be without a domain, as all kinds together do. */
const BARE_FINALIZERS: ReadonlySet<string> = new Set([
  'apiservices',
  'customresourcedefinitions',
  'leasecandidates',
  'leases',
  'mutatingadmissionpolicies',
  'mutatingadmissionpolicybindings',
  'mutatingwebhookconfigurations',
  'runtimeclasses',
  'validatingadmissionpolicies',
  'validatingadmissionpolicybindings',
  'validatingwebhookconfigurations',
]);

/** Through other endpoints most kinds look at the change alone, and these not at all. */
const UNCHECKED_STATUS: ReadonlySet<string> = new Set([
  'cronjobs',
  'flowschemas',
  'poddisruptionbudgets',
  'prioritylevelconfigurations',
  'validatingadmissionpolicies',
  'volumeattachments',
]);
const CHECKED_ALIKE: ReadonlySet<string> = new Set(['certificatesigningrequests']);

function checksOf({ plural }: ResourceDefinition, subresource: string): readonly MetadataCheck[] {
  if (subresource === '' || CHECKED_ALIKE.has(plural)) return CHECKS.get(plural) ?? CHANGE;
  if (subresource === 'status' && UNCHECKED_STATUS.has(plural)) return [];
  return CHANGE;
}

/** The metadata of a new object, by the kind's own rule for names. */
export function validateMetadata(definition: ResourceDefinition, metadata: ObjectMeta): readonly FieldError[] {
  const { namespaced, behaviour, plural } = definition;
  if (UNCHECKED_NEW.has(plural) && definition.schema.name !== '') return [];
  const validateName = behaviour.validateName?.bind(behaviour);
  const errors = validateObjectMeta(metadata, { namespaced, validateName });
  return allowsBareFinalizers(definition) ? withoutBareFinalizers(errors) : errors;
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
  subresource: string,
): readonly FieldError[] {
  const update = validateObjectMetaUpdate(metadata, old);
  const common = [...validateCommonMetadata(definition, metadata), ...withoutBareFinalizers(update)];
  if (definition.schema.name === '') return common;
  const change = allowsBareFinalizers(definition) ? withoutBareFinalizers(update) : update;
  const own = checksOf(definition, subresource).flatMap((check) =>
    check === 'change' ? change : validateMetadata(definition, metadata),
  );
  return [...common, ...own];
}

function allowsBareFinalizers({ schema, plural }: ResourceDefinition): boolean {
  return schema.name === '' || BARE_FINALIZERS.has(plural);
}

/** Only built-in kinds insist that finalizers of others have a domain. */
function withoutBareFinalizers(errors: readonly FieldError[]): readonly FieldError[] {
  return errors.filter(({ field }) => !field.startsWith('metadata.finalizers['));
}
