/**
 * Asking for a pod to be deleted, which its disruption budget may refuse.
 *
 * Mirrors: pkg/registry/core/pod/storage/eviction.go (v1.36)
 * Differs: a budget that changes meanwhile is read again without a pause, because the write loop does not have to wait.
 */
import { formatTime } from '@kts/base';
import {
  badRequest,
  failure,
  FieldPath,
  forbiddenRequest,
  invalid,
  invalidObject,
  isConflict,
  labelSelectorMatcher,
  StatusError,
  tooManyRequests,
  type DeleteOptions,
  type Draft,
} from '@kts/apimachinery';
import { podDisruptionBudgets, pods } from '@kts/api';
import type { Pod, PodCondition } from '@kts/api/types/core-v1';
import type { Eviction, PodDisruptionBudget } from '@kts/api/types/policy-v1';

import { liveObjects } from '../admission/live-objects.ts';
import { deleteObject } from '../registry/delete.ts';
import { isDryRun } from '../registry/delete-options.ts';
import { getEntry } from '../registry/get.ts';
import { checkPreconditions } from '../registry/plan-delete.ts';
import type { RequestScope } from '../registry/request-scope.ts';
import { objectResponse } from '../registry/respond.ts';
import { updateStored } from '../registry/update-stored.ts';
import type { ApiServerResponse } from '../response.ts';
import { bodyType, readSent } from './read-draft.ts';
import { successStatus } from './success-status.ts';

/** Pods that a budget may have promised away before its controller has seen them go. */
const DISRUPTED_PODS_MAX = 2_000;
const RETRY_SECONDS = 10;
const UNSAFE = FieldPath.of('deleteOptions', 'ignoreStoreReadErrorWithClusterBreakingPotential');
const REFUSED = "Cannot evict pod as it would violate the pod's disruption budget.";

/** POST to `pods/<name>/eviction`. */
export async function evictPod(scope: RequestScope): Promise<ApiServerResponse> {
  const v1 = bodyType('policy/v1', 'Eviction', 'io.k8s.api.policy.v1.Eviction');
  const type = { ...v1, otherVersions: ['policy/v1beta1'] };
  const { draft, options, attributes } = await readSent(scope, type);
  const eviction = draft as unknown as Eviction;
  if (eviction.metadata.name !== scope.name) throw badRequest('name in URL does not match name in Eviction object');
  if (eviction.deleteOptions?.ignoreStoreReadErrorWithClusterBreakingPotential) {
    const text = 'can not be set for pod eviction, try after removing the option';
    throw invalidObject({ group: 'policy', kind: 'Eviction' }, scope.name, [invalid(UNSAFE, true, text)]);
  }
  await scope.registry.admission.validate(attributes);
  const deleteOptions = withDryRun(eviction.deleteOptions ?? {}, options.dryRun);
  const pod = (
    await getEntry({ ...scope, definition: pods, storage: scope.registry.storages.of(pods) })
  ).object() as Pod;
  if (!ignoresBudgets(pod)) {
    const budget = await budgetOf(scope, pod);
    if (budget && !isReady(pod) && unhealthyMayGo(budget)) {
      await evictPinned(scope, pod, deleteOptions, budget.metadata.name);
      return objectResponse(201, successStatus(201));
    }
    if (budget) await takeFromBudget(scope, budget.metadata.name, pod, options.dryRun);
  }
  await markAndDelete(scope, pod, deleteOptions);
  return objectResponse(201, successStatus(201));
}

function withDryRun(options: DeleteOptions, dryRun: boolean): DeleteOptions {
  return dryRun && (options.dryRun ?? []).length === 0 ? { ...options, dryRun: ['All'] } : options;
}

/** Pods that do not serve anybody are not protected. */
function ignoresBudgets(pod: Pod): boolean {
  const phase = pod.status?.phase;
  return phase === 'Succeeded' || phase === 'Failed' || phase === 'Pending' || Boolean(pod.metadata.deletionTimestamp);
}

function isReady(pod: Pod): boolean {
  return (pod.status?.conditions ?? []).some(({ type, status }) => type === 'Ready' && status === 'True');
}

function unhealthyMayGo({ spec, status }: PodDisruptionBudget): boolean {
  if (spec?.unhealthyPodEvictionPolicy === 'AlwaysAllow') return true;
  const { currentHealthy = 0, desiredHealthy = 0 } = status ?? {};
  return currentHealthy >= desiredHealthy && desiredHealthy > 0;
}

async function budgetOf(scope: RequestScope, pod: Pod): Promise<PodDisruptionBudget | undefined> {
  const live = liveObjects(scope.registry.storages, scope.registry.feed);
  const budgets = await live.list(podDisruptionBudgets, scope.namespace);
  const matching = budgets.filter(({ spec }) => labelSelectorMatcher(spec?.selector).matches(pod.metadata.labels));
  if (matching.length <= 1) return matching[0];
  const text = 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.';
  throw failure('', text, undefined, 500);
}

/** Counts the pod as gone in its budget, or throws TooManyRequests with the reason. */
async function takeFromBudget(scope: RequestScope, name: string, pod: Pod, dryRun: boolean): Promise<void> {
  const now = formatTime(scope.registry.clock.now());
  await updateStored<PodDisruptionBudget>(
    { ...scope, signal: scope.request.signal },
    podDisruptionBudgets,
    name,
    { dryRun, trackedAs: 'status' },
    (budget) => {
      checkBudget(budget);
      return (draft) => {
        const status = draft.status as Draft<NonNullable<PodDisruptionBudget['status']>>;
        status.disruptionsAllowed = (status.disruptionsAllowed ?? 0) - 1;
        status.disruptedPods = { ...status.disruptedPods, [pod.metadata.name]: now };
        if (status.disruptionsAllowed === 0) {
          status.conditions = insufficientPods(status.conditions ?? [], budget.metadata.generation ?? 0, now);
        }
      };
    },
  );
}

type Conditions = NonNullable<Draft<NonNullable<PodDisruptionBudget['status']>>['conditions']>;

function insufficientPods(conditions: Conditions, observedGeneration: number, now: string): Conditions {
  const condition = {
    type: 'DisruptionAllowed',
    status: 'False',
    observedGeneration,
    lastTransitionTime: now,
    reason: 'InsufficientPods',
    message: '',
  } as const;
  return [...conditions.filter(({ type }) => type !== condition.type), condition];
}

function checkBudget(budget: PodDisruptionBudget): void {
  const { status, metadata } = budget;
  const { name } = metadata;
  if ((status?.observedGeneration ?? 0) < (metadata.generation ?? 0)) throw stillProcessed(name);
  const allowed = status?.disruptionsAllowed ?? 0;
  const named = { group: 'policy', plural: 'poddisruptionbudget' };
  if (allowed < 0) throw forbiddenRequest(named, name, 'pdb disruptions allowed is negative');
  if (Object.keys(status?.disruptedPods ?? {}).length > DISRUPTED_PODS_MAX) {
    const text = 'DisruptedPods map too big - too many evictions not confirmed by PDB controller';
    throw forbiddenRequest(named, name, text);
  }
  if (allowed === 0) throw refusal(budgetText(budget), 0);
}

function budgetText({ status, metadata }: PodDisruptionBudget): string {
  const { name } = metadata;
  const { currentHealthy = 0, desiredHealthy = 0 } = status ?? {};
  const condition = (status?.conditions ?? []).find(({ type }) => type === 'DisruptionAllowed');
  const denied = condition?.status === 'False' && condition.message !== '' ? condition : undefined;
  if (denied?.reason === 'SyncFailed') {
    return `The disruption budget ${name} does not allow evicting pods currently because it failed sync: ${denied.message}`;
  }
  if (currentHealthy <= desiredHealthy) {
    return `The disruption budget ${name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`;
  }
  const why = denied ? ` (${denied.reason}): ${denied.message}` : '';
  return `The disruption budget ${name} does not allow evicting pods currently${why}`;
}

function stillProcessed(name: string): StatusError {
  return refusal(`The disruption budget ${name} is still being processed by the server.`, RETRY_SECONDS);
}

function refusal(message: string, retryAfterSeconds: number): StatusError {
  const { status } = tooManyRequests(REFUSED, retryAfterSeconds);
  const causes = [{ reason: 'DisruptionBudget', message }];
  return new StatusError({ ...status, details: { ...(retryAfterSeconds ? { retryAfterSeconds } : {}), causes } });
}

/** Only the very pod that was looked at may go without being counted. */
async function evictPinned(scope: RequestScope, pod: Pod, options: DeleteOptions, budget: string): Promise<void> {
  const { resourceVersion } = pod.metadata;
  try {
    await markAndDelete(scope, pod, { ...options, preconditions: { resourceVersion, ...options.preconditions } });
  } catch (error) {
    if (isConflict(error) && options.preconditions?.resourceVersion === undefined) throw stillProcessed(budget);
    throw error;
  }
}

/** Says in the pod's status why it is going, then deletes it. Throws Conflict where a precondition does not hold. */
async function markAndDelete(scope: RequestScope, pod: Pod, options: DeleteOptions): Promise<void> {
  if (isDryRun(options)) {
    await deleteObject(scope, options, 'none');
    return;
  }
  const now = formatTime(scope.registry.clock.now());
  const marked = await updateStored<Pod>(
    { ...scope, signal: scope.request.signal },
    pods,
    pod.metadata.name,
    { dryRun: false },
    (current) => {
      checkPreconditions(pods, current, options);
      return (draft) => {
        const others = (draft.status?.conditions ?? []).filter(({ type }) => type !== 'DisruptionTarget');
        draft.status = { ...draft.status, conditions: [...others, disruptionTarget(now)] };
      };
    },
  );
  const { preconditions } = options;
  const { resourceVersion } = marked.metadata;
  const pinned = preconditions?.resourceVersion === undefined ? preconditions : { ...preconditions, resourceVersion };
  await deleteObject(scope, { ...options, ...(pinned ? { preconditions: pinned } : {}) }, 'none');
}

function disruptionTarget(now: string): Draft<PodCondition> {
  return {
    type: 'DisruptionTarget',
    status: 'True',
    lastTransitionTime: now,
    reason: 'EvictionByEvictionAPI',
    message: 'Eviction API: evicting',
  };
}
