/**
 * The number of replicas of a workload as an object of its own, the same for all kinds that have one.
 *
 * Mirrors: pkg/registry/apps/deployment/storage/storage.go ScaleREST (v1.36)
 */
import {
  badRequest,
  conflict,
  FieldPath,
  formatLabelSelector,
  invalid,
  invalidObject,
  isBadRequest,
  labelSetMatcher,
  type KubeObject,
  type LabelSelector,
} from '@kts/apimachinery';
import type { Scale } from '@kts/api/types/autoscaling-v1';
import { age, type Cell, type PrinterColumn, type ResourceDefinition } from '@kts/api';

import type { CacheEntry } from '../cache/entry.ts';
import { decodeBody, type BodyType } from '../registry/decode-body.ts';
import { ensureNamespace } from '../registry/ensure-namespace.ts';
import { getEntry } from '../registry/get.ts';
import { guaranteedUpdate } from '../registry/guaranteed-update.ts';
import { scaleManagedFields, scaleToParent, trackUpdate } from '../registry/managed-fields.ts';
import { draftOf, type ObjectDraft } from '../registry/object-draft.ts';
import { patchedDraft, readPatchRequest } from '../registry/patch.ts';
import type { RequestScope } from '../registry/request-scope.ts';
import { objectEntry } from '../registry/resource-storage.ts';
import { entryResponse } from '../registry/respond.ts';
import { admitWrite, checkName, validateWrite } from '../registry/update.ts';
import { managerOf, parseWriteOptions, type WriteOptions } from '../registry/write-options.ts';
import type { ApiServerResponse } from '../response.ts';
import { bodyType } from './read-draft.ts';

/** What upstream says of any scale of a custom resource that it cannot read. */
const UNKNOWN_SCALE =
  'no kind is registered for the type v1.Scale in scheme "k8s.io/apiextensions-apiserver/pkg/apiserver/customresource_handler.go:781"';

const CUSTOM_SCALE_SCHEME = 'k8s.io/client-go/scale/util.go:146';

/** Where a kind keeps what its scale shows; custom resources have paths of their own. */
export interface ScaleFields {
  replicas(object: KubeObject): number;
  statusReplicas(object: KubeObject): number;
  selector(object: KubeObject): string;
  setReplicas(draft: ObjectDraft, replicas: number): void;
  /** Where the replicas are, for custom resources: their own validation says how many there may be. */
  readonly replicasPath?: readonly string[];
}

/** GET, PUT and PATCH of `<workload>/scale`. */
export async function scaleResource(
  scope: RequestScope,
  fields: ScaleFields = workloadFields,
): Promise<ApiServerResponse> {
  switch (scope.request.info.verb) {
    case 'get': {
      const entry = await getEntry(scope);
      const scale = scaleOf(entry.object(), fields);
      return scaleResponse(scope, objectEntry(entry, scale as unknown as KubeObject));
    }
    case 'update':
      return putScale(scope, fields);
    case 'patch':
      return patchScale(scope, fields);
    default:
      throw badRequest(`unsupported verb ${scope.request.info.verb}`);
  }
}

async function putScale(scope: RequestScope, fields: ScaleFields): Promise<ApiServerResponse> {
  const { request, definition } = scope;
  const options = parseWriteOptions(request.query, 'UpdateOptions');
  const sent = await decodeBody(scope, scaleType(), options.fieldValidation).catch((error: unknown) => {
    throw definition.schema.name === '' && isBadRequest(error) ? badRequest(UNKNOWN_SCALE) : error;
  });
  ensureNamespace(definition, sent, scope.namespace);
  checkName(scope, sent);
  return writeScale(scope, fields, options, sent.metadata.uid, (old) => {
    const draft = draftOf(sent);
    trackUpdate(scope, old, draft, managerOf(options.fieldManager, request.headers['user-agent']), scaleType());
    return draft;
  });
}

async function patchScale(scope: RequestScope, fields: ScaleFields): Promise<ApiServerResponse> {
  const { body, options } = await readPatchRequest(scope);
  const type = scope.definition.schema.name === '' ? { ...scaleType(), scheme: CUSTOM_SCALE_SCHEME } : scaleType();
  return writeScale(scope, fields, options, '', (old) => patchedDraft(scope, body, old, options, type));
}

async function writeScale(
  scope: RequestScope,
  fields: ScaleFields,
  options: WriteOptions,
  uid: string,
  makeScale: (old: KubeObject) => ObjectDraft,
): Promise<ApiServerResponse> {
  const result = await guaranteedUpdate(scope, {
    ...(uid ? { uid } : {}),
    allowCreate: false,
    dryRun: options.dryRun,
    makeObject: async (existing) => {
      const old = withOwners(scope.definition, existing!, fields);
      const scale = makeScale(old);
      await admitWrite(scope, scale, old, options);
      checkScale(scope.definition, scale, existing!, fields);
      const parent = draftOf(existing!);
      fields.setReplicas(parent, replicasIn(scale));
      const { resourceVersion } = scale.metadata;
      if (resourceVersion || !fields.replicasPath) parent.metadata.resourceVersion = resourceVersion ?? '';
      scaleToParent(scope.definition, existing!, scale, parent, fields.replicasPath);
      return parent;
    },
    validate: (object, old) => {
      const [shown, before] = [object, old!].map((parent) => scaleOf(parent, fields) as unknown as KubeObject);
      return validateWrite(scope, shown!, before, options);
    },
  });
  const scale = scaleOf(result.entry.object(), fields) as unknown as KubeObject;
  return scaleResponse(scope, objectEntry(result.entry, scale));
}

/** Tables of scales have columns of their own. */
function scaleResponse(scope: RequestScope, entry: CacheEntry): ApiServerResponse {
  const { conversion: _, ...definition } = scope.definition;
  const columns = scaleColumns(scope.definition);
  const shown = { ...definition, schema: scaleType().schema, columns, behaviour: { cells: scaleCells } };
  return entryResponse({ ...scope, definition: shown }, 200, entry);
}

/** The name and the age are described as those of the object itself. */
function scaleColumns({ columns }: ResourceDefinition): PrinterColumn[] {
  const described = (name: string): Pick<PrinterColumn, 'description'> => {
    const description = columns.find((column) => column.name === name)?.description;
    return description === undefined ? {} : { description };
  };
  const desired = 'replicas is the desired number of instances for the scaled object.';
  const available = 'replicas is the actual number of observed instances of the scaled object.';
  return [
    { name: 'Name', type: 'string', ...described('Name') },
    { name: 'Desired', type: 'integer', description: desired },
    { name: 'Available', type: 'integer', description: available },
    { name: 'Age', type: 'string', ...described('Age') },
  ];
}

function scaleCells(object: KubeObject, now: number): readonly Cell[] {
  const { metadata, spec, status } = object as unknown as Scale;
  return [metadata.name ?? '', spec?.replicas ?? 0, status?.replicas ?? 0, age(metadata.creationTimestamp, now)];
}

/** The scale as appliers of it have to see it: with the owners of the replicas. */
function withOwners(definition: ResourceDefinition, parent: KubeObject, fields: ScaleFields): KubeObject {
  const scale = scaleOf(parent, fields);
  const managedFields = scaleManagedFields(definition, parent, fields.replicasPath);
  const metadata = { ...scale.metadata, ...(managedFields ? { managedFields } : {}) };
  return { ...scale, metadata } as unknown as KubeObject;
}

function scaleType(): BodyType {
  return bodyType('autoscaling/v1', 'Scale', 'io.k8s.api.autoscaling.v1.Scale');
}

function checkScale(
  definition: ResourceDefinition,
  scale: ObjectDraft,
  parent: KubeObject,
  { replicasPath }: ScaleFields,
): void {
  const replicas = replicasIn(scale);
  const { name, uid } = parent.metadata;
  if (replicas < 0 && !replicasPath) {
    const error = invalid(FieldPath.of('spec', 'replicas'), replicas, 'must be greater than or equal to 0');
    throw invalidObject({ group: 'autoscaling', kind: 'Scale' }, name, [error]);
  }
  const sent = scale.metadata.uid;
  if (!sent || sent === uid) return;
  const text = `Precondition failed: UID in precondition: ${sent}, UID in object meta: ${uid}`;
  throw conflict({ group: definition.group, plural: `${definition.plural}/scale` }, name, text);
}

function replicasIn(scale: ObjectDraft): number {
  return (scale as unknown as Scale).spec?.replicas ?? 0;
}

export function scaleOf(object: KubeObject, fields: ScaleFields): Scale {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const replicas = fields.replicas(object);
  const selector = fields.selector(object);
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, ...(namespace ? { namespace } : {}), uid, resourceVersion, creationTimestamp },
    spec: replicas === 0 ? {} : { replicas },
    status: { replicas: fields.statusReplicas(object), ...(selector ? { selector } : {}) },
  } as Scale;
}

interface Workload extends KubeObject {
  readonly spec?: { readonly replicas?: number; readonly selector?: LabelSelector | Readonly<Record<string, string>> };
  readonly status?: { readonly replicas?: number };
}

/** Deployments, replica sets, stateful sets and replication controllers. */
const workloadFields: ScaleFields = {
  replicas: (object) => (object as Workload).spec?.replicas ?? 0,
  statusReplicas: (object) => (object as Workload).status?.replicas ?? 0,
  selector: (object) => selectorText(object as Workload),
  setReplicas: (draft, replicas) => {
    draft['spec'] = { ...(draft['spec'] as object), replicas };
  },
};

/** Replication controllers select by plain labels. */
function selectorText({ kind, spec }: Workload): string {
  const selector = spec?.selector;
  if (kind === 'ReplicationController') return labelSetMatcher(selector as Readonly<Record<string, string>>).toString();
  return formatLabelSelector(selector as LabelSelector);
}
