import {
  badRequest,
  fieldSelectorOf,
  parseFieldSelector,
  parseLabelSelector,
  SelectorError,
  type FieldSelector,
  type LabelMatcher,
} from '@kts/apimachinery';
import type { ResourceDefinition } from '@kts/api';

import type { CacheEntry } from '../cache/entry.ts';
import { presentObject } from './resource-storage.ts';

/** Which objects a list, watch or deletion is about. */
export interface Selection {
  /** Absent: all. */
  readonly matches?: (entry: CacheEntry) => boolean;
  /** Fields are selected by that are not in the metadata. */
  readonly readsObjects: boolean;
  /** The name or namespace that every match has. */
  readonly name?: string;
  readonly namespace?: string;
  /** The value that a field has in every match. */
  valueOf(field: string): string | undefined;
}

/**
 * Fields that selectors may use besides `metadata.name` and `metadata.namespace`, by resource.
 *
 * Mirrors: AddFieldLabelConversionFunc calls in pkg/apis (v1.36)
 */
const SELECTABLE: Readonly<Record<string, readonly string[]>> = {
  pods: [
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'spec.hostNetwork',
    'status.phase',
    'status.podIP',
    'status.podIPs',
    'status.nominatedNodeName',
  ],
  nodes: ['spec.unschedulable'],
  replicationcontrollers: ['status.replicas'],
  events: ['reason', 'type', 'reportingComponent', 'source', ...eventReferenceFields('involvedObject')],
  'events.events.k8s.io': ['reason', 'type', 'reportingController', ...eventReferenceFields('regarding')],
  namespaces: ['status.phase'],
  secrets: ['type'],
  services: ['spec.clusterIP', 'spec.type'],
  'jobs.batch': ['status.successful'],
  'certificatesigningrequests.certificates.k8s.io': ['spec.signerName'],
  'resourceslices.resource.k8s.io': ['spec.nodeName', 'spec.driver'],
};
/** Kinds that have no namespace to select by. */
const WITHOUT_NAMESPACE_FIELD = new Set(['nodes', 'namespaces', 'certificatesigningrequests', 'resourceslices']);

function eventReferenceFields(name: string): string[] {
  return ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'].map((f) => `${name}.${f}`);
}

/** Throws BadRequest for selectors that cannot be read, and for fields that the kind does not select by. */
export function parseSelection(definition: ResourceDefinition, labelText: string, fieldText: string): Selection {
  const labels = read(() => parseLabelSelector(labelText));
  const fields = read(() => withAliases(definition, parseFieldSelector(fieldText)));
  for (const { field } of fields.requirements) checkField(definition, field);
  const name = fields.exactValue('metadata.name');
  const namespace = fields.exactValue('metadata.namespace');
  const readsObjects = fields.requirements.some(({ field }) => !field.startsWith('metadata.'));
  const matches = matcherOf(definition, labels, fields, readsObjects);
  return {
    ...(matches ? { matches } : {}),
    readsObjects,
    ...(name === undefined ? {} : { name }),
    ...(namespace === undefined ? {} : { namespace }),
    valueOf: (field) => fields.exactValue(field),
  };
}

/** Throws BadRequest for selectors that cannot be read, whatever they are for. */
export function checkSelectors(labelText: string, fieldText: string): void {
  read(() => parseLabelSelector(labelText));
  read(() => parseFieldSelector(fieldText));
}

/** The old name of a pod's node. */
function withAliases({ plural, group }: ResourceDefinition, selector: FieldSelector): FieldSelector {
  if (plural !== 'pods' || group !== '' || !selector.requirements.some(({ field }) => field === 'spec.host'))
    return selector;
  return fieldSelectorOf(
    selector.requirements.map((one) => (one.field === 'spec.host' ? { ...one, field: 'spec.nodeName' } : one)),
  );
}

function read<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof SelectorError) throw badRequest(error.message);
    throw error;
  }
}

function matcherOf(
  definition: ResourceDefinition,
  labels: LabelMatcher,
  fields: FieldSelector,
  readsObjects: boolean,
): ((entry: CacheEntry) => boolean) | undefined {
  if (labels.everything && fields.everything) return undefined;
  return (entry) =>
    (labels.everything || labels.matches(entry.labels)) &&
    (fields.everything || fields.matches(fieldsOf(definition, entry, readsObjects)));
}

function fieldsOf(definition: ResourceDefinition, entry: CacheEntry, readsObjects: boolean): Record<string, string> {
  return {
    'metadata.name': entry.name,
    'metadata.namespace': entry.namespace,
    ...(readsObjects ? definition.behaviour.selectableFields?.(presentObject(definition, entry)) : {}),
  };
}

function checkField(definition: ResourceDefinition, field: string): void {
  const { plural, group } = definition;
  const known = SELECTABLE[group ? `${plural}.${group}` : plural];
  if (field === 'metadata.name' || known?.includes(field) || definition.selectable?.includes(field)) return;
  if (field === 'metadata.namespace' && !WITHOUT_NAMESPACE_FIELD.has(plural)) return;
  if (plural === 'jobs') throw badRequest(`field label ${JSON.stringify(field)} not supported for Job`);
  if (plural === 'resourceslices') {
    const kind = `${definition.group}/${definition.version}, Kind=ResourceSlice`;
    throw badRequest(`field label not supported for ${kind}: ${field}`);
  }
  if (known || definition.schema.name === '') throw badRequest(`field label not supported: ${field}`);
  const text = `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`;
  throw badRequest(text);
}
