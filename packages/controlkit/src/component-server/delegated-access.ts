/**
 * Who may read what a component tells of itself: the API server knows users and what they may do.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/server/options/{authentication,authorization}.go (v1.36)
 */
import { createHash } from 'node:crypto';

import type { ObjectMeta, ResourceType } from '@kts/apimachinery';
import type { Clock } from '@kts/base';
import type { Client } from '@kts/client';

export interface ComponentUser {
  readonly username: string;
  readonly uid?: string;
  readonly groups: readonly string[];
}

export interface DelegatedAccess {
  /** Undefined: the token is nobody's. */
  userOfToken(token: string, signal: AbortSignal): Promise<ComponentUser | undefined>;
  isAllowed(user: ComponentUser, path: string, verb: string, signal: AbortSignal): Promise<boolean>;
}

export const ANONYMOUS: ComponentUser = { username: 'system:anonymous', groups: ['system:unauthenticated'] };

/** How long an answer is believed. */
const BELIEVED_MS = 10_000;
const ANSWERS_MAX = 1000;

interface Review extends TokenReviewSpec {
  readonly metadata: ObjectMeta;
}

interface TokenReviewSpec {
  readonly spec: object;
  readonly status?: {
    readonly authenticated?: boolean;
    readonly allowed?: boolean;
    readonly user?: { readonly username?: string; readonly uid?: string; readonly groups?: readonly string[] };
  };
}

const TOKEN_REVIEWS: ResourceType<Review> = {
  group: 'authentication.k8s.io',
  version: 'v1',
  kind: 'TokenReview',
  plural: 'tokenreviews',
  namespaced: false,
};
const ACCESS_REVIEWS: ResourceType<Review> = {
  group: 'authorization.k8s.io',
  version: 'v1',
  kind: 'SubjectAccessReview',
  plural: 'subjectaccessreviews',
  namespaced: false,
};

export function createDelegatedAccess(client: Client, clock: Pick<Clock, 'monotonic'>): DelegatedAccess {
  const users = new Answers<ComponentUser | undefined>(clock);
  const verdicts = new Answers<boolean>(clock);
  const review = async (type: ResourceType<Review>, spec: object, signal: AbortSignal): Promise<Review['status']> =>
    (await client.create(type, { metadata: { name: '' }, spec }, { signal })).status;
  return {
    userOfToken: (token, signal) =>
      users.get(createHash('sha256').update(token).digest('hex'), async () => {
        const status = await review(TOKEN_REVIEWS, { token }, signal);
        if (!status?.authenticated || !status.user) return undefined;
        const { username = '', uid, groups = [] } = status.user;
        return { username, groups, ...(uid ? { uid } : {}) };
      }),
    isAllowed: (user, path, verb, signal) =>
      verdicts.get(JSON.stringify([user, path, verb]), async () => {
        const { username, uid, groups } = user;
        const spec = { user: username, groups, ...(uid ? { uid } : {}), nonResourceAttributes: { path, verb } };
        return (await review(ACCESS_REVIEWS, spec, signal))?.allowed === true;
      }),
  };
}

class Answers<T> {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #known = new Map<string, { readonly value: T; readonly at: number }>();

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  async get(key: string, ask: () => Promise<T>): Promise<T> {
    const known = this.#known.get(key);
    if (known && this.#clock.monotonic() - known.at < BELIEVED_MS) return known.value;
    const value = await ask();
    if (this.#known.size >= ANSWERS_MAX) this.#known.clear();
    this.#known.set(key, { value, at: this.#clock.monotonic() });
    return value;
  }
}
