import type { PersistentVolumeClaim, Pod } from '@kts/api/types/core-v1';
import type { CSINode, VolumeAttachment } from '@kts/api/types/storage-v1';
import { always, hint } from '../framework/cluster-event.ts';
import { SKIP, unresolvable, unschedulable, type Plugin, type Rejection } from '../framework/plugin.ts';
import type { Listers } from '../framework/snapshot.ts';
import { claimReferences, classOf, missingClaim, usesClaim, whyNotOwned } from './pod-claims.ts';
import { isAssigned } from './pod-events.ts';

/**
 * A node attaches no more volumes of a CSI driver than the driver says it can.
 *
 * Mirrors: pkg/scheduler/framework/plugins/nodevolumelimits/csi.go (v1.36)
 * Differs: volumes of the removed in-tree drivers are not translated to CSI.
 */
const TOO_MANY = unschedulable('node(s) exceed max volume count');

/** CSI drivers by the unique name of the volume. */
type AttachedVolumes = Map<string, string>;

interface OwnVolumes {
  readonly wanted: AttachedVolumes;
  readonly problem: Rejection | undefined;
}

interface AttachmentState {
  /** The pod's own. Looked up when the first node asks: whether they are there at all is for others to say. */
  readonly own: () => OwnVolumes;
  readonly listers: Listers;
  /** What is attached to each node, as far as the API server knows. Made when the first node asks. */
  readonly attachments: () => ReadonlyMap<string, AttachedVolumes>;
}

export const nodeVolumeLimits: Plugin<AttachmentState> = {
  name: 'NodeVolumeLimits',
  requeueOn: {
    'CSINode/Add': always,
    'CSINode/Update': hint<CSINode>((_, { before, after }) => {
      const old = limitsOf(before);
      return [...limitsOf(after)].some(([driver, limit]) => limit > (old.get(driver) ?? 0));
    }),
    'Pod/Delete': hint<Pod>((_, { before }) => isAssigned(before!) && claimReferences(before!).length > 0),
    'PersistentVolumeClaim/Add': hint<PersistentVolumeClaim>((pod, { after }) => usesClaim(pod, after!)),
    'VolumeAttachment/Delete': hint<VolumeAttachment>(
      (pod) => pod.spec.volumes?.some(({ persistentVolumeClaim }) => persistentVolumeClaim) ?? false,
    ),
  },
  preFilter: ({ pod }, { listers }) => {
    if (claimReferences(pod).length === 0) return SKIP;
    let found: OwnVolumes | undefined;
    const own = (): OwnVolumes => (found ??= ownVolumes(pod, listers));
    let byNode: ReadonlyMap<string, AttachedVolumes> | undefined;
    const attachments = (): ReadonlyMap<string, AttachedVolumes> => (byNode ??= attachmentsByNode(listers));
    return { state: { own, listers, attachments } };
  },
  filter: (_, node, { own, listers, attachments }) => {
    const { wanted, problem } = own();
    if (problem !== undefined) return problem;
    const limits = limitsOf(listers.csiNodes.get({ name: node.name }));
    if (wanted.size === 0 || limits.size === 0) return undefined;
    const used: AttachedVolumes = new Map();
    for (const other of node.pods) collectVolumes(other.pod, listers, used);
    const attached = attachments().get(node.name);
    for (const [driver, limit] of limits) {
      const added = countOf(driver, wanted, used);
      if (added > 0 && countOf(driver, used) + countOf(driver, attached, used) + added > limit) return TOO_MANY;
    }
    return undefined;
  },
};

function ownVolumes(pod: Pod, listers: Listers): OwnVolumes {
  const wanted: AttachedVolumes = new Map();
  return { problem: collectVolumes(pod, listers, wanted), wanted };
}

/** How many of the volumes are the driver's, without the others. */
function countOf(driver: string, volumes: AttachedVolumes | undefined, without?: AttachedVolumes): number {
  let count = 0;
  for (const [volume, its] of volumes ?? []) if (its === driver && !without?.has(volume)) count++;
  return count;
}

const NO_LIMITS: ReadonlyMap<string, number> = new Map();
const knownLimits = new WeakMap<CSINode, ReadonlyMap<string, number>>();

/** By driver. Objects are immutable, so what is found in one is remembered with it. */
function limitsOf(node: CSINode | undefined): ReadonlyMap<string, number> {
  if (node === undefined) return NO_LIMITS;
  let limits = knownLimits.get(node);
  if (limits === undefined) {
    const counts = node.spec.drivers.flatMap(({ name, allocatable }) =>
      allocatable?.count === undefined ? [] : [[name, allocatable.count] as const],
    );
    limits = new Map(counts);
    knownLimits.set(node, limits);
  }
  return limits;
}

function attachmentsByNode(listers: Listers): ReadonlyMap<string, AttachedVolumes> {
  const byNode = new Map<string, AttachedVolumes>();
  for (const { spec } of listers.volumeAttachments.list()) {
    if (!spec.source.persistentVolumeName) continue;
    const csi = listers.persistentVolumes.get({ name: spec.source.persistentVolumeName })?.spec?.csi;
    if (csi === undefined) continue;
    byNode
      .getOrInsertComputed(spec.nodeName, () => new Map())
      .set(`${spec.attacher}/${csi.volumeHandle}`, spec.attacher);
  }
  return byNode;
}

/** Adds the pod's CSI volumes; of a claim without a volume, the one its class will provide. */
function collectVolumes(pod: Pod, listers: Listers, volumes: AttachedVolumes): Rejection | undefined {
  if (pod.spec.volumes === undefined) return undefined;
  const { namespace } = pod.metadata;
  let problem: Rejection | undefined;
  for (const { claimName, ephemeral } of claimReferences(pod)) {
    const claim = listers.persistentVolumeClaims.get({ namespace, name: claimName });
    if (claim === undefined) {
      problem ??= unresolvable(`looking up PVC ${namespace}/${claimName}: ${missingClaim(claimName)}`);
      continue;
    }
    const stranger = ephemeral ? whyNotOwned(pod, claim) : undefined;
    if (stranger !== undefined) throw new Error(stranger);
    const volume = claim.spec?.volumeName ? listers.persistentVolumes.get({ name: claim.spec.volumeName }) : undefined;
    const provisioner = volume ? undefined : classOf(claim, listers)?.provisioner;
    if (volume?.spec?.csi)
      volumes.set(`${volume.spec.csi.driver}/${volume.spec.csi.volumeHandle}`, volume.spec.csi.driver);
    else if (provisioner) volumes.set(`${provisioner}/<new>-${namespace}/${claimName}`, provisioner);
  }
  return problem;
}
