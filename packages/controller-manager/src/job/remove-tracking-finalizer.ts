import { pods } from '@kts/api';
import type { Pod } from '@kts/api/types/core-v1';
import { isNotFound } from '@kts/apimachinery';
import type { ControllerContext } from '@kts/controlkit';

import { TRACKING_FINALIZER } from './job-spec.ts';

/** Lets a counted pod go. Returns false if it was gone already. */
export async function removeTrackingFinalizer(
  { client, signal }: Pick<ControllerContext, 'client' | 'signal'>,
  pod: Pod,
): Promise<boolean> {
  const body = { metadata: { '$deleteFromPrimitiveList/finalizers': [TRACKING_FINALIZER] } };
  try {
    await client.patch(pods, pod.metadata, { type: 'strategic', body }, { signal });
    return true;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}
