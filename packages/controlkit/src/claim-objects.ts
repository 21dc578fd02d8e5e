import { isNotFound, keyText, StatusError, type KubeObject, type ResourceType } from '@kts/apimachinery';
import { forEachLimit } from '@kts/base';
import type { Client } from '@kts/client';

import { controllerRefOf, newControllerRef } from './owner-reference.ts';

/**
 * Which objects belong to a controller object (such as a ReplicaSet), and the patches that make their owner references
 * say so.
 *
 * Mirrors: pkg/controller/controller_ref_manager.go (v1.36)
 */
export interface Claims<T> {
  /** Controlled already, and the selector matches. */
  readonly owned: readonly T[];
  /** Nobody's, but the selector matches. */
  readonly adopt: readonly T[];
  /** Controlled, but the selector no longer matches. */
  readonly release: readonly T[];
}

type Controller = Pick<KubeObject, 'metadata'>;

export function planClaims<T extends KubeObject>(
  controller: Controller,
  objects: readonly T[],
  matches: (object: T) => boolean,
): Claims<T> {
  const claims = { owned: [] as T[], adopt: [] as T[], release: [] as T[] };
  const deleting = controller.metadata.deletionTimestamp !== undefined;
  for (const object of objects) {
    const reference = controllerRefOf(object);
    if (reference) {
      if (reference.uid !== controller.metadata.uid) continue;
      if (matches(object)) claims.owned.push(object);
      else if (!deleting) claims.release.push(object);
    } else if (!deleting && canBeAdopted(controller, object) && matches(object)) {
      claims.adopt.push(object);
    }
  }
  return claims;
}

export interface ClaimOptions<T extends KubeObject> {
  readonly client: Client;
  readonly type: ResourceType<T>;
  readonly controllerType: ResourceType<KubeObject>;
  readonly controller: Controller;
  readonly claims: Claims<T>;
  /** Finalizers that come and go with the ownership. */
  readonly finalizers?: readonly string[];
}

/** Patches under way at a time. */
const CLAIM_CONCURRENCY = 10;

/** Adopts and releases. Returns what the controller then owns. @throws if a patch failed, or the controller is gone. */
export async function applyClaims<T extends KubeObject>(options: ClaimOptions<T>): Promise<readonly T[]> {
  const { claims } = options;
  await forEachLimit(claims.release, CLAIM_CONCURRENCY, (object) => release(options, object));
  if (claims.adopt.length === 0) return claims.owned;
  await assertControllerIsThere(options);
  const adopted: T[] = [];
  await forEachLimit(claims.adopt, CLAIM_CONCURRENCY, async (object) => {
    if (await adopt(options, object)) adopted.push(object);
  });
  return [...claims.owned, ...adopted];
}

/** `planClaims` and `applyClaims` at once. */
export function claimObjects<T extends KubeObject>(
  options: Omit<ClaimOptions<T>, 'claims'> & {
    readonly objects: readonly T[];
    readonly matches: (object: T) => boolean;
  },
): Promise<readonly T[]> {
  return applyClaims({ ...options, claims: planClaims(options.controller, options.objects, options.matches) });
}

function canBeAdopted(controller: Controller, object: KubeObject): boolean {
  if (object.metadata.deletionTimestamp !== undefined) return false;
  const { namespace } = controller.metadata;
  return !namespace || namespace === object.metadata.namespace;
}

/** The cache may be behind: adopting for a controller that was deleted would let the garbage collector delete the object. */
async function assertControllerIsThere(options: Omit<ClaimOptions<KubeObject>, 'type' | 'claims'>): Promise<void> {
  const { controller, controllerType, client } = options;
  const { uid } = controller.metadata;
  const text = keyText(controller.metadata);
  const fresh = await client.get(controllerType, controller.metadata);
  if (fresh.metadata.uid !== uid) {
    throw new Error(`original ${controllerType.kind} ${text} is gone: got uid ${fresh.metadata.uid}, wanted ${uid}`);
  }
  if (fresh.metadata.deletionTimestamp) {
    throw new Error(`${text} has just been deleted at ${fresh.metadata.deletionTimestamp}`);
  }
}

async function adopt<T extends KubeObject>(options: ClaimOptions<T>, object: T): Promise<boolean> {
  const { client, type, controller, controllerType, finalizers } = options;
  const metadata = {
    uid: object.metadata.uid,
    ownerReferences: [newControllerRef(controller, controllerType)],
    ...(finalizers ? { finalizers } : {}),
  };
  try {
    await client.patch(type, object.metadata, { type: 'strategic', body: { metadata } });
    return true;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}

/** Invalid: it has no owner references any more, or is another object of the same name (the uid does not match). */
async function release<T extends KubeObject>(options: ClaimOptions<T>, object: T): Promise<void> {
  const { client, type, controller, finalizers } = options;
  const metadata = {
    uid: object.metadata.uid,
    ownerReferences: [{ $patch: 'delete', uid: controller.metadata.uid }],
    ...(finalizers ? { '$deleteFromPrimitiveList/finalizers': finalizers } : {}),
  };
  try {
    await client.patch(type, object.metadata, { type: 'strategic', body: { metadata } });
  } catch (error) {
    if (isNotFound(error) || (StatusError.is(error) && error.reason === 'Invalid')) return;
    throw error;
  }
}
