/**
 * Runs Jobs: creates their pods, counts how they end, and says when all is done.
 *
 * Mirrors: pkg/controller/job/job_controller.go (v1.36)
 * Differs: creates no Workload and PodGroup objects, because their API is alpha and off by default.
 */
import { jobs, pods } from '@kts/api';
import type { Job, JobStatus } from '@kts/api/types/batch-v1';
import type { Pod } from '@kts/api/types/core-v1';
import { labelSelectorMatcher, type ObjectKey } from '@kts/apimachinery';
import {
  applyClaims,
  controllerRefOf,
  defineController,
  ownedBy,
  planClaims,
  refersToKind,
  slowStartBatch,
  type AnyControllerDefinition,
  type Claims,
  type ControllerContext,
  type Requeue,
} from '@kts/controlkit';

import { BEHIND_MS, createWrittenVersions, type WrittenVersions } from '../consistency/written-versions.ts';
import { createPod, deletePod, isNamespaceTerminating } from '../pods/pod-control.ts';
import { addOwnerIndexes, candidatesOf } from '../pods/pod-indexes.ts';
import { createJobMemory, type JobMemory } from './job-memory.ts';
import { newJobPod } from './job-pod.ts';
import { hasTrackingFinalizer, isJobFinished, isManagedElsewhere, TRACKING_FINALIZER } from './job-spec.ts';
import { concludeWork, GATHER_MS, planJob, type Conclusion, type JobPlan, type WorkOutcome } from './plan-job.ts';
import { removeTrackingFinalizer } from './remove-tracking-finalizer.ts';
import type { Observed } from './tally-pods.ts';
import { endJob, settleUncounted, trackPods, type Tracking } from './track-pods.ts';

const BACKOFF = { initialMs: 1000, factor: 2, maxMs: 60_000 };
const INITIAL_BATCH_SIZE = 1;

/** What the controller keeps between two looks at its Jobs. */
interface State {
  readonly memory: JobMemory;
  readonly written: WrittenVersions;
}

interface Seen extends Observed {
  readonly claims: Claims<Pod>;
}

export function jobController(): AnyControllerDefinition {
  const state = { memory: createJobMemory(), written: createWrittenVersions() };
  return defineController<Job, Seen, JobPlan>({
    name: 'job-controller',
    for: jobs,
    owns: [ownedBy(pods, { adopt: jobsThatMatch, delayMs: GATHER_MS })],
    updateDelayMs: (old, job) => (old.metadata.generation === job.metadata.generation ? GATHER_MS : 0),
    backoff: BACKOFF,
    setup: (context) => {
      addOwnerIndexes(context.informers.get(pods));
      watchRemovals(state.memory, context);
    },
    observe: (key, context) => observe(state, key, context),
    plan: planJob,
    apply: (plan, observed, context) => apply(state, plan, observed, context),
  });
}

function observe({ memory, written }: State, key: ObjectKey, context: ControllerContext): Seen | undefined {
  const informer = context.informers.get(jobs);
  const job = informer.get(key);
  if (!job || isJobFinished(job)) {
    memory.forget(key);
    written.forget(key);
    return undefined;
  }
  if (isManagedElsewhere(job)) return undefined;
  if (!written.isCaughtUp(key)) {
    context.enqueue(key, BEHIND_MS);
    return undefined;
  }
  const selector = labelSelectorMatcher(job.spec.selector);
  const claims = planClaims(job, candidatesOf(context.informers.get(pods), job), (pod) =>
    selector.matches(pod.metadata.labels),
  );
  return {
    job,
    claims,
    pods: [...claims.owned, ...claims.adopt.map(asTracked)],
    isSettled: context.expectations.satisfied(key),
    removing: memory.removingOf(key),
    backoff: memory.backoffOf(key),
    now: context.clock.now(),
  };
}

async function apply(state: State, plan: JobPlan, observed: Seen, context: ControllerContext): Promise<Requeue | void> {
  const { job, claims } = observed;
  const claimed = await applyClaims({
    client: context.client,
    type: pods,
    controllerType: jobs,
    controller: job,
    claims,
    finalizers: [TRACKING_FINALIZER],
  });
  // A pod that the plan counted went away meanwhile.
  if (claimed.length < observed.pods.length) return { requeueAfterMs: 0 };
  const { failure, ...outcome } = await work(plan, observed, context);
  const conclusion = concludeWork(observed, plan, outcome);
  if (conclusion.turn) {
    const message = conclusion.turn === 'Suspended' ? 'Job suspended' : 'Job resumed';
    context.events.event(job, 'Normal', conclusion.turn, message);
  }
  await track(state, plan, conclusion, observed, context);
  if (failure) throw failure.error;
}

/** Writes the status and removes finalizers, in the order that keeps every count right. */
async function track(
  state: State,
  plan: JobPlan,
  conclusion: Conclusion,
  observed: Observed,
  context: ControllerContext,
): Promise<void> {
  const tracking = trackPods(observed, plan, conclusion);
  let { job } = observed;
  if (tracking.isChanged) {
    job = await writeStatus(state, { ...job, status: tracking.status }, context);
    state.memory.setBackoff(job.metadata, plan.tally.backoff);
  }
  const { removed, failure } = await removeFinalizers(state.memory, job, tracking, context);
  const status = tracking.isChanged ? (job.status ?? {}) : tracking.status;
  const settled = settleUncounted(status, new Set([...tracking.tracked].filter((uid) => !removed.has(uid))));
  if (failure) {
    if (settled.isChanged) await writeStatus(state, { ...job, status: settled.status }, context);
    throw failure.error;
  }
  const ended = endJob(settled.status, tracking.end, conclusion.terminating, context.clock.now());
  if (ended) {
    job = await writeStatus(state, { ...job, status: ended }, context);
    tellEnd(job, tracking, context);
  } else if (settled.isChanged) {
    await writeStatus(state, { ...job, status: settled.status }, context);
  }
}

async function writeStatus(
  { written }: State,
  job: Job & { readonly status: JobStatus },
  context: ControllerContext,
): Promise<Job> {
  const updated = await context.client.updateStatus(jobs, job, { signal: context.signal });
  written.wrote(job.metadata, context.informers.get(jobs), updated);
  return { apiVersion: 'batch/v1', kind: 'Job', ...updated };
}

function tellEnd(job: Job, { end }: Tracking, { events }: ControllerContext): void {
  if (end?.type !== 'Complete') {
    events.event(job, 'Warning', end?.reason ?? '', end?.message ?? '');
    return;
  }
  const { completions } = job.spec;
  if (completions !== undefined && (job.status?.succeeded ?? 0) > completions) {
    const message = 'Too many succeeded pods running after completion count reached';
    events.event(job, 'Warning', 'TooManySucceededPods', message);
  }
  events.event(job, 'Normal', 'Completed', 'Job completed');
}

async function removeFinalizers(
  memory: JobMemory,
  job: Job,
  { removeFinalizers: released }: Tracking,
  context: ControllerContext,
): Promise<{ readonly removed: ReadonlySet<string>; readonly failure?: Failure }> {
  const removed = new Set<string>();
  memory.expectRemovals(
    job.metadata,
    released.map(({ metadata }) => metadata.uid),
  );
  const results = await Promise.allSettled(
    released.map(async (pod) => {
      const { uid } = pod.metadata;
      try {
        if (!(await removeTrackingFinalizer(context, pod))) memory.removalObserved(job.metadata, uid);
        removed.add(uid);
      } catch (error) {
        memory.removalObserved(job.metadata, uid);
        throw error;
      }
    }),
  );
  return { removed, ...firstFailure(results) };
}

interface Failure {
  readonly error: unknown;
}

type Worked = WorkOutcome & { readonly failure?: Failure };

async function work(plan: JobPlan, observed: Seen, context: ControllerContext): Promise<Worked> {
  switch (plan.work.do) {
    case 'nothing':
    case 'keep':
    case 'wait':
      return { deleted: [], created: 0 };
    case 'end':
      return deletePods(plan.work.pods, (pod) => deletePod(context, observed.job, pod));
    case 'delete':
      return deleteSurplus(plan.work.pods, observed, context);
    case 'create':
      return createPods(plan.work.indexes, plan, observed, context);
  }
}

async function deleteSurplus(surplus: readonly Pod[], { job }: Seen, context: ControllerContext): Promise<Worked> {
  const { expectations } = context;
  expectations.expectDeletions(
    job.metadata,
    surplus.map(({ metadata }) => metadata.uid),
  );
  return deletePods(surplus, async (pod) => {
    try {
      const isThere = !hasTrackingFinalizer(pod) || (await removeTrackingFinalizer(context, pod));
      if (isThere && (await deletePod(context, job, pod))) return true;
    } catch (error) {
      expectations.deletionObserved(job.metadata, pod.metadata.uid);
      throw error;
    }
    expectations.deletionObserved(job.metadata, pod.metadata.uid);
    return false;
  });
}

async function deletePods(all: readonly Pod[], remove: (pod: Pod) => Promise<boolean>): Promise<Worked> {
  const results = await Promise.allSettled(all.map(remove));
  const deleted = all.filter((_, index) => results[index]?.status === 'fulfilled');
  return { deleted, created: 0, ...firstFailure(results) };
}

async function createPods(
  indexes: readonly (number | undefined)[],
  { tally }: JobPlan,
  { job }: Seen,
  context: ControllerContext,
): Promise<Worked> {
  const { expectations } = context;
  let failures = 0;
  expectations.expectCreations(job.metadata, indexes.length);
  const result = await slowStartBatch(indexes.length, INITIAL_BATCH_SIZE, async (position) => {
    const index = indexes[position];
    try {
      await createPod(context, job, newJobPod(job, index, tally.indexes.waiting.get(index ?? -1)));
    } catch (error) {
      // The namespace goes away and the Job with it: nothing will come that could be expected.
      if (isNamespaceTerminating(error)) return;
      failures++;
      expectations.creationObserved(job.metadata);
      throw error;
    }
  });
  expectations.creationObserved(job.metadata, result.skipped);
  const created = indexes.length - failures - result.skipped;
  return { deleted: [], created, ...(result.failure ? { failure: result.failure } : {}) };
}

function firstFailure(results: readonly PromiseSettledResult<unknown>[]): { readonly failure?: Failure } {
  const failed = results.find((result) => result.status === 'rejected');
  return failed ? { failure: { error: failed.reason } } : {};
}

/** Notices when the caches show that finalizers are gone. */
function watchRemovals(memory: JobMemory, { informers }: ControllerContext): void {
  const observed = (pod: Pod): void => {
    const owner = controllerRefOf(pod);
    if (!owner || !refersToKind(owner, jobs)) return;
    memory.removalObserved({ namespace: pod.metadata.namespace, name: owner.name }, pod.metadata.uid);
  };
  informers.get(pods).subscribe({
    onUpdate: (old, pod) => {
      if (hasTrackingFinalizer(old) && !hasTrackingFinalizer(pod)) observed(old);
    },
    onDelete: observed,
  });
}

function jobsThatMatch(pod: Pod, { informers }: ControllerContext): readonly ObjectKey[] {
  return informers
    .get(jobs)
    .list(pod.metadata.namespace)
    .filter((job) => labelSelectorMatcher(job.spec.selector).matches(pod.metadata.labels))
    .map(({ metadata }) => metadata);
}

/** Adoption gives the finalizer too. */
function asTracked(pod: Pod): Pod {
  if (hasTrackingFinalizer(pod)) return pod;
  const finalizers = [...(pod.metadata.finalizers ?? []), TRACKING_FINALIZER];
  return { ...pod, metadata: { ...pod.metadata, finalizers } };
}
