/**
 * What to do about one volume on one node. Pure.
 *
 * Mirrors: pkg/controller/volume/attachdetach/reconciler/reconciler.go, pkg/volume/csi/csi_attacher.go (v1.36)
 */
import type { Node, Pod } from '@kts/api/types/core-v1';
import type { VolumeAttachment } from '@kts/api/types/storage-v1';

import { isNodeReady } from '../nodes/node-state.ts';
import { allowsMultiAttach, uniqueVolumeName, type Attachment } from './attachable-volumes.ts';

const OUT_OF_SERVICE = 'node.kubernetes.io/out-of-service';
/** How long a driver may take. */
export const DRIVER_TIMEOUT_MS = 120_000;
/** How long a node that is not healthy may keep a volume mounted. */
export const UNMOUNT_TIMEOUT_MS = 360_000;

/** What is remembered of a volume on a node between two looks. */
export interface AttachmentMemory {
  /** The driver was asked at that time, and has not answered yet. */
  readonly attaching?: number;
  /** The attachment has been in the cache since then: if it is not there, it was deleted. */
  readonly isSeen?: boolean;
  readonly detaching?: number;
  /** Failed tries in a row, and when to try again. */
  readonly failures?: number;
  readonly retryAt?: number;
  /** Since when nobody has wanted it. */
  readonly unwantedSince?: number;
  /** The event about another node that has it has been sent. */
  readonly isConflictTold?: boolean;
}

export interface ObservedAttachment {
  readonly attachment: Attachment;
  readonly object: VolumeAttachment | undefined;
  /** On the node, of those that want the volume. */
  readonly pods: readonly Pod[];
  readonly node: Node | undefined;
  /** Other nodes that have it, with the pods that want it there, or are about to have it or to lose it. */
  readonly elsewhere: readonly { readonly isChanging: boolean; readonly pods: readonly Pod[] }[];
  readonly memory: AttachmentMemory;
  /** Nodes that are not healthy keep what they have mounted for ever. */
  readonly disableForceDetach: boolean;
  readonly now: number;
}

export type AttachmentPlan =
  | { readonly do: 'nothing' }
  | { readonly do: 'wait'; readonly memory: AttachmentMemory; readonly requeueAfterMs?: number }
  | { readonly do: 'attach' }
  | { readonly do: 'attached' }
  | { readonly do: 'fail'; readonly step: 'attach' | 'detach'; readonly message: string }
  | { readonly do: 'conflict'; readonly messages: readonly { readonly pod: Pod; readonly text: string }[] }
  /** `unchecked`: even if the node says that it still uses the volume. */
  | { readonly do: 'detach'; readonly unchecked: boolean }
  | { readonly do: 'forget' };

export function planAttachment(observed: ObservedAttachment): AttachmentPlan {
  const { object, memory, now, pods } = observed;
  if (memory.attaching !== undefined) return planPending(observed, memory.attaching);
  if (memory.detaching !== undefined) return planDetaching(observed, memory.detaching);
  const isBackingOff = memory.retryAt !== undefined && now < memory.retryAt;
  if (isBackingOff) return { do: 'wait', memory, requeueAfterMs: memory.retryAt! - now };
  return pods.length > 0 ? planWanted(observed) : object ? planUnwanted(observed, object) : { do: 'forget' };
}

/** The driver has been asked to attach. */
function planPending({ object, attachment, now, memory }: ObservedAttachment, since: number): AttachmentPlan {
  const fail = (message: string): AttachmentPlan => ({ do: 'fail', step: 'attach', message });
  if (!object && memory.isSeen) return fail('volume attachment has been deleted');
  if (object?.metadata.deletionTimestamp !== undefined) return fail('volume attachment is being deleted');
  if (object?.status?.attached) return { do: 'attached' };
  const error = object?.status?.attachError;
  if (error) return fail(error.message ?? '');
  const { driver, handle } = attachment;
  const waitMs = since + DRIVER_TIMEOUT_MS - now;
  if (waitMs > 0) return { do: 'wait', memory: object ? { ...memory, isSeen: true } : memory, requeueAfterMs: waitMs };
  return fail(`timed out waiting for external-attacher of ${driver} CSI driver to attach volume ${handle}`);
}

function planDetaching({ object, attachment, now, memory }: ObservedAttachment, since: number): AttachmentPlan {
  if (!object) return { do: 'forget' };
  const error = object.status?.detachError;
  if (error) return { do: 'fail', step: 'detach', message: error.message ?? '' };
  if (now < since + DRIVER_TIMEOUT_MS) return { do: 'wait', memory, requeueAfterMs: since + DRIVER_TIMEOUT_MS - now };
  const message = `timed out waiting for external-attacher of ${attachment.driver} CSI driver to detach volume ${attachment.handle}`;
  return { do: 'fail', step: 'detach', message };
}

function planWanted(observed: ObservedAttachment): AttachmentPlan {
  const { attachment, object, elsewhere, memory } = observed;
  if (object?.status?.attached && object.metadata.deletionTimestamp === undefined) {
    if (memory.failures !== undefined) return { do: 'attached' };
    return memory.unwantedSince === undefined ? { do: 'nothing' } : { do: 'wait', memory: {} };
  }
  if (elsewhere.length === 0 || allowsMultiAttach(attachment.volume)) return { do: 'attach' };
  // One thing at a time is done about a volume that only one node may have.
  if (elsewhere.some(({ isChanging }) => isChanging)) return { do: 'nothing' };
  return memory.isConflictTold ? { do: 'nothing' } : { do: 'conflict', messages: conflictMessages(observed) };
}

function planUnwanted(observed: ObservedAttachment, object: VolumeAttachment): AttachmentPlan {
  const { attachment, node, memory, disableForceDetach, now } = observed;
  if (object.metadata.deletionTimestamp !== undefined) return { do: 'wait', memory: { detaching: now } };
  const since = memory.unwantedSince ?? now;
  const isMounted = node?.status?.volumesInUse?.includes(uniqueVolumeName(attachment)) ?? false;
  const isOutOfService = (node?.spec?.taints ?? []).some(({ key }) => key === OUT_OF_SERVICE);
  const isOverdue = now >= since + UNMOUNT_TIMEOUT_MS && !disableForceDetach;
  const isForced = isOverdue && !(node && isNodeReady(node));
  if (!isMounted || isOutOfService || isForced) return { do: 'detach', unchecked: isOutOfService || isForced };
  const waitMs = since + UNMOUNT_TIMEOUT_MS - now;
  return { do: 'wait', memory: { ...memory, unwantedSince: since }, ...(waitMs > 0 ? { requeueAfterMs: waitMs } : {}) };
}

/** Pods of other namespaces are counted, not named. */
function conflictMessages({
  attachment,
  pods,
  elsewhere,
}: ObservedAttachment): readonly { readonly pod: Pod; readonly text: string }[] {
  const others = elsewhere.flatMap(({ pods: each }) => each);
  const prefix = `Multi-Attach error for volume "${attachment.volume.metadata.name}" `;
  return pods.map((pod) => {
    if (others.length === 0) {
      return {
        pod,
        text: `${prefix}Volume is already exclusively attached to one node and can't be attached to another`,
      };
    }
    const local = others.filter(({ metadata }) => metadata.namespace === pod.metadata.namespace);
    const foreign = others.length - local.length;
    const names = local.map(({ metadata }) => metadata.name).join(', ');
    const count = `${foreign} pod(s) in different namespaces`;
    if (local.length === 0) return { pod, text: `${prefix}Volume is already used by ${count}` };
    return { pod, text: `${prefix}Volume is already used by pod(s) ${names}${foreign > 0 ? ` and ${count}` : ''}` };
  });
}
