/**
 * How often somebody has proved who they are, and been let through.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/endpoints/filters/metrics.go (v1.36)
 */
import { Counter, type Metric } from '@kts/base';

export interface AccessMetrics {
  readonly metrics: readonly Metric[];
  /** Of an anonymous request, too. Without a name: it was refused. */
  readonly onAuthentication: (userName: string | undefined) => void;
  readonly onAuthorization: (allowed: boolean) => void;
}

export function accessMetrics(): AccessMetrics {
  const attempts = new Counter('authentication_attempts', 'Counter of authenticated attempts.', ['result']);
  const users = new Counter(
    'authenticated_user_requests',
    'Counter of authenticated requests broken out by username.',
    ['username'],
  );
  const decisions = new Counter(
    'authorization_attempts_total',
    "Counter of authorization attempts broken down by result. It can be either 'allowed', 'denied', 'no-opinion' or 'error'.",
    ['result'],
  );
  let success: { value: number } | undefined;
  let allowed: { value: number } | undefined;
  return {
    metrics: [attempts, users, decisions],
    onAuthentication: (userName) => {
      if (userName === undefined) {
        attempts.add(['error']);
        return;
      }
      (success ??= attempts.of(['success'])).value++;
      users.add([userNameClass(userName)]);
    },
    onAuthorization: (isAllowed) => {
      if (isAllowed) (allowed ??= decisions.of(['allowed'])).value++;
      else decisions.add(['no-opinion']);
    },
  };
}

const KNOWN_USERS: ReadonlySet<string> = new Set([
  'admin',
  'client',
  'kube_proxy',
  'kubelet',
  'system:serviceaccount:kube-system:default',
]);

/** There are too many users to count each. */
function userNameClass(name: string): string {
  if (KNOWN_USERS.has(name)) return name;
  return name.includes('@') ? 'email_id' : 'other';
}
