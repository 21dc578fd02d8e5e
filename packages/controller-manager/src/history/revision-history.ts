/**
 * Reading and writing an owner's ControllerRevisions.
 *
 * Mirrors: pkg/controller/history/controller_history.go (v1.36)
 */
import { controllerRevisions } from '@kts/api';
import type { ControllerRevision } from '@kts/api/types/apps-v1';
import { isAlreadyExists, type KubeObject, type New, type ResourceType } from '@kts/apimachinery';
import { applyClaims, controllerRefOf, planClaims, type ControllerContext } from '@kts/controlkit';

import { candidatesOf } from '../pods/pod-indexes.ts';
import { hasEqualData, revisionHash, revisionName, sortRevisions } from './controller-revision.ts';

type Context = Pick<ControllerContext, 'client' | 'informers' | 'signal'>;

/** The owner's, and those that nobody owns but the owner selects. Needs `addOwnerIndexes`. The oldest first. */
export function listRevisions(
  { informers }: Pick<ControllerContext, 'informers'>,
  owner: KubeObject,
  matches: (labels: ControllerRevision['metadata']['labels']) => boolean,
): readonly ControllerRevision[] {
  const candidates = candidatesOf(informers.get(controllerRevisions), owner);
  return sortRevisions(candidates.filter(({ metadata }) => matches(metadata.labels)));
}

/** Takes over those without an owner. @throws if the owner is gone */
export async function adoptRevisions(
  context: Context,
  owner: KubeObject,
  ownerType: ResourceType<KubeObject>,
  revisions: readonly ControllerRevision[],
): Promise<void> {
  const orphans = revisions.filter((revision) => !controllerRefOf(revision));
  if (orphans.length === 0) return;
  await applyClaims({
    client: context.client,
    type: controllerRevisions,
    controllerType: ownerType,
    controller: owner,
    claims: planClaims(owner, orphans, () => true),
  });
}

/** Another name is tried while the name is taken by other data. Returns the revision and the number of collisions. */
export async function createRevision(
  { client, signal }: Context,
  ownerName: string,
  revision: New<ControllerRevision>,
  collisionsBefore: number,
): Promise<{ readonly revision: ControllerRevision; readonly collisions: number }> {
  const { namespace } = revision.metadata;
  for (let collisions = collisionsBefore; ; collisions++) {
    const name = revisionName(ownerName, revisionHash(revision.data as never, collisions));
    const metadata = { ...revision.metadata, name };
    try {
      return { revision: await client.create(controllerRevisions, { ...revision, metadata }, { signal }), collisions };
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
    const there = await client.get(controllerRevisions, { ...(namespace ? { namespace } : {}), name }, { signal });
    if (hasEqualData(there, revision)) return { revision: there, collisions };
  }
}

/** An old state is the newest again. */
export function renumberRevision(
  { client, signal }: Context,
  revision: ControllerRevision,
  number: number,
): Promise<ControllerRevision> {
  return client.update(controllerRevisions, { ...revision, revision: number }, { signal });
}
