/**
 * The names and groups of users that are not people.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/authentication/serviceaccount/util.go (v1.36)
 */
const SERVICE_ACCOUNT_PREFIX = 'system:serviceaccount:';
const SERVICE_ACCOUNTS_GROUP = 'system:serviceaccounts';
const NODE_PREFIX = 'system:node:';

const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

export interface ServiceAccountName {
  readonly namespace: string;
  readonly name: string;
}

export function serviceAccountUser(account: ServiceAccountName): string {
  return `${SERVICE_ACCOUNT_PREFIX}${account.namespace}:${account.name}`;
}

export function serviceAccountGroups(namespace: string): readonly string[] {
  return [SERVICE_ACCOUNTS_GROUP, `${SERVICE_ACCOUNTS_GROUP}:${namespace}`];
}

/** The service account that a user name stands for. */
export function parseServiceAccountUser(userName: string): ServiceAccountName | undefined {
  if (!userName.startsWith(SERVICE_ACCOUNT_PREFIX)) return undefined;
  const parts = userName.slice(SERVICE_ACCOUNT_PREFIX.length).split(':');
  if (parts.length !== 2) return undefined;
  const [namespace, name] = parts as [string, string];
  return LABEL.test(namespace) && SUBDOMAIN.test(name) ? { namespace, name } : undefined;
}

/** The node that a user name stands for. */
export function nodeNameOf(userName: string): string | undefined {
  const name = userName.startsWith(NODE_PREFIX) ? userName.slice(NODE_PREFIX.length) : '';
  return SUBDOMAIN.test(name) ? name : undefined;
}
