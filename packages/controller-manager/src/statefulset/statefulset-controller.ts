/**
 * Keeps the pods of StatefulSets, each with its name, its number and its storage.
 *
 * Mirrors: pkg/controller/statefulset/stateful_set.go, stateful_set_control.go (v1.36)
 * Differs: knows no maxUnavailable, whose feature is off by default.
 */
import { controllerRevisions, persistentVolumeClaims, pods, statefulSets } from '@kts/api';
import type { ControllerRevision, StatefulSet } from '@kts/api/types/apps-v1';
import type { PersistentVolumeClaim, Pod } from '@kts/api/types/core-v1';
import { labelSelectorMatcher, type ObjectKey } from '@kts/apimachinery';
import {
  applyClaims,
  defineController,
  ownedBy,
  planClaims,
  slowStartBatch,
  type AnyControllerDefinition,
  type Claims,
  type ControllerContext,
  type Requeue,
} from '@kts/controlkit';

import { BEHIND_MS, createWrittenVersions, type WrittenVersions } from '../consistency/written-versions.ts';
import { surplusRevisions } from '../history/controller-revision.ts';
import { adoptRevisions, createRevision, listRevisions, renumberRevision } from '../history/revision-history.ts';
import { addOwnerIndexes, candidatesOf } from '../pods/pod-indexes.ts';
import { planRevision, type RevisionPlan } from './plan-revision.ts';
import {
  computeStatus,
  isStatusCurrent,
  nextLookMs,
  planPods,
  type Observed,
  type PodsPlan,
  type Revisions,
  type Step,
} from './plan-statefulset.ts';
import { createStatefulPodControl, type StatefulPodControl } from './stateful-pod-control.ts';
import { isMember, revisionOf } from './stateful-pod.ts';

const INITIAL_BATCH_SIZE = 1;

interface Seen extends Observed {
  readonly podClaims: Claims<Pod>;
  /** The oldest first. */
  readonly revisions: readonly ControllerRevision[];
}

export function statefulSetController(): AnyControllerDefinition {
  const written = createWrittenVersions();
  return defineController<StatefulSet, Seen, RevisionPlan>({
    name: 'statefulset-controller',
    for: statefulSets,
    owns: [ownedBy(pods, { adopt: setsThatMatch })],
    reads: [persistentVolumeClaims, controllerRevisions],
    setup: ({ informers }) => {
      addOwnerIndexes(informers.get(pods));
      addOwnerIndexes(informers.get(controllerRevisions));
    },
    observe: (key, context) => observe(written, key, context),
    plan: ({ set, revisions }) => planRevision(set, revisions),
    apply: (plan, observed, context) => apply(written, plan, observed, context),
  });
}

function observe(written: WrittenVersions, key: ObjectKey, context: ControllerContext): Seen | undefined {
  const { informers, clock } = context;
  const set = informers.get(statefulSets).get(key);
  if (!set) {
    written.forget(key);
    return undefined;
  }
  if (!written.isCaughtUp(key)) {
    context.enqueue(key, BEHIND_MS);
    return undefined;
  }
  const selector = labelSelectorMatcher(set.spec.selector);
  const podClaims = planClaims(
    set,
    candidatesOf(informers.get(pods), set),
    (pod) => selector.matches(pod.metadata.labels) && isMember(set, pod),
  );
  return {
    set,
    podClaims,
    pods: [...podClaims.owned, ...podClaims.adopt],
    claims: claimsByName(set, context),
    revisions: listRevisions(context, set, (labels) => selector.matches(labels)),
    now: clock.now(),
  };
}

async function apply(
  written: WrittenVersions,
  plan: RevisionPlan,
  observed: Seen,
  context: ControllerContext,
): Promise<Requeue> {
  const { set, podClaims, revisions: known } = observed;
  await adoptRevisions(context, set, statefulSets, known);
  const claimed = await applyClaims({
    client: context.client,
    type: pods,
    controllerType: statefulSets,
    controller: set,
    claims: podClaims,
  });
  // A pod that was counted went away meanwhile.
  if (claimed.length < observed.pods.length) return { requeueAfterMs: 0 };
  const revisions = await ensureRevisions(plan, observed, context);
  const control = createStatefulPodControl(context, written);
  const pending = planPods(observed, revisions);
  const outcome = await runPlan(pending, observed, control);
  const status = computeStatus(observed, revisions, outcome.deletedOutdated);
  if (!isStatusCurrent(set, status)) {
    const updated = await context.client.updateStatus(statefulSets, { ...set, status }, { signal: context.signal });
    written.wrote(set.metadata, context.informers.get(statefulSets), updated);
  }
  if (outcome.failure) throw outcome.failure.error;
  await truncateHistory(observed, revisions, context);
  return { requeueAfterMs: nextLookMs(observed, status) };
}

async function ensureRevisions(
  plan: RevisionPlan,
  { set, revisions }: Seen,
  context: ControllerContext,
): Promise<Revisions> {
  const { update, collisions } = await ensureUpdateRevision(plan, set, context);
  const current = revisions.find(({ metadata }) => metadata.name === set.status?.currentRevision);
  return { current: current ?? update, update, collisions };
}

async function ensureUpdateRevision(
  plan: RevisionPlan,
  set: StatefulSet,
  context: ControllerContext,
): Promise<{ readonly update: ControllerRevision; readonly collisions: number }> {
  const collisions = set.status?.collisionCount ?? 0;
  switch (plan.do) {
    case 'use':
      return { update: plan.revision, collisions };
    case 'renumber':
      return { update: await renumberRevision(context, plan.revision, plan.number), collisions };
    case 'create': {
      const created = await createRevision(context, set.metadata.name, plan.revision, collisions);
      return { update: created.revision, collisions: created.collisions };
    }
  }
}

interface Outcome {
  readonly deletedOutdated: boolean;
  readonly failure?: { readonly error: unknown };
}

async function runPlan(plan: PodsPlan, { set }: Observed, control: StatefulPodControl): Promise<Outcome> {
  for (const steps of plan.phases) {
    const { failure } = await slowStartBatch(steps.length, INITIAL_BATCH_SIZE, (index) =>
      runStep(steps[index]!, set, plan.updateSet, control),
    );
    if (failure) return { deletedOutdated: false, failure };
  }
  if (!plan.outdated) return { deletedOutdated: false };
  try {
    await control.delete(set, plan.outdated);
    return { deletedOutdated: true };
  } catch (error) {
    return { deletedOutdated: false, failure: { error } };
  }
}

function runStep(step: Step, set: StatefulSet, updateSet: StatefulSet, control: StatefulPodControl): Promise<void> {
  switch (step.do) {
    case 'create':
      return control.create(set, step.pod);
    case 'delete':
      return control.delete(set, step.pod);
    case 'repair':
      return control.repair(updateSet, step.pod);
    case 'claim':
      return control.createMissingClaims(set, step.pod);
    case 'own':
      return control.updateClaimOwners(updateSet, step.pod);
  }
}

async function truncateHistory(
  { set, pods: own, revisions: known }: Seen,
  { current, update }: Revisions,
  { client, signal }: ControllerContext,
): Promise<void> {
  const inUse = new Set([current.metadata.name, update.metadata.name, ...own.map((pod) => revisionOf(pod) ?? '')]);
  for (const revision of surplusRevisions(known, inUse, set.spec.revisionHistoryLimit ?? Infinity)) {
    await client.delete(controllerRevisions, revision.metadata, { signal });
  }
}

function claimsByName(set: StatefulSet, { informers }: ControllerContext): ReadonlyMap<string, PersistentVolumeClaim> {
  if ((set.spec.volumeClaimTemplates?.length ?? 0) === 0) return new Map();
  const all = informers.get(persistentVolumeClaims).list(set.metadata.namespace);
  return new Map(all.map((claim) => [claim.metadata.name, claim]));
}

function setsThatMatch(pod: Pod, { informers }: ControllerContext): readonly ObjectKey[] {
  return informers
    .get(statefulSets)
    .list(pod.metadata.namespace)
    .filter(({ spec }) => labelSelectorMatcher(spec.selector).matches(pod.metadata.labels))
    .map(({ metadata }) => metadata);
}
