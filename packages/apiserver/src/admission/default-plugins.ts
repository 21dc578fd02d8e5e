import type { Random } from '@kts/base';

import type { Authorizer } from '../authorization/authorizer.ts';
import type { AdmissionPlugin } from './admission.ts';
import { certificateApproval, certificateSigning, certificateSubjectRestriction } from './certificate-plugins.ts';
import { defaultIngressClass } from './default-ingress-class.ts';
import { defaultStorageClass } from './default-storage-class.ts';
import { defaultTolerationSeconds } from './default-toleration-seconds.ts';
import { limitRanger } from './limit-ranger.ts';
import type { LiveObjects } from './live-objects.ts';
import { namespaceLifecycle } from './namespace-lifecycle.ts';
import { nodeRestriction } from './node-restriction.ts';
import { persistentVolumeClaimResize } from './persistent-volume-claim-resize.ts';
import { podSecurity } from './pod-security/pod-security.ts';
import { priority } from './priority.ts';
import { runtimeClass } from './runtime-class.ts';
import { serviceAccount } from './service-account.ts';
import { storageObjectInUseProtection } from './storage-object-in-use-protection.ts';
import { taintNodesByCondition } from './taint-nodes-by-condition.ts';

export interface PluginParts {
  readonly live: LiveObjects;
  readonly authorizer: Authorizer;
  readonly random: Random;
  /** Policies and webhooks of the cluster: after everything built in, before quota. */
  readonly dynamic?: readonly AdmissionPlugin[];
  /** Last, because only what is really going to be stored may use up quota. */
  readonly quota?: AdmissionPlugin;
}

/** Which plugins run, beside those that are on by default. Names are upstream's. */
export interface PluginChoice {
  readonly enabled?: readonly string[];
  readonly disabled?: readonly string[];
}

/** Known, but only on where somebody asks for it. */
const OFF_BY_DEFAULT: ReadonlySet<string> = new Set(['NodeRestriction']);

/**
 * The plugins of a server in upstream's order, which clients can observe: an earlier refusal hides a later one, and a
 * later plugin sees what an earlier one filled in.
 *
 * Mirrors: AllOrderedPlugins and DefaultOffAdmissionPlugins in pkg/kubeapiserver/options/plugins.go (v1.36)
 */
export function choosePlugins(
  parts: PluginParts,
  { enabled = [], disabled = [] }: PluginChoice = {},
): readonly AdmissionPlugin[] {
  return orderedPlugins(parts).filter(
    ({ name }) => !disabled.includes(name) && (enabled.includes(name) || !OFF_BY_DEFAULT.has(name)),
  );
}

function orderedPlugins({ live, authorizer, random, dynamic = [], quota }: PluginParts): readonly AdmissionPlugin[] {
  return [
    namespaceLifecycle(live),
    limitRanger(live),
    serviceAccount(live, random),
    nodeRestriction(live),
    taintNodesByCondition,
    podSecurity(live),
    priority(live),
    defaultTolerationSeconds,
    defaultStorageClass(live),
    storageObjectInUseProtection,
    persistentVolumeClaimResize(live),
    runtimeClass(live),
    certificateApproval(authorizer),
    certificateSigning(authorizer),
    certificateSubjectRestriction,
    defaultIngressClass(live),
    ...dynamic,
    ...(quota ? [quota] : []),
  ];
}
