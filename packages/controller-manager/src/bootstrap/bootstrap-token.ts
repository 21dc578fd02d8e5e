/**
 * What stands in the Secret of a bootstrap token.
 *
 * Mirrors: staging/src/k8s.io/cluster-bootstrap/util/secrets, pkg/controller/bootstrap/util.go (v1.36)
 */
import type { Secret } from '@kts/api/types/core-v1';
import { parseTime } from '@kts/apimachinery';

export const TOKEN_TYPE = 'bootstrap.kubernetes.io/token';
export const TOKEN_NAMESPACE = 'kube-system';
export const TOKEN_SELECTION = { namespace: TOKEN_NAMESPACE, fieldSelector: `type=${TOKEN_TYPE}` };

const NAME = /^bootstrap-token-([a-z0-9]{6})$/;
const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

export interface BootstrapToken {
  readonly id: string;
  readonly secret: string;
}

/** Milliseconds that the token has left: 0 once it has ended, `undefined` if it never does. */
export function remainingMs(secret: Secret, now: number): number | undefined {
  const expiration = text(secret, 'expiration');
  if (expiration === '') return undefined;
  // What cannot be read counts as ended.
  return RFC3339.test(expiration) ? Math.max(0, parseTime(expiration) - now) : 0;
}

/** The token, if it may sign and is as it should be. */
export function signingToken(secret: Secret, now: number): BootstrapToken | undefined {
  const named = NAME.exec(secret.metadata.name)?.[1];
  const id = text(secret, 'token-id');
  const value = text(secret, 'token-secret');
  const isUsable = named !== undefined && named === id && value !== '' && remainingMs(secret, now) !== 0;
  return isUsable && text(secret, 'usage-bootstrap-signing') === 'true' ? { id, secret: value } : undefined;
}

function text({ data }: Secret, key: string): string {
  return Buffer.from(data?.[key] ?? '', 'base64').toString();
}
