/**
 * Creating, repairing and deleting a StatefulSet's pods and their claims, with the events that say so.
 *
 * Mirrors: pkg/controller/statefulset/stateful_pod_control.go (v1.36)
 */
import { persistentVolumeClaims, pods } from '@kts/api';
import type { StatefulSet } from '@kts/api/types/apps-v1';
import type { PersistentVolumeClaim, Pod } from '@kts/api/types/core-v1';
import { isAlreadyExists, isNotFound, type New } from '@kts/apimachinery';
import type { ControllerContext } from '@kts/controlkit';

import type { WrittenVersions } from '../consistency/written-versions.ts';
import { errorMessage } from '../pods/pod-control.ts';
import { areOwnersCurrent, hasOtherController, ownersAfterUpdate } from './claim-owners.ts';
import { claimsOf, withIdentity, type AnyPod } from './stateful-pod.ts';

export interface StatefulPodControl {
  create(set: StatefulSet, pod: New<Pod>): Promise<void>;
  delete(set: StatefulSet, pod: Pod): Promise<void>;
  repair(set: StatefulSet, pod: Pod): Promise<void>;
  createMissingClaims(set: StatefulSet, pod: AnyPod): Promise<void>;
  updateClaimOwners(set: StatefulSet, pod: AnyPod): Promise<void>;
}

export function createStatefulPodControl(context: ControllerContext, written: WrittenVersions): StatefulPodControl {
  return new Control(context, written);
}

class Control implements StatefulPodControl {
  readonly #context: ControllerContext;
  readonly #written: WrittenVersions;

  constructor(context: ControllerContext, written: WrittenVersions) {
    this.#context = context;
    this.#written = written;
  }

  async create(set: StatefulSet, pod: New<Pod>): Promise<void> {
    const { client, informers, signal } = this.#context;
    await this.#telling('Create', set, pod, () => this.#createClaims(set, pod), { onSuccess: false });
    try {
      this.#written.wrote(set.metadata, informers.get(pods), await client.create(pods, pod, { signal }));
    } catch (error) {
      if (!isAlreadyExists(error)) this.#tell('Create', set, pod, error);
      throw error;
    }
    await this.updateClaimOwners(set, pod);
    this.#tell('Create', set, pod);
  }

  async delete(set: StatefulSet, pod: Pod): Promise<void> {
    const { client, informers, signal } = this.#context;
    await this.#telling('Delete', set, pod, async () => {
      try {
        const deleted = await client.delete(pods, pod.metadata, { signal });
        if ('spec' in deleted) this.#written.wrote(set.metadata, informers.get(pods), deleted);
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    });
  }

  async repair(set: StatefulSet, pod: Pod): Promise<void> {
    const { client, informers, signal } = this.#context;
    await this.#telling('Update', set, pod, async () => {
      const repaired = withIdentity(set, pod);
      if (repaired.spec !== pod.spec) await this.#createClaims(set, pod);
      await this.#writeClaimOwners(set, pod);
      this.#written.wrote(set.metadata, informers.get(pods), await client.update(pods, repaired, { signal }));
    });
  }

  async createMissingClaims(set: StatefulSet, pod: AnyPod): Promise<void> {
    await this.#createClaims(set, pod);
    await this.updateClaimOwners(set, pod);
  }

  async updateClaimOwners(set: StatefulSet, pod: AnyPod): Promise<void> {
    await this.#telling('Update', set, pod, () => this.#writeClaimOwners(set, pod), { onSuccess: false });
  }

  async #writeClaimOwners(set: StatefulSet, pod: AnyPod): Promise<void> {
    const { client, informers, events, signal } = this.#context;
    for (const { metadata } of claimsOf(set, pod)) {
      const claim = this.#claim(set, metadata.name);
      if (!claim) continue;
      if (hasOtherController(claim, set, pod)) {
        const conflict = 'has a conflicting OwnerReference that acts as a manging controller';
        const message = `PersistentVolumeClaim ${metadata.name} ${conflict}, the retention policy is ignored for this claim`;
        events.event(set, 'Warning', 'ConflictingController', message);
      }
      if (areOwnersCurrent(claim, set, pod)) continue;
      const ownerReferences = ownersAfterUpdate(claim, set, pod);
      const next = { ...claim, metadata: { ...claim.metadata, ownerReferences } };
      try {
        const updated = await client.update(persistentVolumeClaims, next, { signal });
        this.#written.wrote(set.metadata, informers.get(persistentVolumeClaims), updated);
      } catch (error) {
        const text = `could not update claim ${metadata.name} for delete policy ownerRefs: ${errorMessage(error)}`;
        throw new Error(text, { cause: error });
      }
    }
  }

  /** Tries all, then throws what went wrong. */
  async #createClaims(set: StatefulSet, pod: AnyPod): Promise<void> {
    const problems: string[] = [];
    for (const claim of claimsOf(set, pod)) {
      const { name } = claim.metadata;
      const known = this.#claim(set, name);
      if (known?.metadata.deletionTimestamp !== undefined) problems.push(`pvc ${name} is being deleted`);
      if (known) continue;
      try {
        await this.#createClaim(set, pod, claim);
      } catch (error) {
        problems.push(`failed to create PVC ${name}: ${errorMessage(error)}`);
      }
    }
    if (problems.length === 1) throw new Error(problems[0]);
    if (problems.length > 1) throw new Error(`[${problems.join(', ')}]`);
  }

  async #createClaim(set: StatefulSet, pod: AnyPod, claim: New<PersistentVolumeClaim>): Promise<void> {
    const { client, informers, events, signal } = this.#context;
    const subject = `Create Claim ${claim.metadata.name}`;
    const owner = `Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name}`;
    try {
      const created = await client.create(persistentVolumeClaims, claim, { signal });
      this.#written.wrote(set.metadata, informers.get(persistentVolumeClaims), created);
      events.event(set, 'Normal', 'SuccessfulCreate', `${subject} ${owner} success`);
    } catch (error) {
      if (!isAlreadyExists(error)) {
        events.event(set, 'Warning', 'FailedCreate', `${subject} for ${owner} failed error: ${errorMessage(error)}`);
      }
      throw error;
    }
  }

  #claim({ metadata }: StatefulSet, name: string | undefined): PersistentVolumeClaim | undefined {
    const claims = this.#context.informers.get(persistentVolumeClaims);
    return name === undefined ? undefined : claims.get({ namespace: metadata.namespace, name });
  }

  async #telling(
    verb: Verb,
    set: StatefulSet,
    pod: AnyPod,
    work: () => Promise<void>,
    { onSuccess = true } = {},
  ): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#tell(verb, set, pod, error);
      throw error;
    }
    if (onSuccess) this.#tell(verb, set, pod);
  }

  #tell(verb: Verb, set: StatefulSet, pod: AnyPod, error?: unknown): void {
    const { events } = this.#context;
    const subject = `${verb} Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name}`;
    if (error === undefined) events.event(set, 'Normal', `Successful${verb}`, `${subject} successful`);
    else events.event(set, 'Warning', `Failed${verb}`, `${subject} failed error: ${errorMessage(error)}`);
  }
}

type Verb = 'Create' | 'Update' | 'Delete';
