import { persistentVolumeClaims, persistentVolumes } from '@kts/api';
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '@kts/api/types/core-v1';
import type { CSIDriver, CSINode, CSIStorageCapacity, StorageClass } from '@kts/api/types/storage-v1';
import { deepEqual, quantityCompare } from '@kts/apimachinery';
import type { Binding } from '../framework/binding.ts';
import { always, hint } from '../framework/cluster-event.ts';
import { SKIP, unresolvable, type Plugin } from '../framework/plugin.ts';
import type { PodInfo } from '../framework/pod-info.ts';
import type { Listers } from '../framework/snapshot.ts';
import {
  claimReferences,
  classNameOf,
  classOf,
  isFullyBound,
  missingClaim,
  usesClaim,
  whyNotOwned,
} from './pod-claims.ts';
import {
  isPromisedTo,
  planVolumes,
  SELECTED_NODE,
  volumeChoices,
  volumeLimit,
  type PodClaims,
  type VolumeChoices,
  type VolumePlan,
} from './volume-plan.ts';

/**
 * A pod goes where its volumes are, or can be; claims that wait for their first consumer are bound on the way.
 *
 * Mirrors: pkg/scheduler/framework/plugins/volumebinding (v1.36)
 * Differs: volumes of the removed in-tree drivers are not translated to CSI; free capacity is not scored (alpha).
 */
export interface VolumeBindingArgs {
  /** How long to wait for claims to be bound. Default 600. */
  readonly bindTimeoutSeconds?: number;
}

interface VolumeState extends PodClaims {
  readonly choices: VolumeChoices;
  /** What `reserve` has assumed, as it is to be written. */
  plan?: VolumePlan;
}

const UNBOUND_IMMEDIATE = unresolvable('pod has unbound immediate PersistentVolumeClaims');
const BOUND_BY_CONTROLLER = 'pv.kubernetes.io/bound-by-controller';
const MIGRATED_PLUGINS = 'storage.alpha.kubernetes.io/migrated-plugins';
const POLL_MS = 1000;

export function volumeBinding(args: VolumeBindingArgs = {}): Plugin<VolumeState> {
  const timeoutMs = (args.bindTimeoutSeconds ?? 600) * 1000;
  return {
    name: 'VolumeBinding',
    requeueOn: volumeBindingEvents,
    preFilter: ({ pod }, { listers }) => {
      const references = claimReferences(pod);
      if (references.length === 0) return SKIP;
      const claims: PersistentVolumeClaim[] = [];
      for (const reference of references) {
        const claim = usableClaim(pod, reference.claimName, reference.ephemeral, listers);
        if (typeof claim === 'string') return { reject: unresolvable(claim) };
        claims.push(claim);
      }
      const bound = claims.filter(isFullyBound);
      const unbound = claims.filter((claim) => !isFullyBound(claim));
      const waiting = unbound.filter((claim) => waitsForConsumer(claim, listers) && !claim.spec?.volumeName);
      return waiting.length < unbound.length
        ? { reject: UNBOUND_IMMEDIATE }
        : { state: { bound, waiting, choices: volumeChoices(listers) } };
    },
    filter: (_, { node }, state) => {
      const plan = planVolumes(state, node, state.choices);
      return 'bindings' in plan ? undefined : unresolvable(...plan);
    },
    reserve: (_, { node }, state, { assumptions }) => {
      const plan = planVolumes(state, node, state.choices);
      if (!('bindings' in plan)) return unresolvable(...plan);
      state.plan = {
        bindings: plan.bindings.map(({ volume, claim }) => ({ volume: promisedTo(volume, claim), claim })),
        provision: plan.provision.map((claim) => withAnnotation(claim, SELECTED_NODE, node.metadata.name)),
      };
      for (const { volume } of state.plan.bindings) assumptions.assumeVolume(volume);
      for (const claim of state.plan.provision) assumptions.assumeClaim(claim);
      return undefined;
    },
    unreserve: (_, __, { plan }, { assumptions }) => {
      for (const { volume } of plan?.bindings ?? []) assumptions.forgetVolume(volume.metadata.name);
      for (const claim of plan?.provision ?? []) assumptions.forgetClaim(claim);
    },
    needsPreBind: (_, __, { waiting }) => waiting.length > 0,
    preBind: async (pod, { node }, { plan, waiting }, binding) => {
      if (plan === undefined || waiting.length === 0) return;
      await writePlan(plan, binding);
      const deadline = binding.clock.monotonic() + timeoutMs;
      do {
        await binding.clock.sleep(POLL_MS, binding.signal);
        if (isDone(pod, node.metadata.name, plan, binding.listers)) return;
      } while (binding.clock.monotonic() < deadline);
      throw new Error('binding volumes: context deadline exceeded');
    },
  };
}

/** The claim, or what is wrong with it. */
function usableClaim(pod: Pod, name: string, ephemeral: boolean, listers: Listers): PersistentVolumeClaim | string {
  const claim = listers.persistentVolumeClaims.get({ namespace: pod.metadata.namespace, name });
  if (claim === undefined) {
    const waiting = `waiting for ephemeral volume controller to create the persistentvolumeclaim "${name}"`;
    return ephemeral ? waiting : missingClaim(name);
  }
  if (claim.status?.phase === 'Lost') {
    return `persistentvolumeclaim "${name}" bound to non-existent persistentvolume "${claim.spec?.volumeName ?? ''}"`;
  }
  if (claim.metadata.deletionTimestamp !== undefined) return `persistentvolumeclaim "${name}" is being deleted`;
  return (ephemeral ? whyNotOwned(pod, claim) : undefined) ?? claim;
}

function waitsForConsumer(claim: PersistentVolumeClaim, listers: Listers): boolean {
  const storageClass = classOf(claim, listers);
  if (storageClass !== undefined && storageClass.volumeBindingMode === undefined) {
    throw new Error(`VolumeBindingMode not set for StorageClass "${classNameOf(claim)}"`);
  }
  return storageClass?.volumeBindingMode === 'WaitForFirstConsumer';
}

function promisedTo(volume: PersistentVolume, claim: PersistentVolumeClaim): PersistentVolume {
  const { namespace, name, uid, resourceVersion } = claim.metadata;
  const claimRef = { kind: 'PersistentVolumeClaim', apiVersion: 'v1', namespace, name, uid, resourceVersion };
  const promised = { ...volume, spec: { ...volume.spec!, claimRef } };
  return isPromisedTo(volume, claim) ? promised : withAnnotation(promised, BOUND_BY_CONTROLLER, 'yes');
}

function withAnnotation<T extends PersistentVolume | PersistentVolumeClaim>(object: T, key: string, value: string): T {
  const annotations = { ...object.metadata.annotations, [key]: value };
  return { ...object, metadata: { ...object.metadata, annotations } };
}

async function writePlan({ bindings, provision }: VolumePlan, { client, signal }: Binding): Promise<void> {
  for (const { volume } of bindings) await client.update(persistentVolumes, volume, { signal });
  for (const claim of provision) await client.update(persistentVolumeClaims, claim, { signal });
}

/** Whether the volume controller has bound all claims. Throws if that can no longer happen. */
function isDone({ pod }: PodInfo, nodeName: string, plan: VolumePlan, listers: Listers): boolean {
  const current = ({ metadata }: PersistentVolumeClaim): PersistentVolumeClaim => {
    const claim = listers.persistentVolumeClaims.get({ namespace: metadata.namespace, name: metadata.name });
    if (claim === undefined)
      throw new Error(`binding volumes: failed to check binding: ${missingClaim(metadata.name)}`);
    return claim;
  };
  const provisioned = plan.provision.map(current);
  for (const { metadata } of provisioned) {
    if (metadata.annotations?.[SELECTED_NODE] !== nodeName) {
      throw new Error(`binding volumes: provisioning failed for PVC "${metadata.name}" of pod ${pod.metadata.name}`);
    }
  }
  return [...plan.bindings.map(({ claim }) => current(claim)), ...provisioned].every(isFullyBound);
}

const volumeBindingEvents: NonNullable<Plugin['requeueOn']> = {
  'StorageClass/Add': always,
  'StorageClass/Update': hint<StorageClass>(
    (_, { before, after }) => !deepEqual(before!.allowedTopologies, after!.allowedTopologies),
  ),
  'PersistentVolumeClaim/Add': hint<PersistentVolumeClaim>((pod, { after }) => usesClaim(pod, after!)),
  'PersistentVolumeClaim/Update': hint<PersistentVolumeClaim>((pod, { after }) => usesClaim(pod, after!)),
  'PersistentVolume/Add': always,
  'PersistentVolume/Update': always,
  'Node/Add': always,
  'Node/UpdateLabels': always,
  'CSINode/Add': always,
  'CSINode/Update': hint<CSINode>(
    (_, { before, after }) =>
      before!.metadata.annotations?.[MIGRATED_PLUGINS] !== after!.metadata.annotations?.[MIGRATED_PLUGINS],
  ),
  'CSIDriver/Update': hint<CSIDriver>(
    (pod, { before, after }) =>
      Boolean(before!.spec.storageCapacity && !after!.spec.storageCapacity) &&
      (pod.spec.volumes ?? []).some(({ csi }) => csi?.driver === after!.metadata.name),
  ),
  'CSIStorageCapacity/Add': always,
  'CSIStorageCapacity/Update': hint<CSIStorageCapacity>((_, { before, after }) => {
    const [old, now] = [volumeLimit(before!), volumeLimit(after!)];
    return now !== undefined && (old === undefined || quantityCompare(now, old) > 0);
  }),
};
