/**
 * Assigning a pod to a node: what schedulers do.
 *
 * Mirrors: pkg/registry/core/pod/storage/storage.go BindingREST (v1.36)
 */
import { formatTime } from '@kts/base';
import { badRequest, conflict, FieldPath, notSupported, required, StatusError, type Draft } from '@kts/apimachinery';
import { pods } from '@kts/api';
import type { Binding, Pod, PodCondition } from '@kts/api/types/core-v1';

import { keyInMessages, preconditionFailed } from '../registry/precondition.ts';
import { updateStored } from '../registry/update-stored.ts';
import type { RequestScope } from '../registry/request-scope.ts';
import { objectResponse } from '../registry/respond.ts';
import type { ApiServerResponse } from '../response.ts';
import type { BodyType } from '../registry/decode-body.ts';
import { bodyType, readSent } from './read-draft.ts';
import { successStatus } from './success-status.ts';

const BINDING = (): BodyType => bodyType('v1', 'Binding', 'io.k8s.api.core.v1.Binding');

/** POST to `pods/<name>/binding`, and to `bindings`, where the name is the object's own. */
export async function bindPod(scope: RequestScope): Promise<ApiServerResponse> {
  const { draft, options, attributes } = await readSent(scope, BINDING(), scope.subresource !== '');
  const binding = draft as unknown as Binding;
  const name = scope.name || binding.metadata.name;
  if (!name) throw badRequest('Name parameter required.');
  if (name !== binding.metadata.name) throw badRequest('name in URL does not match name in Binding object');
  checkTarget(binding);
  await scope.registry.admission.validate(attributes);
  const { clock, storages } = scope.registry;
  const now = clock.now();
  // Only the subresource keeps what says which pod is meant.
  const { uid: _, ...metadata } = binding.metadata;
  const meant = scope.definition.plural === 'bindings' ? { ...binding, metadata } : binding;
  const key = keyInMessages(storages.of(pods).keyOf(scope.namespace, name), options.dryRun);
  await updateStored<Pod>({ ...scope, signal: scope.request.signal }, pods, name, options, (pod) =>
    bind(pod, meant as Binding, key, now),
  );
  return objectResponse(201, successStatus(201));
}

/** Upstream answers with the bare text of its errors here, and so with a 500. */
function checkTarget({ target }: Binding): void {
  const errors = [];
  if (target?.kind && target.kind !== 'Node') {
    errors.push(notSupported(FieldPath.of('target', 'kind'), target.kind, ['Node', '<empty>']));
  }
  if (!target?.name) errors.push(required(FieldPath.of('target', 'name')));
  if (errors.length === 0) return;
  const texts = errors.map(({ field, message }) => `${field}: ${message}`);
  const message = texts.length === 1 ? texts[0]! : `[${texts.join(', ')}]`;
  throw new StatusError({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, code: 500 });
}

/** The pod on its node; throws Conflict if it cannot go there. */
function bind(pod: Pod, binding: Binding, key: string, now: number): (draft: Draft<Pod>) => void {
  const { name, uid, resourceVersion } = pod.metadata;
  const sent = binding.metadata;
  const refuse = (text: string): StatusError => conflict({ group: '', plural: 'pods/binding' }, name, text);
  if (sent.uid && sent.uid !== uid) {
    const problem = `UID in precondition: ${sent.uid}, UID in object meta: ${uid}`;
    throw conflict(pods, name, preconditionFailed(key, problem));
  }
  if (sent.resourceVersion && sent.resourceVersion !== resourceVersion) {
    const problem = `ResourceVersion in precondition: ${sent.resourceVersion}, ResourceVersion in object meta: ${resourceVersion}`;
    throw conflict(pods, name, preconditionFailed(key, problem));
  }
  if (pod.metadata.deletionTimestamp) throw refuse(`pod ${name} is being deleted, cannot be assigned to a host`);
  if (pod.spec.nodeName) throw refuse(`pod ${name} is already assigned to node ${JSON.stringify(pod.spec.nodeName)}`);
  if ((pod.spec.schedulingGates ?? []).length > 0) throw refuse(`pod ${name} has non-empty .spec.schedulingGates`);
  return (draft) => {
    draft.spec.nodeName = binding.target.name!;
    draft.metadata.annotations = { ...pod.metadata.annotations, ...sent.annotations };
    if (Object.keys(draft.metadata.annotations).length === 0) delete draft.metadata.annotations;
    if (sent.labels) draft.metadata.labels = { ...pod.metadata.labels, ...sent.labels };
    draft.status = { ...draft.status, conditions: scheduledConditions(pod, now) };
    delete draft.status.nominatedNodeName;
  };
}

/** A condition that is there keeps its place, and its time if it says the same. */
function scheduledConditions(pod: Pod, now: number): Draft<PodCondition>[] {
  const conditions = [...((pod.status?.conditions ?? []) as Draft<PodCondition>[])];
  const index = conditions.findIndex(({ type }) => type === 'PodScheduled');
  const before = conditions[index];
  const lastTransitionTime = (before?.status === 'True' ? before.lastTransitionTime : undefined) ?? formatTime(now);
  const scheduled: Draft<PodCondition> = { type: 'PodScheduled', status: 'True', lastTransitionTime };
  if (index < 0) return [...conditions, scheduled];
  conditions[index] = scheduled;
  return conditions;
}
