import type { Random } from '@kts/base';

import type { Authorizer } from '../authorization/authorizer.ts';
import type { AdmissionPlugin } from './admission.ts';
import { certificateApproval, certificateSigning, certificateSubjectRestriction } from './certificate-plugins.ts';
import { defaultIngressClass } from './default-ingress-class.ts';
import { defaultStorageClass } from './default-storage-class.ts';
import { defaultTolerationSeconds } from './default-toleration-seconds.ts';
import { limitRanger } from './limit-ranger.ts';
import type { LiveObjects } from './live-objects.ts';
import { namespaceExists } from './namespace-exists.ts';
import { namespaceLifecycle } from './namespace-lifecycle.ts';
import { nodeRestriction } from './node-restriction.ts';
import { ownerReferencesPermissionEnforcement, type FindKind } from './owner-references.ts';
import { persistentVolumeClaimResize } from './persistent-volume-claim-resize.ts';
import { podSecurity } from './pod-security/pod-security.ts';
import { isChosen, type PluginChoice } from './plugin-choice.ts';
import { podNodeSelector } from './pod-node-selector.ts';
import { podResizeValidator } from './pod-resize-validator.ts';
import { podTolerationRestriction } from './pod-toleration-restriction.ts';
import { podTopologyLabels } from './pod-topology-labels.ts';
import { priority } from './priority.ts';
import { runtimeClass } from './runtime-class.ts';
import { serviceAccount } from './service-account.ts';
import {
  alwaysAdmit,
  alwaysDeny,
  alwaysPullImages,
  denyServiceExternalIPs,
  extendedResourceToleration,
  limitPodHardAntiAffinityTopology,
} from './simple-plugins.ts';
import { storageObjectInUseProtection } from './storage-object-in-use-protection.ts';
import { taintNodesByCondition } from './taint-nodes-by-condition.ts';

export interface PluginParts {
  readonly live: LiveObjects;
  readonly authorizer: Authorizer;
  readonly findKind: FindKind;
  readonly random: Random;
  /** Policies and webhooks of the cluster: after everything built in, before quota. */
  readonly dynamic?: readonly AdmissionPlugin[];
  /** Last, because only what is really going to be stored may use up quota. */
  readonly quota?: AdmissionPlugin;
}

/**
 * The plugins of a server in upstream's order, which clients can observe: an earlier refusal hides a later one, and a
 * later plugin sees what an earlier one filled in.
 *
 * Mirrors: AllOrderedPlugins and DefaultOffAdmissionPlugins in pkg/kubeapiserver/options/plugins.go (v1.36)
 */
export function choosePlugins(parts: PluginParts, choice: PluginChoice = {}): readonly AdmissionPlugin[] {
  return orderedPlugins(parts).filter(({ name }) => isChosen(name, choice));
}

function orderedPlugins(parts: PluginParts): readonly AdmissionPlugin[] {
  const { live, authorizer, findKind, random, dynamic = [], quota } = parts;
  return [
    alwaysAdmit,
    namespaceLifecycle(live),
    namespaceExists(live),
    limitPodHardAntiAffinityTopology,
    limitRanger(live),
    serviceAccount(live, random),
    nodeRestriction(live),
    taintNodesByCondition,
    alwaysPullImages,
    podSecurity(live),
    podNodeSelector(live),
    priority(live),
    defaultTolerationSeconds,
    podTolerationRestriction(live),
    extendedResourceToleration,
    defaultStorageClass(live),
    storageObjectInUseProtection,
    ownerReferencesPermissionEnforcement(authorizer, findKind),
    persistentVolumeClaimResize(live),
    runtimeClass(live),
    certificateApproval(authorizer),
    certificateSigning(authorizer),
    certificateSubjectRestriction,
    defaultIngressClass(live),
    denyServiceExternalIPs,
    podTopologyLabels(live),
    podResizeValidator(live),
    ...dynamic,
    ...(quota ? [quota] : []),
    alwaysDeny,
  ];
}
