import type { ApiServerRequest, UserInfo } from '../request.ts';

/**
 * Finds out who makes a request. `undefined`: this way of proving one's identity was not used; the next one is asked.
 * Throws (or rejects with) anything if it was used but the proof is no good: the request is refused.
 */
export interface Authenticator {
  authenticate(request: ApiServerRequest): UserInfo | undefined | Promise<UserInfo | undefined>;
}

export const AUTHENTICATED_GROUP = 'system:authenticated';
export const UNAUTHENTICATED_GROUP = 'system:unauthenticated';

/** Who nobody in particular is. */
export const ANONYMOUS: UserInfo = { name: 'system:anonymous', groups: [UNAUTHENTICATED_GROUP] };

/** The user with the group that every authenticated user is in. */
export function withAuthenticatedGroup(user: UserInfo): UserInfo {
  return user.groups.includes(AUTHENTICATED_GROUP) ? user : { ...user, groups: [...user.groups, AUTHENTICATED_GROUP] };
}
