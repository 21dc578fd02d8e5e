/**
 * Going back to an earlier revision, asked for by the annotation that extensions/v1beta1's rollbackTo became.
 *
 * Mirrors: pkg/controller/deployment/rollback.go (v1.36)
 */
import type { Deployment, ReplicaSet } from '@kts/api/types/apps-v1';

import {
  lastRevision,
  ROLLBACK_ANNOTATION,
  revisionOf,
  rollbackRevision,
  rolledBackAnnotations,
} from './deployment-annotations.ts';
import type { PlannedEvent, Step } from './plan-deployment.ts';
import { sameTemplate, withoutHash } from './replica-set-template.ts';

export function planRollback(deployment: Deployment, all: readonly ReplicaSet[]): readonly Step[] {
  const name = JSON.stringify(deployment.metadata.name);
  const revision = rollbackRevision(deployment) || lastRevision(all);
  if (revision === 0n) return giveUp(deployment, 'DeploymentRollbackRevisionNotFound', 'Unable to find last revision.');
  const target = all.find((replicaSet) => revisionOf(replicaSet) === revision);
  if (!target) {
    const message = 'Unable to find the revision to rollback to.';
    return giveUp(deployment, 'DeploymentRollbackRevisionNotFound', message);
  }
  const template = target.spec.template ?? {};
  if (sameTemplate(deployment.spec.template, template)) {
    const message = `The rollback revision contains the same template as current deployment ${name}`;
    return giveUp(deployment, 'DeploymentRollbackTemplateUnchanged', message);
  }
  const rolledBack = {
    ...deployment,
    metadata: { ...deployment.metadata, annotations: rolledBackAnnotations(deployment, target) },
    spec: { ...deployment.spec, template: withoutHash(template) },
  };
  const message = `Rolled back deployment ${name} to revision ${revision}`;
  const event: PlannedEvent = { type: 'Normal', reason: 'DeploymentRollback', message };
  return [{ do: 'updateDeployment', deployment: withoutRequest(rolledBack), event }];
}

function giveUp(deployment: Deployment, reason: string, message: string): readonly Step[] {
  return [
    { do: 'event', event: { type: 'Warning', reason, message } },
    { do: 'updateDeployment', deployment: withoutRequest(deployment) },
  ];
}

function withoutRequest(deployment: Deployment): Deployment {
  const { [ROLLBACK_ANNOTATION]: _request, ...annotations } = deployment.metadata.annotations ?? {};
  return { ...deployment, metadata: { ...deployment.metadata, annotations } };
}
