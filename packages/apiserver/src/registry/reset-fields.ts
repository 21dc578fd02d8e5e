/**
 * Which fields an endpoint cannot change, and so nobody owns through it: those of the other endpoints, and for some
 * kinds metadata.
 *
 * Mirrors: GetResetFields and PrepareForUpdate of the strategies in pkg/registry and
 * staging/src/k8s.io/{apiextensions-apiserver,kube-aggregator}/pkg/registry (v1.36)
 */
import { fieldSetOfNames, type FieldSet, type ObjectMeta } from '@kts/apimachinery';
import type { ResourceDefinition } from '@kts/api';

/** Metadata that a status endpoint keeps as it was: all of it, what says whom an object belongs to, or some fields. */
export type KeptMetadata = 'all' | 'identity' | readonly (keyof ObjectMeta)[];

const STATUS_METADATA: ReadonlyMap<string, KeptMetadata> = new Map<string, KeptMetadata>([
  ['servicecidrs', 'identity'],
  ['resourceclaims', 'identity'],
  ['volumeattachments', 'identity'],
  ['validatingadmissionpolicies', 'identity'],
  ['podcertificaterequests', 'identity'],
  ['devicetaintrules', 'identity'],
  ['podgroups', 'identity'],
  ['flowschemas', 'all'],
  ['prioritylevelconfigurations', 'all'],
  ['deployments', ['labels']],
  ['pods', ['ownerReferences']],
  ['apiservices', ['labels', 'annotations', 'finalizers', 'ownerReferences']],
]);
const NOTHING: KeptMetadata = [];

/** Custom resources keep all of it. */
export function statusMetadata({ plural, schema }: ResourceDefinition): KeptMetadata {
  return schema.name === '' ? 'all' : (STATUS_METADATA.get(plural) ?? NOTHING);
}

/** Undefined: an endpoint through which everything can be changed. */
export function resetFields(definition: ResourceDefinition, subresource: string): FieldSet | undefined {
  const { plural, subresources } = definition;
  const byName = RESET[`${plural}/${subresource}`];
  if (byName) return fieldSetOfNames(...byName);
  if (!subresources.some(({ name }) => name === 'status')) return undefined;
  if (subresource === '' || subresource === 'finalize') return STATUS;
  if (subresource !== 'status') return undefined;
  return fieldSetOfNames(['spec'], ...resetMetadata(definition));
}

function resetMetadata(definition: ResourceDefinition): readonly (readonly string[])[] {
  const kept = statusMetadata(definition);
  if (typeof kept === 'string' || definition.plural === 'apiservices') return [['metadata']];
  return kept.map((name) => ['metadata', name]);
}

const STATUS = fieldSetOfNames(['status']);

/** The signer's side of a request for a certificate is written through endpoints of its own. */
const RESET: Readonly<Record<string, readonly (readonly string[])[]>> = {
  'certificatesigningrequests/': [['spec'], ['status']],
  'certificatesigningrequests/status': [['spec'], ['status', 'conditions']],
  'certificatesigningrequests/approval': [['spec'], ['status', 'certificate']],
};
