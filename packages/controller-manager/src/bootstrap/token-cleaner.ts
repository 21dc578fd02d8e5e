/**
 * Deletes bootstrap tokens that have ended.
 *
 * Mirrors: pkg/controller/bootstrap/tokencleaner.go (v1.36)
 */
import { secrets } from '@kts/api';
import type { Secret } from '@kts/api/types/core-v1';
import { isConflict, isNotFound } from '@kts/apimachinery';
import { defineController, type AnyControllerDefinition, type Requeue } from '@kts/controlkit';

import { remainingMs, TOKEN_SELECTION } from './bootstrap-token.ts';

interface Observed {
  readonly secret: Secret;
  readonly now: number;
}

export const tokenCleaner: AnyControllerDefinition = defineController<Secret, Observed, Requeue>({
  name: 'token-cleaner-controller',
  for: secrets,
  selection: TOKEN_SELECTION,
  workers: 1,
  observe: (key, { informers, clock }) => {
    const secret = informers.get(secrets, TOKEN_SELECTION).get(key);
    return secret && { secret, now: clock.now() };
  },
  plan: ({ secret, now }) => ({ requeueAfterMs: remainingMs(secret, now) }),
  apply: async ({ requeueAfterMs }, { secret }, { client, signal }) => {
    if (requeueAfterMs !== 0) return { requeueAfterMs };
    const { uid } = secret.metadata;
    await client.delete(secrets, secret.metadata, { preconditions: { uid }, signal }).catch((error: unknown) => {
      if (!isNotFound(error) && !isConflict(error)) throw error;
    });
    return {};
  },
});
