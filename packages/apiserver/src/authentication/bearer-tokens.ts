/**
 * `Authorization: Bearer ...`. Every kind of token is tried in turn; what was found is kept for a few seconds.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/authentication/request/bearertoken and token/cache (v1.36)
 */
import type { Clock } from '@kts/base';

import type { ApiServerRequest, UserInfo } from '../request.ts';
import { withAuthenticatedGroup, type Authenticator } from './authenticator.ts';

/** How long a token that was found good is not looked at again. */
const CACHE_MS = 10_000;
const CACHED_TOKENS_MAX = 10_000;
const WEBSOCKET_PREFIX = 'base64url.bearer.authorization.k8s.io.';

export interface TokenIdentity {
  readonly user: UserInfo;
  /** Those of the asked audiences that the token is for. */
  readonly audiences: readonly string[];
  /** Milliseconds since the epoch. */
  readonly expiresAt?: number;
}

/** One kind of token. `undefined`: the token is of another kind. Rejects if it is no good. */
export interface TokenAuthenticator {
  authenticate(token: string, audiences: readonly string[]): Promise<TokenIdentity | undefined>;
}

export interface BearerTokenOptions {
  readonly kinds: readonly TokenAuthenticator[];
  /** The audiences of this server. */
  readonly audiences: readonly string[];
  readonly clock: Pick<Clock, 'now'>;
}

interface Cached {
  readonly user: UserInfo;
  readonly until: number;
}

export function bearerTokenAuthenticator(options: BearerTokenOptions): Authenticator {
  const cache = new Map<string, Cached>();
  return {
    authenticate(request) {
      const token = bearerToken(request);
      if (token === undefined) return undefined;
      const known = cache.get(token);
      const now = options.clock.now();
      if (known && known.until > now) return known.user;
      return findToken(options.kinds, token, options.audiences).then((identity) => {
        if (!identity) throw new Error('invalid bearer token');
        const user = withAuthenticatedGroup(identity.user);
        cache.delete(token);
        if (cache.size >= CACHED_TOKENS_MAX) cache.delete(cache.keys().next().value!);
        cache.set(token, { user, until: Math.min(now + CACHE_MS, identity.expiresAt ?? Infinity) });
        return user;
      });
    },
  };
}

/** Asks one kind after another. */
export async function findToken(
  kinds: readonly TokenAuthenticator[],
  token: string,
  audiences: readonly string[],
): Promise<TokenIdentity | undefined> {
  for (const kind of kinds) {
    const identity = await kind.authenticate(token, audiences);
    if (identity) return identity;
  }
  return undefined;
}

const SPACE_WARNING = 'the provided Authorization header contains extra space before the bearer token, and is ignored';

/** From the header, or, as browsers cannot set it for a WebSocket, from its subprotocols. */
function bearerToken({ headers, warnings }: ApiServerRequest): string | undefined {
  const authorization = headers['authorization'];
  if (authorization !== undefined) {
    const [scheme = '', token, ...more] = authorization.trim().split(' ');
    if (scheme.toLowerCase() !== 'bearer') return undefined;
    if (token === '' && more.length > 0) warnings.push(SPACE_WARNING);
    return token === '' ? undefined : token;
  }
  if (headers['upgrade']?.toLowerCase() !== 'websocket') return undefined;
  const protocol = headers['sec-websocket-protocol']
    ?.split(',')
    .map((text) => text.trim())
    .find((text) => text.startsWith(WEBSOCKET_PREFIX));
  return protocol && Buffer.from(protocol.slice(WEBSOCKET_PREFIX.length), 'base64url').toString('utf8');
}
