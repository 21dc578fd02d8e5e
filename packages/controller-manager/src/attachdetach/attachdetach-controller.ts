/**
 * Has volumes attached to the nodes whose pods use them, and detached again.
 *
 * Mirrors: pkg/controller/volume/attachdetach (v1.36)
 * Differs: what should be and what is are read off the caches for each attachment, instead of being kept in two states of
 * the world that a loop compares.
 */
import { csiDrivers, nodes, persistentVolumeClaims, persistentVolumes, pods, volumeAttachments } from '@kts/api';
import type { Node, PersistentVolume, PersistentVolumeClaim, Pod } from '@kts/api/types/core-v1';
import type { VolumeAttachment } from '@kts/api/types/storage-v1';
import { isAlreadyExists, isNotFound, type ObjectKey } from '@kts/apimachinery';
import { assert, backoffMs } from '@kts/base';
import {
  defineController,
  watching,
  type AnyControllerDefinition,
  type ControllerContext,
  type Requeue,
} from '@kts/controlkit';

import { errorMessage } from '../pods/pod-control.ts';
import { addNodeIndex, podsOnNode } from '../pods/pod-indexes.ts';
import {
  attachmentOf,
  attachmentsOf,
  isPodTerminated,
  uniqueVolumeName,
  type Attachment,
  type VolumeCaches,
} from './attachable-volumes.ts';
import { BY_NODE, NodeVolumes } from './node-volumes.ts';
import {
  planAttachment,
  type AttachmentMemory,
  type AttachmentPlan,
  type ObservedAttachment,
} from './plan-attachment.ts';

const MANAGED_ANNOTATION = 'volumes.kubernetes.io/controller-managed-attach-detach';
const BY_CLAIM = 'claimsOfPod';
const RETRY = { initialMs: 500, factor: 2, maxMs: 122_000 };

/** What this controller knows about the attachments that are its business. */
interface Known {
  readonly attachment: Attachment;
  readonly memory: AttachmentMemory;
}

interface State {
  readonly known: Map<string, Known>;
  nodeVolumes?: NodeVolumes;
}

export interface AttachDetachOptions {
  readonly disableForceDetach: boolean;
}

export function attachDetachController(options: AttachDetachOptions): AnyControllerDefinition {
  const state: State = { known: new Map() };
  return defineController<VolumeAttachment, ObservedAttachment, AttachmentPlan>({
    name: 'persistentvolume-attach-detach-controller',
    for: volumeAttachments,
    watches: [
      watching(pods, { map: (pod, context) => keysOf(pod, state, context), changed: mattersOfPod }),
      watching(persistentVolumeClaims, {
        map: (claim, context) => keysOfClaim(claim, state, context),
        changed: (old, claim) => old.status?.phase !== claim.status?.phase,
      }),
      watching(nodes, { map: (node, context) => keysOnNode(node, state, context), changed: mattersOfNode }),
    ],
    reads: [persistentVolumes, csiDrivers],
    setup: (context) => setup(state, context),
    observe: (key, context) => observe(key.name, state, options, context),
    plan: planAttachment,
    apply: (plan, observed, context) => apply(plan, observed, state, context),
  });
}

function setup(state: State, context: ControllerContext): void {
  const { informers, enqueue } = context;
  const attachments = informers.get(volumeAttachments);
  attachments.addIndex(BY_NODE, ({ spec }) => [spec.nodeName]);
  const podInformer = informers.get(pods);
  podInformer.addIndex(BY_CLAIM, (pod) => claimNames(pod).map((name) => `${pod.metadata.namespace}/${name}`));
  addNodeIndex(podInformer);
  const nodeVolumes = new NodeVolumes(context, (object) => attachmentOfObject(object, context));
  state.nodeVolumes = nodeVolumes;
  // Attachments that a controller before this one has left are its business too; those that others make later are not.
  void Promise.all([attachments.synced, informers.get(persistentVolumes).synced, informers.get(nodes).synced]).then(
    () => {
      for (const object of attachments.list()) {
        const attachment = attachmentOfObject(object, context);
        if (!attachment || state.known.has(object.metadata.name)) continue;
        state.known.set(object.metadata.name, { attachment, memory: {} });
        enqueue(object.metadata);
      }
      for (const node of informers.get(nodes).list()) updateNode(node.metadata.name, state, context);
    },
  );
}

function observe(
  name: string,
  { known }: State,
  { disableForceDetach }: AttachDetachOptions,
  context: ControllerContext,
): ObservedAttachment | undefined {
  const entry = known.get(name);
  if (!entry) return undefined;
  const { attachment, memory } = entry;
  const { informers, clock } = context;
  const node = informers.get(nodes).get({ name: attachment.node });
  const onNode = wantingPods(attachment.volume, attachment.node, context);
  return {
    attachment,
    memory,
    object: informers.get(volumeAttachments).get({ name }),
    pods: isManaged(node) ? onNode : [],
    node,
    elsewhere: elsewhere(attachment, known, context),
    disableForceDetach,
    now: clock.now(),
  };
}

/** Of attachments that are not this controller's business nothing is known. */
function elsewhere(
  { name, volume }: Attachment,
  known: State['known'],
  context: ControllerContext,
): ObservedAttachment['elsewhere'] {
  return [...known.values()].flatMap(({ attachment, memory }) => {
    if (attachment.name === name || attachment.volume.metadata.name !== volume.metadata.name) return [];
    const object = context.informers.get(volumeAttachments).get({ name: attachment.name });
    const isChanging = memory.attaching !== undefined || memory.detaching !== undefined;
    if (!isChanging && !object?.status?.attached) return [];
    return [{ isChanging, pods: wantingPods(volume, attachment.node, context) }];
  });
}

async function apply(
  plan: AttachmentPlan,
  observed: ObservedAttachment,
  state: State,
  context: ControllerContext,
): Promise<Requeue | void> {
  const { attachment, memory } = observed;
  const remember = (next: AttachmentMemory): void =>
    void state.known.set(attachment.name, { attachment, memory: next });
  const { nodeVolumes } = state;
  assert(nodeVolumes, 'the controller has been set up');
  switch (plan.do) {
    case 'nothing':
      return;
    case 'wait':
      remember(plan.memory);
      return { requeueAfterMs: plan.requeueAfterMs };
    case 'forget':
      state.known.delete(attachment.name);
      nodeVolumes.stay(attachment.name);
      retryConflicts(attachment, state, context);
      return;
    case 'attach':
      return attach(observed, remember, context);
    case 'attached':
      remember({});
      for (const pod of observed.pods) {
        const message = `AttachVolume.Attach succeeded for volume "${attachment.volume.metadata.name}" `;
        context.events.event(pod, 'Normal', 'SuccessfulAttachVolume', message);
      }
      await nodeVolumes.update(attachment.node);
      retryConflicts(attachment, state, context);
      return;
    case 'fail':
      retryConflicts(attachment, state, context);
      if (plan.step === 'detach') nodeVolumes.stay(attachment.name);
      return fail(plan, observed, remember, context);
    case 'conflict':
      remember({ ...memory, isConflictTold: true });
      for (const { pod, text } of plan.messages) context.events.event(pod, 'Warning', 'FailedAttachVolume', text);
      return;
    case 'detach':
      return detach(plan, observed, remember, nodeVolumes, context);
  }
}

type Remember = (memory: AttachmentMemory) => void;

async function attach(observed: ObservedAttachment, remember: Remember, context: ControllerContext): Promise<Requeue> {
  const { attachment, memory, object } = observed;
  const { name, driver, node, volume } = attachment;
  const { failures } = memory;
  // Before anything is asked for: others that want the volume must see that it is on its way.
  remember({ attaching: context.clock.now(), ...(failures === undefined ? {} : { failures }) });
  if (!object) {
    const source = { persistentVolumeName: volume.metadata.name };
    try {
      const made = { metadata: { name }, spec: { attacher: driver, nodeName: node, source } };
      await context.client.create(volumeAttachments, made, { signal: context.signal });
    } catch (error) {
      if (!isAlreadyExists(error))
        return fail({ message: errorMessage(error), step: 'attach' }, observed, remember, context);
    }
  }
  // The driver may have answered before; without an attachment in the cache there is nothing to look at yet.
  return { requeueAfterMs: object ? 0 : undefined };
}

async function detach(
  { unchecked }: { readonly unchecked: boolean },
  observed: ObservedAttachment,
  remember: Remember,
  nodeVolumes: NodeVolumes,
  context: ControllerContext,
): Promise<Requeue | void> {
  const { attachment, memory } = observed;
  const { client, signal } = context;
  try {
    await nodeVolumes.leave(attachment.node, attachment.name);
    if (!unchecked) await checkUnused(attachment, context);
    await client.delete(volumeAttachments, { name: attachment.name }, { signal }).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
    remember({ ...memory, detaching: context.clock.now() });
    return { requeueAfterMs: 0 };
  } catch (error) {
    nodeVolumes.stay(attachment.name);
    return fail({ message: errorMessage(error), step: 'detach' }, observed, remember, context);
  }
}

/** The cache may be old, and a volume that is taken away while it is used loses data. */
async function checkUnused(attachment: Attachment, { client, signal }: ControllerContext): Promise<void> {
  const node = await client.get(nodes, { name: attachment.node }, { signal }).catch((error: unknown) => {
    if (!isNotFound(error)) throw error;
    return undefined;
  });
  if (!node?.status?.volumesInUse?.includes(uniqueVolumeName(attachment))) return;
  throw new Error(`The volume ${attachment.volume.metadata.name} is still in use by node ${attachment.node}`);
}

function fail(
  { step, message }: { readonly step: 'attach' | 'detach'; readonly message: string },
  { attachment, memory, pods: wanting }: ObservedAttachment,
  remember: Remember,
  { clock, events, log }: ControllerContext,
): Requeue {
  const failures = (memory.failures ?? 0) + 1;
  const waitMs = backoffMs(RETRY, failures);
  remember({ failures, retryAt: clock.now() + waitMs });
  const volume = attachment.volume.metadata.name;
  if (step === 'detach') log.error('cannot detach a volume', { volume, node: attachment.node, cause: message });
  else {
    const text = `AttachVolume.Attach failed for volume "${volume}" : ${message}`;
    for (const pod of wanting) events.event(pod, 'Warning', 'FailedAttachVolume', text);
  }
  return { requeueAfterMs: waitMs };
}

/** Those that waited for the volume to be free. */
function retryConflicts({ volume }: Attachment, { known }: State, { enqueue }: ControllerContext): void {
  for (const [name, { attachment }] of known) {
    if (attachment.volume.metadata.name === volume.metadata.name) enqueue({ name });
  }
}

function wantingPods(volume: PersistentVolume, node: string, context: ControllerContext): readonly Pod[] {
  const caches = cachesOf(context);
  return podsOnNode(context.informers.get(pods), node).filter(
    (pod) =>
      !isPodTerminated(pod) &&
      attachmentsOf(pod, caches).some((each) => each.volume.metadata.name === volume.metadata.name),
  );
}

/** The attachments that a pod wants, which become known by that, and those that its node has. */
function keysOf(pod: Pod, state: State, context: ControllerContext): readonly ObjectKey[] {
  const { nodeName } = pod.spec;
  if (!nodeName || claimNames(pod).length === 0) return [];
  learn(pod, state, context);
  return knownKeysOn(nodeName, state);
}

function learn(pod: Pod, { known }: State, context: ControllerContext): void {
  const node = context.informers.get(nodes).get({ name: pod.spec.nodeName ?? '' });
  if (!isManaged(node) || isPodTerminated(pod) || !isThere(pod, context)) return;
  for (const attachment of attachmentsOf(pod, cachesOf(context))) {
    if (!known.has(attachment.name)) known.set(attachment.name, { attachment, memory: {} });
  }
}

function knownKeysOn(node: string, { known }: State): readonly ObjectKey[] {
  return [...known.values()]
    .filter(({ attachment }) => attachment.node === node)
    .map(({ attachment }) => ({ name: attachment.name }));
}

function keysOfClaim(
  { metadata }: PersistentVolumeClaim,
  state: State,
  context: ControllerContext,
): readonly ObjectKey[] {
  return context.informers
    .get(pods)
    .byIndex(BY_CLAIM, `${metadata.namespace}/${metadata.name}`)
    .flatMap((pod) => keysOf(pod, state, context));
}

function keysOnNode(node: Node, state: State, context: ControllerContext): readonly ObjectKey[] {
  // A node that registers again has forgotten what is attached to it.
  updateNode(node.metadata.name, state, context);
  const { name } = node.metadata;
  for (const pod of podsOnNode(context.informers.get(pods), name)) learn(pod, state, context);
  return knownKeysOn(name, state);
}

function updateNode(node: string, { nodeVolumes }: State, { log, signal }: ControllerContext): void {
  void nodeVolumes?.update(node).catch((error: unknown) => {
    if (!signal.aborted) log.warn('cannot say what is attached to a node', { node, error });
  });
}

function attachmentOfObject({ spec }: VolumeAttachment, { informers }: ControllerContext): Attachment | undefined {
  const name = spec.source.persistentVolumeName;
  const volume: PersistentVolume | undefined = name ? informers.get(persistentVolumes).get({ name }) : undefined;
  return volume && attachmentOf(volume, spec.nodeName);
}

function cachesOf({ informers }: ControllerContext): VolumeCaches {
  return {
    claim: (namespace, name) => informers.get(persistentVolumeClaims).get({ namespace, name }),
    volume: (name) => informers.get(persistentVolumes).get({ name }),
    driver: (name) => informers.get(csiDrivers).get({ name }),
  };
}

function isThere(pod: Pod, { informers }: ControllerContext): boolean {
  return informers.get(pods).get(pod.metadata)?.metadata.uid === pod.metadata.uid;
}

function isManaged(node: Node | undefined): boolean {
  return node?.metadata.annotations?.[MANAGED_ANNOTATION] !== undefined;
}

function claimNames({ metadata, spec }: Pod): readonly string[] {
  return (spec.volumes ?? []).flatMap(({ name, persistentVolumeClaim, ephemeral }) => {
    if (persistentVolumeClaim) return [persistentVolumeClaim.claimName];
    return ephemeral ? [`${metadata.name}-${name}`] : [];
  });
}

function mattersOfPod(old: Pod, pod: Pod): boolean {
  return (
    claimNames(pod).length > 0 &&
    (old.spec.nodeName !== pod.spec.nodeName || isPodTerminated(old) !== isPodTerminated(pod))
  );
}

/** Heartbeats do not matter. */
function mattersOfNode(old: Node, node: Node): boolean {
  const facts = ({ metadata, spec, status }: Node): string =>
    JSON.stringify([
      metadata.annotations?.[MANAGED_ANNOTATION],
      spec?.taints?.map(({ key }) => key),
      status?.volumesInUse,
      status?.volumesAttached,
    ]);
  return facts(old) !== facts(node);
}
