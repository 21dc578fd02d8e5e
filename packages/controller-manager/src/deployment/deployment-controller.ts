/**
 * Rolls Deployments out through their ReplicaSets.
 *
 * Mirrors: pkg/controller/deployment/deployment_controller.go (v1.36)
 */
import { deployments, pods, replicaSets } from '@kts/api';
import type { Deployment, ReplicaSet } from '@kts/api/types/apps-v1';
import type { Pod } from '@kts/api/types/core-v1';
import { isAlreadyExists, isNotFound, labelSelectorMatcher, type New, type ObjectKey } from '@kts/apimachinery';
import {
  applyClaims,
  controllerRefOf,
  defineController,
  isControlledBy,
  ownedBy,
  planClaims,
  refersToKind,
  watching,
  type Claims,
  type ControllerContext,
  type Requeue,
} from '@kts/controlkit';

import { errorMessage, isNamespaceTerminating } from '../pods/pod-control.ts';
import { addOwnerIndexes, candidatesOf, controlledBy } from '../pods/pod-indexes.ts';
import { hasProgressDeadline, REASON, withCondition } from './deployment-status.ts';
import {
  planDeployment,
  withRevision,
  type DeploymentPlan,
  type Observed,
  type PlannedEvent,
  type Step,
} from './plan-deployment.ts';
import { sameTemplate } from './replica-set-template.ts';

/** A Deployment that keeps failing waits for the next change. */
const RETRIES_MAX = 15;

interface Seen extends Observed {
  readonly claims: Claims<ReplicaSet>;
}

export const deploymentController = defineController<Deployment, Seen, DeploymentPlan>({
  name: 'deployment-controller',
  for: deployments,
  owns: [ownedBy(replicaSets, { adopt: deploymentsFor })],
  // Recreate waits for the last old pod to go.
  watches: [watching(pods, { map: recreatedDeploymentOf, changed: () => false })],
  setup: ({ informers }) => {
    addOwnerIndexes(informers.get(replicaSets));
    addOwnerIndexes(informers.get(pods));
  },
  retriesMax: RETRIES_MAX,
  observe: (key, context) => {
    const { informers, clock } = context;
    const deployment = informers.get(deployments).get(key);
    if (!deployment) return undefined;
    const selector = labelSelectorMatcher(deployment.spec.selector);
    const candidates = candidatesOf(informers.get(replicaSets), deployment);
    const claims = planClaims(deployment, candidates, ({ metadata }) => selector.matches(metadata.labels));
    const own = [...claims.owned, ...claims.adopt];
    const podsOf = new Map(own.map((each) => [each.metadata.uid, controlledBy(informers.get(pods), each)]));
    return { deployment, replicaSets: own, pods: podsOf, claims, now: clock.now() };
  },
  plan: planDeployment,
  apply: applyDeployment,
});

async function applyDeployment(plan: DeploymentPlan, observed: Seen, context: ControllerContext): Promise<Requeue> {
  const { deployment, claims } = observed;
  await applyClaims({
    client: context.client,
    type: replicaSets,
    controllerType: deployments,
    controller: deployment,
    claims,
  });
  // Adopted ReplicaSets have changed: the plan is made again with what they are now.
  if (claims.adopt.length > 0) return { requeueAfterMs: 0 };
  const latest = new Map<string, ReplicaSet>();
  for (const step of plan.steps) await applyStep(step, observed, latest, context);
  return plan;
}

/** `latest`: what this run has made of ReplicaSets, for steps that change the same one again. */
async function applyStep(
  step: Step,
  observed: Seen,
  latest: Map<string, ReplicaSet>,
  context: ControllerContext,
): Promise<void> {
  const { client, signal } = context;
  const { deployment } = observed;
  switch (step.do) {
    case 'createReplicaSet':
      return createReplicaSet(step.replicaSet, step.revision, observed, context);
    case 'updateReplicaSet':
      await client.update(replicaSets, step.replicaSet, { signal });
      return;
    case 'scale': {
      const { uid, name, resourceVersion } = step.replicaSet.metadata;
      const metadata = { ...step.replicaSet.metadata, resourceVersion: versionOf(latest.get(uid)) ?? resourceVersion };
      latest.set(uid, await client.update(replicaSets, { ...step.replicaSet, metadata }, { signal }));
      if (step.from === step.to) return;
      const message = `Scaled ${step.from < step.to ? 'up' : 'down'} replica set ${name} from ${step.from} to ${step.to}`;
      context.events.event(deployment, 'Normal', 'ScalingReplicaSet', message);
      return;
    }
    case 'deleteReplicaSet':
      await client.delete(replicaSets, step.replicaSet.metadata, { signal }).catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
      });
      return;
    case 'updateStatus':
      await client.updateStatus(deployments, step.deployment, { signal });
      return;
    case 'updateDeployment':
      await client.update(deployments, step.deployment, { signal });
      if (step.event) tell(context, deployment, step.event);
      return;
    case 'event':
      tell(context, deployment, step.event);
  }
}

function versionOf(replicaSet: ReplicaSet | undefined): string | undefined {
  return replicaSet?.metadata.resourceVersion;
}

function tell(context: ControllerContext, deployment: Deployment, event: PlannedEvent): void {
  context.events.event(deployment, event.type, event.reason, event.message);
}

async function createReplicaSet(
  replicaSet: New<ReplicaSet>,
  revision: bigint,
  observed: Seen,
  context: ControllerContext,
): Promise<void> {
  const { client, signal, events } = context;
  const { deployment, now } = observed;
  let created: ReplicaSet;
  try {
    created = await client.create(replicaSets, replicaSet, { signal });
  } catch (error) {
    if (isNamespaceTerminating(error)) return;
    return isAlreadyExists(error)
      ? resolveCollision(replicaSet, deployment, error, context)
      : reportFailure(replicaSet, observed, error, context);
  }
  const { name } = created.metadata;
  const size = replicaSet.spec.replicas ?? 0;
  if (size > 0) {
    events.event(deployment, 'Normal', 'ScalingReplicaSet', `Scaled up replica set ${name} from 0 to ${size}`);
  }
  const noted = withRevision(deployment, String(revision));
  const { status = {} } = deployment;
  const message = `Created new replica set ${JSON.stringify(name)}`;
  const progressing = hasProgressDeadline(deployment)
    ? withCondition(status, 'Progressing', 'True', REASON.created, message, now)
    : status;
  if (noted === deployment && progressing === status) return;
  await client.updateStatus(deployments, { ...noted, status: progressing }, { signal });
}

/** The name is taken. If not by what we wanted to create, another hash must be found, which the count is a part of. */
async function resolveCollision(
  replicaSet: New<ReplicaSet>,
  deployment: Deployment,
  error: unknown,
  context: ControllerContext,
): Promise<void> {
  const { client, informers, signal } = context;
  const { name = '', namespace = '' } = replicaSet.metadata;
  const taken = informers.get(replicaSets).get({ namespace, name });
  if (!taken) throw error;
  if (isControlledBy(taken, deployment) && sameTemplate(deployment.spec.template, taken.spec.template ?? {})) return;
  const status = { ...deployment.status, collisionCount: (deployment.status?.collisionCount ?? 0) + 1 };
  await client.updateStatus(deployments, { ...deployment, status }, { signal });
}

async function reportFailure(
  replicaSet: New<ReplicaSet>,
  { deployment, now }: Seen,
  error: unknown,
  { client, events, signal }: ControllerContext,
): Promise<never> {
  const message = `Failed to create new replica set ${JSON.stringify(replicaSet.metadata.name)}: ${errorMessage(error)}`;
  if (hasProgressDeadline(deployment)) {
    const status = withCondition(deployment.status ?? {}, 'Progressing', 'False', REASON.createError, message, now);
    // The failure itself is the better error to report than one of reporting it.
    await client.updateStatus(deployments, { ...deployment, status }, { signal }).catch(() => {});
  }
  events.event(deployment, 'Warning', REASON.createError, message);
  throw error;
}

function deploymentsFor(replicaSet: ReplicaSet, { informers }: ControllerContext): readonly ObjectKey[] {
  const { labels, namespace } = replicaSet.metadata;
  if (Object.keys(labels ?? {}).length === 0) return [];
  return informers
    .get(deployments)
    .list(namespace)
    .filter(({ spec }) => labelSelectorMatcher(spec.selector).matches(labels))
    .map(({ metadata }) => metadata);
}

function recreatedDeploymentOf(pod: Pod, { informers }: ControllerContext): readonly ObjectKey[] {
  const podOwner = controllerRefOf(pod);
  if (!podOwner || !refersToKind(podOwner, replicaSets)) return [];
  const { namespace } = pod.metadata;
  const replicaSet = informers.get(replicaSets).get({ namespace, name: podOwner.name });
  const owner = replicaSet?.metadata.uid === podOwner.uid ? controllerRefOf(replicaSet) : undefined;
  if (!owner || !refersToKind(owner, deployments)) return [];
  const deployment = informers.get(deployments).get({ namespace, name: owner.name });
  return deployment?.spec.strategy?.type === 'Recreate' ? [deployment.metadata] : [];
}
