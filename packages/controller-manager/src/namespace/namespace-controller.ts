/**
 * Empties namespaces that are being deleted: pods first, then everything else that discovery knows. Only then the
 * namespace itself may go.
 *
 * Mirrors: pkg/controller/namespace, namespace/deletion/namespaced_resources_deleter.go (v1.36)
 * Differs: looks whether there is anything of a resource before it deletes all of them, which saves most requests.
 */
import { namespaces, pods } from '@kts/api';
import type { Namespace, NamespaceStatus, Pod } from '@kts/api/types/core-v1';
import { groupResourceText, isNotFound, parseTime, type KubeObject } from '@kts/apimachinery';
import { defineController, type ControllerContext, type Requeue } from '@kts/controlkit';

import { discoverResources, discoveryError, type ServerResource } from '../discovery/server-resources.ts';
import { isPodTerminal } from '../pods/pod-state.ts';
import { withDeletionConditions, type DeletionOutcome, type Remaining } from './namespace-conditions.ts';

/** Time for other API servers to learn that the namespace takes nothing in any more. */
const GRACE_PERIOD_MS = 5000;
/** How long finalizers are expected to take. */
const FINALIZER_ESTIMATE_SECONDS = 15;
const FINALIZER = 'kubernetes';
const WORKERS = 10;
const SECOND_MS = 1000;

interface Observed {
  readonly name: string;
  readonly deletedAt: number;
  readonly now: number;
}

type NamespacePlan = { readonly requeueAfterMs: number } | { readonly do: 'empty' };

export const namespaceController = defineController<Namespace, Observed, NamespacePlan>({
  name: 'namespace-controller',
  for: namespaces,
  changed: (old, { metadata }) => metadata.deletionTimestamp !== old.metadata.deletionTimestamp,
  observe: (key, { informers, clock }) => {
    const deletion = informers.get(namespaces).get(key)?.metadata.deletionTimestamp;
    return deletion ? { name: key.name, deletedAt: parseTime(deletion), now: clock.now() } : undefined;
  },
  plan: ({ deletedAt, now }) => {
    const wait = deletedAt + GRACE_PERIOD_MS - now;
    return wait > 0 ? { requeueAfterMs: wait } : { do: 'empty' };
  },
  apply: async (plan, { name }, context) => ('do' in plan ? emptyNamespace(name, context) : plan),
  workers: WORKERS,
});

/** The cache may be behind: everything here goes by the namespace as it is now. */
async function emptyNamespace(name: string, context: ControllerContext): Promise<Requeue> {
  const { client, signal } = context;
  try {
    const namespace = await markTerminating(await client.get(namespaces, { name }, { signal }), context);
    const { deletionTimestamp } = namespace.metadata;
    if (!deletionTimestamp || (namespace.spec?.finalizers ?? []).length === 0) return {};
    const left = await deleteContent(namespace, parseTime(deletionTimestamp), context);
    if (left.estimateSeconds > 0) {
      return { requeueAfterMs: (Math.floor(left.estimateSeconds / 2) + 1) * SECOND_MS };
    }
    await finalize(name, context);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  return {};
}

async function markTerminating(namespace: Namespace, { client, signal }: ControllerContext): Promise<Namespace> {
  const { deletionTimestamp } = namespace.metadata;
  if (!deletionTimestamp || namespace.status?.phase === 'Terminating') return namespace;
  const status: NamespaceStatus = { ...namespace.status, phase: 'Terminating' };
  return client.updateStatus(namespaces, { ...namespace, status }, { signal });
}

async function finalize(name: string, { client, signal }: ControllerContext): Promise<void> {
  const namespace = await client.get(namespaces, { name }, { signal });
  const finalizers = (namespace.spec?.finalizers ?? []).filter((finalizer) => finalizer !== FINALIZER);
  const finalized = { ...namespace, spec: { ...namespace.spec, finalizers } };
  await client.update(namespaces, finalized, { subresource: 'finalize', signal });
}

/** @throws if something could not be deleted; how long what remains may take, otherwise */
async function deleteContent(
  namespace: Namespace,
  deletedAt: number,
  context: ControllerContext,
): Promise<{ estimateSeconds: number }> {
  const discovery = await discoverResources(context.client, context.signal);
  const failure = discoveryError(discovery);
  const errors: string[] = [];
  const remaining: Left[] = [];
  const take = async (resource: ServerResource): Promise<void> => {
    try {
      remaining.push(await deleteAllOf(resource, namespace.metadata.name, deletedAt, context));
    } catch (error) {
      context.signal.throwIfAborted();
      errors.push(error instanceof Error ? error.message : String(error));
      if (error instanceof StuckError) remaining.push(error.left);
    }
  };
  const deletable = discovery.resources.filter(({ namespaced, verbs }) => namespaced && verbs.includes('delete'));
  for (const resource of deletable.filter(isPods)) await take(resource);
  const podsRemain = remaining.some(({ count }) => count > 0);
  if (!podsRemain) for (const resource of deletable) if (!isPods(resource)) await take(resource);
  await tell(namespace, { discoveryError: failure, errors, ...(podsRemain ? {} : { remaining }) }, context);
  const problems = failure ? [failure, ...errors] : errors;
  if (problems.length > 0) throw new Error(problems.join(', '));
  return { estimateSeconds: Math.max(0, ...remaining.map((left) => left.estimateSeconds)) };
}

interface Left extends Remaining {
  readonly estimateSeconds: number;
}

async function deleteAllOf(
  resource: ServerResource,
  namespace: string,
  deletedAt: number,
  context: ControllerContext,
): Promise<Left> {
  const { client, signal, clock } = context;
  const before = await listAll(resource, namespace, context);
  if (before.length === 0) return leftOf(resource, [], 0);
  const grace = isPods(resource) ? gracePeriodSeconds(before as readonly Pod[]) : 0;
  const estimate = clock.now() - deletedAt >= grace * SECOND_MS ? 0 : grace;
  const options = { propagationPolicy: 'Background', signal } as const;
  if (resource.verbs.includes('deletecollection')) await client.deleteCollection(resource, { namespace }, options);
  else for (const { metadata } of before) await client.delete(resource, metadata, options).catch(ignoreNotFound);
  const items = await listAll(resource, namespace, context);
  const left = leftOf(resource, items, estimate);
  if (items.length === 0 || estimate > 0) return left;
  if (Object.keys(left.finalizers).length > 0) return { ...left, estimateSeconds: FINALIZER_ESTIMATE_SECONDS };
  throw new StuckError(resource, namespace, left);
}

/** Objects that nothing holds back are still there. */
class StuckError extends Error {
  override readonly name = 'StuckError';
  readonly left: Left;

  constructor({ group, version, plural }: ServerResource, namespace: string, left: Left) {
    super(`unexpected items still remain in namespace: ${namespace} for gvr: ${group}/${version}, Resource=${plural}`);
    this.left = left;
  }
}

async function listAll(
  resource: ServerResource,
  namespace: string,
  { client, signal }: ControllerContext,
): Promise<readonly KubeObject[]> {
  if (!resource.verbs.includes('list')) return [];
  try {
    return (await client.listAll(resource, { namespace, signal })).items;
  } catch (error) {
    ignoreNotFound(error);
    return [];
  }
}

function leftOf(resource: ServerResource, items: readonly KubeObject[], estimateSeconds: number): Left {
  const finalizers: Record<string, number> = {};
  for (const { metadata } of items) {
    for (const finalizer of metadata.finalizers ?? []) finalizers[finalizer] = (finalizers[finalizer] ?? 0) + 1;
  }
  const name = resource.group ? groupResourceText(resource) : `${resource.plural}.`;
  return { resource: name, count: items.length, finalizers, estimateSeconds: items.length === 0 ? 0 : estimateSeconds };
}

function gracePeriodSeconds(items: readonly Pod[]): number {
  const running = items.filter((pod) => !isPodTerminal(pod));
  return Math.max(0, ...running.map((pod) => pod.spec.terminationGracePeriodSeconds ?? 0));
}

async function tell(namespace: Namespace, outcome: DeletionOutcome, context: ControllerContext): Promise<void> {
  const { client, clock, log, signal } = context;
  const { status = {} } = namespace;
  const told = withDeletionConditions(status, outcome, clock.now());
  if (told === status) return;
  // Deleting goes on without it.
  await client.updateStatus(namespaces, { ...namespace, status: told }, { signal }).catch((error: unknown) => {
    log.warn('cannot tell about the deletion of a namespace', { namespace: namespace.metadata.name, error });
  });
}

function isPods({ group, plural }: ServerResource): boolean {
  return group === pods.group && plural === pods.plural;
}

function ignoreNotFound(error: unknown): void {
  if (!isNotFound(error)) throw error;
}
