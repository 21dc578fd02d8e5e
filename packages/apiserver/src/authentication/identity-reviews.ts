/**
 * The questions "whose token is this?" and "who am I?" as objects.
 *
 * Mirrors: pkg/registry/authentication/tokenreview and selfsubjectreview (v1.36)
 */
import type { SelfSubjectReview, TokenReview } from '@kts/api/types/authentication-v1';
import { badRequest } from '@kts/apimachinery';
import { formatTime } from '@kts/base';

import type { Review, ReviewContext } from '../authorization/access-reviews.ts';
import type { UserInfo } from '../request.ts';
import { withAuthenticatedGroup } from './authenticator.ts';
import { findToken, type TokenAuthenticator, type TokenIdentity } from './bearer-tokens.ts';

export function identityReviews(
  kinds: readonly TokenAuthenticator[],
  audiences: readonly string[],
): Readonly<Record<string, Review>> {
  return {
    TokenReview: async (review: TokenReview) => {
      const { token, audiences: asked = [] } = review.spec;
      if (!token) throw badRequest('token is required for TokenReview in authentication');
      return { ...review, status: await reviewToken(kinds, token, asked.length > 0 ? asked : audiences) };
    },
    SelfSubjectReview: (_review: SelfSubjectReview, { user, now }: ReviewContext) => ({
      kind: 'SelfSubjectReview',
      apiVersion: 'authentication.k8s.io/v1',
      metadata: { creationTimestamp: formatTime(now) },
      status: { userInfo: userInfo(user) },
    }),
  } as Readonly<Record<string, Review>>;
}

async function reviewToken(
  kinds: readonly TokenAuthenticator[],
  token: string,
  audiences: readonly string[],
): Promise<object> {
  let identity: TokenIdentity | undefined;
  try {
    identity = await findToken(kinds, token, audiences);
  } catch (error) {
    return {
      user: {},
      error: Error.isError(error) ? `[invalid bearer token, ${error.message}]` : 'invalid bearer token',
    };
  }
  if (!identity) return { user: {}, error: 'invalid bearer token' };
  return {
    authenticated: true,
    user: userInfo(withAuthenticatedGroup(identity.user)),
    audiences: identity.audiences,
  };
}

function userInfo(user: UserInfo): object {
  return {
    username: user.name,
    ...(user.uid ? { uid: user.uid } : {}),
    groups: user.groups,
    ...(user.extra ? { extra: user.extra } : {}),
  };
}
