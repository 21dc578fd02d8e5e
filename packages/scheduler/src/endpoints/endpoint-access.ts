import { subjectAccessReviews, tokenReviews } from '@kts/api';
import type { Client } from '@kts/client';

/**
 * Who may look at the scheduler's endpoints: the API server says who a bearer token belongs to, and what its user may
 * get.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/server/options/{authentication,authorization}.go (v1.36)
 * Differs: client certificates are not asked for, and answers are not remembered.
 */
export type Access = 'allowed' | 'unauthorized' | 'forbidden';

interface User {
  readonly username?: string;
  readonly uid?: string;
  readonly groups?: readonly string[];
}

const ANONYMOUS: User = { username: 'system:anonymous', groups: ['system:unauthenticated'] };

/** @param open paths that everybody may see. */
export async function checkAccess(
  path: string,
  open: readonly string[],
  authorization: string | undefined,
  client: Client,
  signal: AbortSignal,
): Promise<Access> {
  if (open.includes(path)) return 'allowed';
  const token = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
  const user = token === undefined ? ANONYMOUS : await userOf(token, client, signal);
  if (user === undefined) return 'unauthorized';
  const { username = '', uid, groups = [] } = user;
  const spec = { user: username, groups, ...(uid && { uid }), nonResourceAttributes: { path, verb: 'get' } };
  const { status } = await client.create(subjectAccessReviews, { metadata: {}, spec }, { signal });
  return status?.allowed ? 'allowed' : 'forbidden';
}

async function userOf(token: string, client: Client, signal: AbortSignal): Promise<User | undefined> {
  const { status } = await client.create(tokenReviews, { metadata: {}, spec: { token } }, { signal });
  return status?.authenticated ? status.user : undefined;
}
