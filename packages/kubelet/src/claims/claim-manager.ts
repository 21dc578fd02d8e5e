import { resourceClaims } from '@kts/api';
import type { Pod } from '@kts/api/types/core-v1';
import type { ResourceClaim } from '@kts/api/types/resource-v1';
import type { Client } from '@kts/client';
import type { Logger } from '@kts/base';
import type { FileSystem } from '../host/file-system.ts';
import type { AnyContainer } from '../pod/containers.ts';
import type { ClaimDrivers } from './claim-drivers.ts';
import type { ClaimReference, PrepareAnswer, PreparedDevice, UnprepareAnswer } from './claim-protocol.ts';
import { claimProblem, containerRequests, podClaims } from './pod-claims.ts';

export interface ClaimManagerDeps {
  readonly drivers: ClaimDrivers;
  readonly client: Client;
  readonly files: FileSystem;
  readonly log: Logger;
  readonly rootDirectory: string;
}

/** A claim that drivers have been asked to prepare, maybe without success. */
interface KnownClaim extends ClaimReference {
  readonly pods: readonly string[];
  /** Its devices by driver. */
  readonly drivers: Readonly<Record<string, readonly PreparedDevice[]>>;
  /** By this kubelet; what an earlier one has prepared is prepared again. */
  readonly isPrepared: boolean;
}

const CHECKPOINT = 'dra_manager_state';
const FILE_MODE = 0o600;
const CALL_MS_MAX = 45_000;

/**
 * Has drivers prepare what a pod's resource claims were allocated, and undo that after the pod's end.
 *
 * Mirrors: pkg/kubelet/cm/dra/manager.go (v1.36)
 */
export class ClaimManager {
  readonly #deps: ClaimManagerDeps;
  /** By `namespace/name`. */
  readonly #claims = new Map<string, KnownClaim>();
  /** One pod at a time: claims are shared. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(deps: ClaimManagerDeps) {
    this.#deps = deps;
  }

  /** Reads what an earlier kubelet has prepared. */
  async restore(): Promise<void> {
    const { files } = this.#deps;
    if ((await files.stat(this.#checkpoint)) === undefined) return;
    const text = new TextDecoder().decode(await files.readFile(this.#checkpoint));
    for (const claim of JSON.parse(text) as readonly KnownClaim[]) {
      this.#claims.set(keyOf(claim), { ...claim, isPrepared: false });
    }
  }

  /** Resolves when all of the pod's claims are prepared. Rejects with the reason why they cannot be. */
  prepare(pod: Pod, signal: AbortSignal): Promise<void> {
    if (!concerns(pod)) return Promise.resolve();
    return this.#inTurn(async () => {
      try {
        await this.#prepare(pod, signal);
      } catch (error) {
        throw new Error(`prepare dynamic resources: ${(error as Error).message}`, { cause: error });
      }
    });
  }

  /** The devices of a container, by the names that the runtime knows. */
  containerDevices(pod: Pod, container: AnyContainer): readonly string[] {
    if (!concerns(pod)) return [];
    return [...containerRequests(pod, container)].flatMap(([name, requests]) => {
      const { namespace } = pod.metadata;
      const claim = this.#claims.get(keyOf({ namespace, name }));
      if (!claim) throw new Error(`unable to get claim info for ResourceClaim ${name} in namespace ${namespace}`);
      const devices = Object.values(claim.drivers).flat();
      return requests.flatMap((request) => devices.filter((device) => isFor(device, request))).flatMap(namesOf);
    });
  }

  /** Undoes the preparation of claims that only this pod uses. */
  unprepare(uid: string, signal: AbortSignal): Promise<void> {
    if (!this.#uses(uid)) return Promise.resolve();
    return this.#inTurn(async () => {
      try {
        await this.#unprepare(uid, signal);
      } catch (error) {
        throw new Error(`unprepare dynamic resources: ${(error as Error).message}`, { cause: error });
      }
    });
  }

  /** Undoes the preparation for pods that are no more. */
  async retain(uids: ReadonlySet<string>, signal: AbortSignal): Promise<void> {
    const gone = new Set([...this.#claims.values()].flatMap(({ pods }) => pods).filter((uid) => !uids.has(uid)));
    for (const uid of gone) {
      try {
        await this.unprepare(uid, signal);
      } catch (error) {
        if (signal.aborted) throw error;
        this.#deps.log.info('failed to give back the resources of a pod, will try again', { podUid: uid, error });
      }
    }
  }

  async #prepare(pod: Pod, signal: AbortSignal): Promise<void> {
    const { uid } = pod.metadata;
    // All is checked before anything is remembered, so that a pod that cannot have its claims can be deleted.
    const wanted = await this.#wanted(pod, signal);
    for (const claim of wanted) this.#addPod(claim, uid);
    await this.#save();
    const unprepared = wanted.map((claim) => this.#claims.get(keyOf(claim.metadata))!).filter((one) => !one.isPrepared);
    for (const [driver, claims] of byDriver(unprepared)) {
      const answer = (await this.#call(driver, 'nodePrepareResources', claims, signal)) as PrepareAnswer;
      check('NodePrepareResources', claims, answer.claims);
      for (const claim of claims) {
        const known = this.#claims.get(keyOf(claim))!;
        const { devices } = answer.claims[claim.uid]!;
        this.#claims.set(keyOf(claim), { ...known, drivers: { ...known.drivers, [driver]: devices } });
      }
    }
    for (const claim of unprepared) {
      const known = this.#claims.get(keyOf(claim))!;
      this.#claims.set(keyOf(claim), { ...known, isPrepared: true });
    }
    await this.#save();
  }

  /** The objects of the pod's claims, each allowed to it, with their drivers there. */
  async #wanted(pod: Pod, signal: AbortSignal): Promise<readonly ResourceClaim[]> {
    const { namespace } = pod.metadata;
    const found: ResourceClaim[] = [];
    for (const { claimName: name, isOwned } of podClaims(pod)) {
      const claim = await this.#fetch(namespace, name, signal);
      const problem = claimProblem(pod, claim, isOwned);
      if (problem !== undefined) throw new Error(problem);
      for (const driver of driversOf(claim)) this.#deps.drivers.get(driver);
      const known = this.#claims.get(keyOf({ namespace, name }));
      if (known && known.uid !== claim.metadata.uid) {
        throw new Error(
          `old ResourceClaim with same name ${name} and different UID ${known.uid} still exists (previous pod force-deleted?!)`,
        );
      }
      found.push(claim);
    }
    return found;
  }

  async #fetch(namespace: string, name: string, signal: AbortSignal): Promise<ResourceClaim> {
    try {
      return await this.#deps.client.get(resourceClaims, { namespace, name }, { signal });
    } catch (error) {
      if (signal.aborted) throw error;
      throw new Error(`fetch ResourceClaim ${name}: ${(error as Error).message}`, { cause: error });
    }
  }

  #addPod(claim: ResourceClaim, uid: string): void {
    const { namespace, name } = claim.metadata;
    const key = keyOf({ namespace, name });
    const known = this.#claims.get(key) ?? {
      namespace,
      name,
      uid: claim.metadata.uid,
      pods: [],
      drivers: Object.fromEntries(driversOf(claim).map((driver) => [driver, []])),
      isPrepared: false,
    };
    this.#claims.set(key, { ...known, pods: [...new Set([...known.pods, uid])] });
  }

  async #unprepare(uid: string, signal: AbortSignal): Promise<void> {
    const used = [...this.#claims.values()].filter(({ pods }) => pods.includes(uid));
    const last = used.filter(({ pods }) => pods.length === 1);
    for (const [driver, claims] of byDriver(last)) {
      const answer = (await this.#call(driver, 'nodeUnprepareResources', claims, signal)) as UnprepareAnswer;
      check('NodeUnprepareResources', claims, answer.claims);
    }
    for (const claim of used) {
      const pods = claim.pods.filter((one) => one !== uid);
      if (pods.length === 0) this.#claims.delete(keyOf(claim));
      else this.#claims.set(keyOf(claim), { ...claim, pods });
    }
    await this.#save();
  }

  async #call(
    driver: string,
    method: 'nodePrepareResources' | 'nodeUnprepareResources',
    claims: readonly ClaimReference[],
    signal: AbortSignal,
  ): Promise<unknown> {
    const socket = this.#deps.drivers.get(driver);
    const request = { claims: claims.map(({ namespace, uid, name }) => ({ namespace, uid, name })) };
    try {
      return await socket.call('DRAPlugin', method, request, { signal, timeoutMs: CALL_MS_MAX });
    } catch (error) {
      if (signal.aborted) throw error;
      throw new Error(`${method[0]!.toUpperCase()}${method.slice(1)}: ${(error as Error).message}`, { cause: error });
    }
  }

  #uses(uid: string): boolean {
    return this.#claims.values().some(({ pods }) => pods.includes(uid));
  }

  async #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    await done;
  }

  get #checkpoint(): string {
    return `${this.#deps.rootDirectory}/${CHECKPOINT}`;
  }

  async #save(): Promise<void> {
    const { files } = this.#deps;
    const text = JSON.stringify([...this.#claims.values()]);
    await files.writeFile(`${this.#checkpoint}.new`, new TextEncoder().encode(text), FILE_MODE);
    await files.rename(`${this.#checkpoint}.new`, this.#checkpoint);
  }
}

function concerns({ spec, status }: Pod): boolean {
  return (spec.resourceClaims?.length ?? 0) > 0 || status?.extendedResourceClaimStatus !== undefined;
}

function keyOf({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace}/${name}`;
}

function driversOf({ status }: ResourceClaim): readonly string[] {
  return [...new Set(status?.allocation?.devices?.results?.map(({ driver }) => driver))];
}

function byDriver(claims: readonly KnownClaim[]): ReadonlyMap<string, readonly KnownClaim[]> {
  const batches = new Map<string, KnownClaim[]>();
  for (const claim of claims) {
    for (const driver of Object.keys(claim.drivers)) batches.getOrInsert(driver, []).push(claim);
  }
  return batches;
}

/** Throws unless there is a good answer for every claim, and for nothing else. */
function check(
  method: string,
  claims: readonly ClaimReference[],
  answers: Readonly<Record<string, { readonly error: string }>>,
): void {
  for (const [uid, { error }] of Object.entries(answers)) {
    const claim = claims.find((one) => one.uid === uid);
    if (!claim) throw new Error(`${method} returned result for unknown claim UID ${uid}`);
    if (error !== '') throw new Error(`${method} failed for ResourceClaim ${claim.name}: ${error}`);
  }
  const skipped = claims.length - Object.keys(answers).length;
  if (skipped > 0) throw new Error(`${method} skipped ${skipped} ResourceClaims`);
}

function isFor({ requestNames }: PreparedDevice, request: string): boolean {
  return request === '' || requestNames.length === 0 || requestNames.includes(request);
}

function namesOf({ cdiDeviceIds }: PreparedDevice): readonly string[] {
  return cdiDeviceIds;
}
