/**
 * What a claim needs: a volume to be bound to, somebody to make one, or patience. Pure.
 *
 * Mirrors: syncUnboundClaim, syncBoundClaim in pkg/controller/volume/persistentvolume/pv_controller.go (v1.36)
 */
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '@kts/api/types/core-v1';
import type { StorageClass } from '@kts/api/types/storage-v1';

import { isPodTerminal } from '../pods/pod-state.ts';
import { classOfClaim, defaultClass, findVolume, hasClass, isVolumeBoundTo, volumeProblem } from './volume-match.ts';

export const BIND_COMPLETED = 'pv.kubernetes.io/bind-completed';
export const BOUND_BY_CONTROLLER = 'pv.kubernetes.io/bound-by-controller';
const SELECTED_NODE = 'volume.kubernetes.io/selected-node';

export interface ObservedClaim {
  readonly claim: PersistentVolumeClaim;
  readonly volumes: readonly PersistentVolume[];
  readonly classes: readonly StorageClass[];
  /** Those that name the claim. */
  readonly pods: readonly Pod[];
}

export interface ClaimEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

export type ClaimPlan =
  | { readonly do: 'bind'; readonly volume: PersistentVolume }
  | { readonly do: 'wait'; readonly event?: ClaimEvent }
  /** Its data is gone. */
  | { readonly do: 'lose'; readonly event: ClaimEvent }
  | { readonly do: 'set class'; readonly className: string }
  /** Left to a program that watches for the annotation with its name. */
  | { readonly do: 'ask'; readonly provisioner: string }
  | { readonly do: 'tell'; readonly event: ClaimEvent }
  | { readonly do: 'fail'; readonly event: ClaimEvent; readonly message: string };

export function planClaim(observed: ObservedClaim): ClaimPlan {
  const { claim } = observed;
  if (claim.metadata.annotations?.[BIND_COMPLETED] !== undefined) return planBound(observed);
  return claim.spec?.volumeName ? planNamed(observed, claim.spec.volumeName) : planUnbound(observed);
}

/** Plugins that used to be part of Kubernetes, and the drivers that took their place. */
const MIGRATED: Readonly<Record<string, string>> = {
  'kubernetes.io/aws-ebs': 'ebs.csi.aws.com',
  'kubernetes.io/azure-disk': 'disk.csi.azure.com',
  'kubernetes.io/azure-file': 'file.csi.azure.com',
  'kubernetes.io/cinder': 'cinder.csi.openstack.org',
  'kubernetes.io/gce-pd': 'pd.csi.storage.gke.io',
  'kubernetes.io/portworx-volume': 'pxd.portworx.com',
  'kubernetes.io/vsphere-volume': 'csi.vsphere.vmware.com',
};

function planUnbound(observed: ObservedClaim): ClaimPlan {
  const { claim, volumes, classes, pods } = observed;
  const className = classOfClaim(claim);
  const storageClass = classes.find(({ metadata }) => metadata.name === className);
  const isDelayed = storageClass?.volumeBindingMode === 'WaitForFirstConsumer';
  const volume = findVolume(claim, volumes, isDelayed);
  if (volume) return { do: 'bind', volume };
  const byDefault = hasClass(claim) ? undefined : defaultClass(classes);
  if (byDefault) return { do: 'set class', className: byDefault.metadata.name };
  if (isDelayed && claim.metadata.annotations?.[SELECTED_NODE] === undefined) {
    return { do: 'wait', event: consumerEvent(pods) };
  }
  if (className !== '') return planProvisioning(className, storageClass);
  const message = 'no persistent volumes available for this claim and no storage class is set';
  return { do: 'wait', event: { type: 'Normal', reason: 'FailedBinding', message } };
}

function planProvisioning(className: string, storageClass: StorageClass | undefined): ClaimPlan {
  const failed = (message: string): ClaimPlan => ({
    do: 'tell',
    event: { type: 'Warning', reason: 'ProvisioningFailed', message },
  });
  if (!storageClass) return failed(`storageclass.storage.k8s.io ${JSON.stringify(className)} not found`);
  const { provisioner } = storageClass;
  const driver = MIGRATED[provisioner];
  if (driver !== undefined) return { do: 'ask', provisioner: driver };
  if (provisioner.startsWith('kubernetes.io/')) return failed(`no volume plugin matched name: ${provisioner}`);
  return { do: 'ask', provisioner };
}

function consumerEvent(pods: readonly Pod[]): ClaimEvent {
  const waiting = pods.filter((pod) => !isPodTerminal(pod) && !pod.spec.nodeName).map(({ metadata }) => metadata.name);
  if (waiting.length === 0) {
    const message = 'waiting for first consumer to be created before binding';
    return { type: 'Normal', reason: 'WaitForFirstConsumer', message };
  }
  const who = waiting.length > 1 ? `pods ${waiting.join(',')}` : `pod ${waiting[0]}`;
  return { type: 'Normal', reason: 'WaitForPodScheduled', message: `waiting for ${who} to be scheduled` };
}

/** The claim asks for one volume by its name. */
function planNamed({ claim, volumes }: ObservedClaim, volumeName: string): ClaimPlan {
  const volume = volumes.find(({ metadata }) => metadata.name === volumeName);
  if (!volume) return { do: 'wait' };
  const quoted = JSON.stringify(volumeName);
  if (isVolumeBoundTo(volume, claim)) return { do: 'bind', volume };
  const { claimRef } = volume.spec ?? {};
  if (!claimRef) {
    const problem = volumeProblem(volume, claim);
    if (problem === undefined) return { do: 'bind', volume };
    const message = `Cannot bind to requested volume ${quoted}: ${problem}`;
    return { do: 'wait', event: { type: 'Warning', reason: 'VolumeMismatch', message } };
  }
  const message = `volume ${quoted} already bound to a different claim.`;
  const event: ClaimEvent = { type: 'Warning', reason: 'FailedBinding', message };
  if (claim.metadata.annotations?.[BOUND_BY_CONTROLLER] === undefined) return { do: 'wait', event };
  const { namespace, name } = claim.metadata;
  const others = JSON.stringify(`${claimRef.namespace}/${claimRef.name}`);
  const text = `invalid binding of claim "${namespace}/${name}" to volume ${quoted}: volume already claimed by ${others}`;
  return { do: 'fail', event, message: text };
}

function planBound({ claim, volumes }: ObservedClaim): ClaimPlan {
  const lost = (reason: string, message: string): ClaimPlan => ({
    do: 'lose',
    event: { type: 'Warning', reason, message },
  });
  if (!claim.spec?.volumeName) {
    return lost('ClaimLost', 'Bound claim has lost reference to PersistentVolume. Data on the volume is lost!');
  }
  const volume = volumes.find(({ metadata }) => metadata.name === claim.spec?.volumeName);
  if (!volume) return lost('ClaimLost', 'Bound claim has lost its PersistentVolume. Data on the volume is lost!');
  const { claimRef } = volume.spec ?? {};
  if (!claimRef || claimRef.uid === claim.metadata.uid) return { do: 'bind', volume };
  return lost('ClaimMisbound', 'Two claims are bound to the same volume, this one is bound incorrectly');
}
