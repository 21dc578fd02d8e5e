/**
 * Binds claims to volumes, and sets volumes free when their claims have gone.
 *
 * Mirrors: pkg/controller/volume/persistentvolume/pv_controller.go, pv_controller_base.go (v1.36)
 * Differs: a volume that becomes available is offered at once to the claims that wait for one, not only at the next
 * periodic look.
 */
import { persistentVolumeClaims, persistentVolumes, pods, storageClasses } from '@kts/api';
import type { PersistentVolume, PersistentVolumeClaim } from '@kts/api/types/core-v1';
import { isNotFound, keyText, type ObjectKey } from '@kts/apimachinery';
import {
  defineController,
  watching,
  type AnyControllerDefinition,
  type ControllerContext,
  type Informer,
  type Requeue,
} from '@kts/controlkit';

import { BEHIND_MS, createWrittenVersions, type WrittenVersions } from '../consistency/written-versions.ts';
import { planClaim, type ClaimEvent, type ClaimPlan, type ObservedClaim } from './plan-claim.ts';
import { planVolume, type Reclaim, type VolumePlan } from './plan-volume.ts';
import { boundClaim, boundVolume, claimInPhase, unboundVolume } from './volume-changes.ts';
import { classOfClaim, classOfVolume } from './volume-match.ts';

const BY_CLAIM = 'claimsNamedByPod';
const PROVISIONER_ANNOTATIONS = [
  'volume.beta.kubernetes.io/storage-provisioner',
  'volume.kubernetes.io/storage-provisioner',
];
/** Two claims must not be given the same volume. */
const WORKERS = 1;

/** Both halves, which must see what the other has written. */
export function persistentVolumeControllers(syncPeriodMs: number): readonly AnyControllerDefinition[] {
  const binder = new Binder(createWrittenVersions(), syncPeriodMs);
  return [claimController(binder), volumeController(binder)];
}

function claimController(binder: Binder): AnyControllerDefinition {
  return defineController<PersistentVolumeClaim, ObservedClaim, ClaimPlan>({
    name: 'persistentvolumeclaim-binder',
    for: persistentVolumeClaims,
    watches: [watching(persistentVolumes, { map: claimsOfVolume })],
    reads: [pods, storageClasses],
    workers: WORKERS,
    setup: ({ informers }) => {
      informers.get(pods).addIndex(BY_CLAIM, ({ metadata, spec }) =>
        (spec.volumes ?? []).flatMap(({ name, persistentVolumeClaim, ephemeral }) => {
          const claimName = persistentVolumeClaim?.claimName ?? (ephemeral && `${metadata.name}-${name}`);
          return claimName === undefined ? [] : [`${metadata.namespace}/${claimName}`];
        }),
      );
    },
    observe: (key, context) => {
      const { informers } = context;
      const claim = informers.get(persistentVolumeClaims).get(key);
      if (!claim || !binder.isCaughtUp(key, context)) return undefined;
      return {
        claim,
        volumes: candidates(claim, informers.get(persistentVolumes)),
        classes: informers.get(storageClasses).list(),
        pods: informers.get(pods).byIndex(BY_CLAIM, keyText(key)),
      };
    },
    plan: planClaim,
    apply: (plan, { claim }, context) => binder.applyClaim(plan, claim, context),
  });
}

/** A claim that names a volume has no choice. */
function candidates({ spec }: PersistentVolumeClaim, volumes: Informer<PersistentVolume>): readonly PersistentVolume[] {
  if (!spec.volumeName) return volumes.list();
  const volume = volumes.get({ name: spec.volumeName });
  return volume ? [volume] : [];
}

interface ObservedVolume {
  readonly volume: PersistentVolume;
  readonly claim: PersistentVolumeClaim | undefined;
}

function volumeController(binder: Binder): AnyControllerDefinition {
  return defineController<PersistentVolume, ObservedVolume, VolumePlan>({
    name: 'persistentvolume-binder',
    for: persistentVolumes,
    watches: [watching(persistentVolumeClaims, { map: volumesOfClaim })],
    workers: WORKERS,
    observe: (key, context) => {
      const volume = context.informers.get(persistentVolumes).get(key);
      if (!volume || !binder.isCaughtUp(key, context)) return undefined;
      const { namespace = '', name = '' } = volume.spec?.claimRef ?? {};
      return { volume, claim: context.informers.get(persistentVolumeClaims).get({ namespace, name }) };
    },
    plan: ({ volume, claim }) => planVolume(volume, claim),
    apply: (plan, { volume }, context) => binder.applyVolume(plan, volume, context),
  });
}

class Binder {
  readonly #written: WrittenVersions;
  readonly #syncPeriodMs: number;

  constructor(written: WrittenVersions, syncPeriodMs: number) {
    this.#written = written;
    this.#syncPeriodMs = syncPeriodMs;
  }

  /** If not, the key comes back. */
  isCaughtUp(key: ObjectKey, context: ControllerContext): boolean {
    if (this.#written.isCaughtUp(key)) return true;
    context.enqueue(key, BEHIND_MS);
    return false;
  }

  async applyClaim(plan: ClaimPlan, claim: PersistentVolumeClaim, context: ControllerContext): Promise<Requeue> {
    const again = { requeueAfterMs: this.#syncPeriodMs };
    switch (plan.do) {
      case 'bind':
        await this.#bind(plan.volume, claim, context);
        return {};
      case 'wait':
        if (plan.event) tell(claim, plan.event, context);
        await this.#setClaimPhase(claim, 'Pending', undefined, context);
        return again;
      case 'lose':
        if (claim.status?.phase === 'Lost') return again;
        tell(await this.#setClaimPhase(claim, 'Lost', undefined, context), plan.event, context);
        return again;
      case 'set class':
        await this.#updateClaim({ ...claim, spec: { ...claim.spec, storageClassName: plan.className } }, context);
        return {};
      case 'ask':
        await this.#askProvisioner(plan.provisioner, claim, context);
        return again;
      case 'tell':
        tell(claim, plan.event, context);
        return again;
      case 'fail':
        tell(claim, plan.event, context);
        throw new Error(plan.message);
    }
  }

  async applyVolume(plan: VolumePlan, volume: PersistentVolume, context: ControllerContext): Promise<Requeue> {
    const again = { requeueAfterMs: this.#syncPeriodMs };
    switch (plan.do) {
      case 'set phase':
        await this.#setVolumePhase(volume, plan.phase, context);
        return {};
      case 'wait for claim':
        return again;
      case 'mismatch':
        tellMismatch(volume, context);
        return again;
      case 'unbind': {
        const updated = await this.#updateVolume(unboundVolume(volume), context);
        await this.#setVolumePhase(updated, 'Available', context);
        return {};
      }
      case 'release':
        if (await isClaimThere(volume, context)) return { requeueAfterMs: BEHIND_MS };
        await this.#release(volume, plan.reclaim, context);
        return again;
    }
  }

  /** Four writes, each of which may be the last: whatever was not done is done at the next look. */
  async #bind(seen: PersistentVolume, claim: PersistentVolumeClaim, context: ControllerContext): Promise<void> {
    const toVolume = boundVolume(seen, claim);
    let volume = toVolume === seen ? seen : await this.#updateVolume(toVolume, context);
    volume = await this.#setVolumePhase(volume, 'Bound', context);
    const toClaim = boundClaim(claim, volume);
    const bound = toClaim === claim ? claim : await this.#updateClaim(toClaim, context);
    await this.#setClaimPhase(bound, 'Bound', volume, context);
  }

  async #askProvisioner(provisioner: string, claim: PersistentVolumeClaim, context: ControllerContext): Promise<void> {
    const { annotations } = claim.metadata;
    if (annotations?.[PROVISIONER_ANNOTATIONS[1]!] !== provisioner) {
      const named = Object.fromEntries(PROVISIONER_ANNOTATIONS.map((name) => [name, provisioner]));
      await this.#updateClaim(
        { ...claim, metadata: { ...claim.metadata, annotations: { ...annotations, ...named } } },
        context,
      );
    }
    const message =
      `Waiting for a volume to be created either by the external provisioner '${provisioner}' ` +
      'or manually by the system administrator. If volume creation is delayed, please verify that ' +
      'the provisioner is running and correctly registered.';
    tell(claim, { type: 'Normal', reason: 'ExternalProvisioning', message }, context);
  }

  async #release(seen: PersistentVolume, reclaim: Reclaim, context: ControllerContext): Promise<void> {
    const isReleased = seen.status?.phase === 'Released' || seen.status?.phase === 'Failed';
    const volume = isReleased ? seen : await this.#setVolumePhase(seen, 'Released', context);
    const { client, events, signal } = context;
    if (reclaim.do === 'delete') await client.delete(persistentVolumes, { name: volume.metadata.name }, { signal });
    if (reclaim.do !== 'fail' || volume.status?.phase === 'Failed') return;
    await this.#setVolumePhase(volume, 'Failed', context, reclaim.message);
    events.event(volume, 'Warning', reclaim.reason, reclaim.message);
  }

  async #setClaimPhase(
    claim: PersistentVolumeClaim,
    phase: 'Pending' | 'Bound' | 'Lost',
    volume: PersistentVolume | undefined,
    context: ControllerContext,
  ): Promise<PersistentVolumeClaim> {
    const next = claimInPhase(claim, phase, volume);
    if (next === claim) return claim;
    const updated = await context.client.updateStatus(persistentVolumeClaims, next, { signal: context.signal });
    return this.#noteClaim(updated, context);
  }

  async #setVolumePhase(
    volume: PersistentVolume,
    phase: 'Available' | 'Bound' | 'Released' | 'Failed',
    context: ControllerContext,
    message = '',
  ): Promise<PersistentVolume> {
    if (volume.status?.phase === phase) return volume;
    const { message: _before, ...status } = volume.status ?? {};
    const next = { ...volume, status: { ...status, phase, ...(message ? { message } : {}) } };
    const updated = await context.client.updateStatus(persistentVolumes, next, { signal: context.signal });
    return this.#noteVolume(updated, context);
  }

  async #updateClaim(claim: PersistentVolumeClaim, context: ControllerContext): Promise<PersistentVolumeClaim> {
    const updated = await context.client.update(persistentVolumeClaims, claim, { signal: context.signal });
    return this.#noteClaim(updated, context);
  }

  async #updateVolume(volume: PersistentVolume, context: ControllerContext): Promise<PersistentVolume> {
    const updated = await context.client.update(persistentVolumes, volume, { signal: context.signal });
    return this.#noteVolume(updated, context);
  }

  #noteClaim(claim: PersistentVolumeClaim, { informers }: ControllerContext): PersistentVolumeClaim {
    this.#written.wrote(claim.metadata, informers.get(persistentVolumeClaims), claim);
    return { apiVersion: 'v1', kind: 'PersistentVolumeClaim', ...claim };
  }

  #noteVolume(volume: PersistentVolume, { informers }: ControllerContext): PersistentVolume {
    this.#written.wrote(volume.metadata, informers.get(persistentVolumes), volume);
    return { apiVersion: 'v1', kind: 'PersistentVolume', ...volume };
  }
}

/** Whether the volume's claim still wants it. The cache may be behind, and what is released may be deleted: the server is asked. */
async function isClaimThere(
  { metadata, spec, status }: PersistentVolume,
  { client, signal }: ControllerContext,
): Promise<boolean> {
  if (status?.phase === 'Released' || status?.phase === 'Failed') return false;
  const { namespace = '', name = '', uid } = spec?.claimRef ?? {};
  try {
    const claim = await client.get(persistentVolumeClaims, { namespace, name }, { signal });
    return claim.metadata.uid === uid && (claim.spec?.volumeName ?? metadata.name) === metadata.name;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}

function tell(
  claim: PersistentVolumeClaim,
  { type, reason, message }: ClaimEvent,
  { events }: ControllerContext,
): void {
  events.event(claim, type, reason, message);
}

function tellMismatch(volume: PersistentVolume, { events, informers }: ControllerContext): void {
  const { namespace = '', name = '' } = volume.spec?.claimRef ?? {};
  const claim = informers.get(persistentVolumeClaims).get({ namespace, name });
  const [claimName, volumeName] = [JSON.stringify(name), JSON.stringify(volume.metadata.name)];
  const cause = 'due to incompatible volumeMode.';
  const toVolume = `Cannot bind PersistentVolume to requested PersistentVolumeClaim ${claimName} ${cause}`;
  events.event(volume, 'Warning', 'VolumeMismatch', toVolume);
  const toClaim = `Cannot bind PersistentVolume ${volumeName} to requested PersistentVolumeClaim ${cause}`;
  if (claim) events.event(claim, 'Warning', 'VolumeMismatch', toClaim);
}

/** The claim that a volume names; of one that is free, those that wait for one of its class or ask for it. */
function claimsOfVolume(volume: PersistentVolume, { informers }: ControllerContext): readonly ObjectKey[] {
  const { namespace, name } = volume.spec?.claimRef ?? {};
  if (name !== undefined) return [{ ...(namespace === undefined ? {} : { namespace }), name }];
  const className = classOfVolume(volume);
  return informers
    .get(persistentVolumeClaims)
    .list()
    .filter(
      ({ spec, status }) =>
        status?.phase === 'Pending' && (!spec?.volumeName || spec.volumeName === volume.metadata.name),
    )
    .filter((claim) => classOfClaim(claim) === className)
    .map(({ metadata }) => metadata);
}

function volumesOfClaim({ spec }: PersistentVolumeClaim): readonly ObjectKey[] {
  return spec?.volumeName ? [{ name: spec.volumeName }] : [];
}
