/**
 * Who may use the kubelet's server: users are known by a client certificate or a bearer token, and the API server decides
 * about both the token and what its user may do.
 *
 * Mirrors: cmd/kubelet/app/auth.go, staging/src/k8s.io/apiserver/plugin/pkg/{authenticator/token,authorizer}/webhook (v1.36)
 */
import { createHash } from 'node:crypto';
import { TLSSocket } from 'node:tls';
import type { IncomingMessage } from 'node:http';
import { subjectAccessReviews, tokenReviews } from '@kts/api';
import type { Clock } from '@kts/base';
import type { Client } from '@kts/client';
import { HttpFailure } from '../http-failure.ts';
import { requestAttributes, type NodeAttributes } from './request-attributes.ts';
import { VerdictCache } from './verdict-cache.ts';

export interface NodeUser {
  readonly username: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

export interface NodeAccess {
  /** The user of a request. Throws `HttpFailure` if there is none or the user may not do it. */
  check(request: IncomingMessage, path: string, signal: AbortSignal): Promise<NodeUser>;
}

const AUTHENTICATED = 'system:authenticated';
/** KubeletConfiguration's `authentication.webhook.cacheTTL` and `authorization.webhook`'s two. */
const TOKEN_MS = 120_000;
const ALLOWED_MS = 300_000;
const DENIED_MS = 30_000;

export function createNodeAccess(
  nodeName: string,
  { client, clock }: { readonly client: Client; readonly clock: Clock },
): NodeAccess {
  const users = new VerdictCache<NodeUser | undefined>(clock);
  const verdicts = new VerdictCache<boolean>(clock);

  const reviewToken = async (token: string, signal: AbortSignal): Promise<NodeUser | undefined> => {
    const review = await client.create(tokenReviews, { metadata: {}, spec: { token } }, { signal });
    const { authenticated, user } = review.status ?? {};
    if (!authenticated || !user) return undefined;
    const { username = '', uid, groups = [], extra } = user;
    return { username, groups, ...(uid ? { uid } : {}), ...(extra ? { extra } : {}) };
  };

  const isAllowed = async (
    user: NodeUser,
    verb: string,
    subresource: string,
    signal: AbortSignal,
  ): Promise<boolean> => {
    const { username, uid, groups, extra } = user;
    const review = await client.create(
      subjectAccessReviews,
      {
        metadata: {},
        spec: {
          user: username,
          groups,
          ...(uid ? { uid } : {}),
          ...(extra ? { extra } : {}),
          resourceAttributes: { verb, version: 'v1', resource: 'nodes', subresource, name: nodeName },
        },
      },
      { signal },
    );
    return review.status?.allowed === true;
  };

  const authorize = async (user: NodeUser, attributes: NodeAttributes, signal: AbortSignal): Promise<void> => {
    const { verb, subresources } = attributes;
    for (const subresource of subresources) {
      const key = JSON.stringify([user, verb, subresource]);
      const about = `user=${user.username}, verb=${verb}, resource=nodes, subresource=${subresource}`;
      const allowed = await verdicts
        .get(
          key,
          (verdict) => (verdict ? ALLOWED_MS : DENIED_MS),
          () => isAllowed(user, verb, subresource, signal),
        )
        .catch((cause: unknown) => {
          throw new HttpFailure(500, `Authorization error (${about})`, { cause });
        });
      if (allowed) return;
    }
    const all = `[${subresources.join(' ')}]`;
    const text = `Forbidden (user=${user.username}, verb=${verb}, resource=nodes, subresource(s)=${all})\n`;
    throw new HttpFailure(403, text);
  };

  return {
    check: async (request, path, signal) => {
      const token = /^bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
      const user =
        certificateUser(request) ??
        (token === undefined
          ? undefined
          : await users
              .get(
                createHash('sha256').update(token).digest('hex'),
                () => TOKEN_MS,
                () => reviewToken(token, signal),
              )
              .catch((cause: unknown) => {
                throw new HttpFailure(401, 'Unauthorized', { cause });
              }));
      if (!user) throw new HttpFailure(401, 'Unauthorized');
      await authorize(user, requestAttributes(request.method ?? '', path), signal);
      return user;
    },
  };
}

/** The user of a client certificate that the cluster's authority has signed: common name and organizations. */
function certificateUser({ socket }: IncomingMessage): NodeUser | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  const { subject } = socket.getPeerCertificate();
  if (!subject?.CN) return undefined;
  const organizations = [subject.O ?? []].flat();
  return { username: [subject.CN].flat().join(','), groups: [...organizations, AUTHENTICATED] };
}
