/**
 * What happens to an object between its arrival and its first write.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/registry/rest/create.go (v1.36)
 */
import { formatTime, randomName, type Random } from '@kts/base';
import { invalidObject, parseApiVersion } from '@kts/apimachinery';
import type { ResourceDefinition, StrategyContext } from '@kts/api';

import { ensureNamespace } from './ensure-namespace.ts';
import { asDraft, asObject, type MetadataDraft, type ObjectDraft } from './object-draft.ts';
import { validateCommonMetadata, validateMetadata } from './validate-metadata.ts';

/** Generated names are cut so that five letters fit into a label. */
const GENERATED_BASE_LENGTH_MAX = 58;

/** Clears what clients may not choose. */
export function wipeSystemFields(draft: ObjectDraft): void {
  const metadata: Partial<MetadataDraft> = draft.metadata;
  delete metadata.creationTimestamp;
  delete metadata.uid;
  delete metadata.deletionTimestamp;
  delete metadata.deletionGracePeriodSeconds;
  delete metadata.selfLink;
}

/** Gives the object its identity. */
export function fillSystemFields(draft: ObjectDraft, now: number, random: Random): void {
  const { metadata } = draft;
  metadata.creationTimestamp = formatTime(now);
  metadata.uid = random.uuid();
  if (metadata.generateName && !metadata.name) metadata.name = generatedName(metadata.generateName, random);
}

function generatedName(base: string, random: Random): string {
  return base.slice(0, GENERATED_BASE_LENGTH_MAX) + randomName(random);
}

/** Strategy and validation of a new object. Throws Invalid. Answers warnings. */
export function prepareAndValidateCreate(
  definition: ResourceDefinition,
  draft: ObjectDraft,
  namespace: string,
  context: StrategyContext,
): readonly string[] {
  ensureNamespace(definition, draft, namespace);
  const { behaviour } = definition;
  if (hasGeneration(definition)) draft.metadata.generation = 1;
  if (definition.subresources.some(({ name }) => name === 'status') && context.subresource === '') {
    resetStatus(definition, draft);
  }
  behaviour.prepareForCreate?.(asDraft(draft), context);
  const object = asObject(draft);
  const metadataErrors = validateMetadata(definition, draft.metadata);
  const known = metadataErrors.length > 0 ? { ...context, metadataErrors } : context;
  const errors = [...metadataErrors, ...(behaviour.validate?.(object, known) ?? [])];
  if (errors.length > 0) throw invalidObject(internalKind(definition, draft), draft.metadata.name ?? '', errors);
  const common = validateCommonMetadata(definition, draft.metadata);
  if (common.length > 0) throw invalidObject(internalKind(definition, draft), draft.metadata.name ?? '', common);
  return behaviour.warnings?.(object, undefined) ?? [];
}

/**
 * The kind as errors of validation name it: by the group it is stored in, which for events is not their own. Custom
 * objects are called what they say they are.
 */
export function internalKind(
  { group, kind, storageVersion, behaviour }: ResourceDefinition,
  object?: { readonly kind?: string },
): { group: string; kind: string } {
  const named = (behaviour.coerce && object?.kind) || kind;
  return { group: storageVersion ? parseApiVersion(storageVersion).group : group, kind: named };
}

/** Kinds that count the changes of what they ask for. Custom resources all do. */
export function hasGeneration(definition: ResourceDefinition): boolean {
  const { generation } = definition.behaviour;
  if (generation !== undefined) return generation !== 'none';
  return definition.schema.name === '' || WITH_GENERATION.has(definition.plural);
}

const WITH_GENERATION: ReadonlySet<string> = new Set([
  'priorityclasses',
  'ingressclasses',
  'networkpolicies',
  'ingresses',
  'endpointslices',
  'poddisruptionbudgets',
  'resourceslices',
  'deviceclasses',
  'flowschemas',
  'prioritylevelconfigurations',
  'daemonsets',
  'statefulsets',
  'deployments',
  'replicasets',
  'jobs',
  'cronjobs',
  'pods',
  'podtemplates',
  'replicationcontrollers',
  'validatingadmissionpolicies',
  'mutatingadmissionpolicies',
  'mutatingwebhookconfigurations',
  'validatingwebhookconfigurations',
  'mutatingadmissionpolicybindings',
  'validatingadmissionpolicybindings',
  'customresourcedefinitions',
]);

/** Status is written through its own subresource; a new object begins without one. Only a node registers itself whole. */
function resetStatus(definition: ResourceDefinition, draft: ObjectDraft): void {
  if (definition.group === '' && definition.plural === 'nodes') return;
  if (definition.schema.fields.has('status')) delete draft['status'];
}
