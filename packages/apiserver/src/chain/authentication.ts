/**
 * Finds the user of a request, or answers 401.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/endpoints/filters/authentication.go (v1.36)
 */
import { unauthorized } from '@kts/apimachinery';
import type { Logger } from '@kts/base';

import { ANONYMOUS, type Authenticator } from '../authentication/authenticator.ts';
import type { ApiServerRequest, UserInfo } from '../request.ts';
import type { Stage } from '../response.ts';

export interface AuthenticationOptions {
  /** Asked in order; the first that knows the user wins. */
  readonly authenticators: readonly Authenticator[];
  readonly anonymous: boolean;
  readonly log: Logger;
  /** Told of every attempt, for metrics; without a name: it failed. */
  readonly onAttempt?: (userName: string | undefined) => void;
}

export const authenticationStage =
  (options: AuthenticationOptions): Stage =>
  (next) =>
  async (request) => {
    const { connection } = request;
    if (connection.kind === 'in-process') {
      request.user = connection.user;
      return next(request);
    }
    let user: UserInfo | undefined;
    try {
      user = await authenticate(options.authenticators, request);
    } catch (error) {
      options.log.debug(1, 'authentication failed', { error, path: request.path });
      options.onAttempt?.(undefined);
      throw unauthorized();
    }
    if (!user) {
      if (!options.anonymous) throw unauthorized();
      user = ANONYMOUS;
    }
    request.user = user;
    options.onAttempt?.(user.name);
    return next(request);
  };

/** Waits only for authenticators that have to: a known certificate costs no turn of the event loop. */
function authenticate(
  authenticators: readonly Authenticator[],
  request: ApiServerRequest,
  from = 0,
): UserInfo | undefined | Promise<UserInfo | undefined> {
  for (let i = from; i < authenticators.length; i++) {
    const found = authenticators[i]!.authenticate(request);
    if (found instanceof Promise) return found.then((user) => user ?? authenticate(authenticators, request, i + 1));
    if (found) return found;
  }
  return undefined;
}
