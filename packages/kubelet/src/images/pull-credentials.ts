import { createHash } from 'node:crypto';
import type { Secret } from '@kts/api/types/core-v1';

/** What to tell a registry, and which Secret says so. */
export interface PullCredential {
  readonly username: string;
  readonly password: string;
  readonly source: { readonly namespace: string; readonly name: string; readonly uid: string };
  /** Of user name and password, to recognise the same credential in another Secret. */
  readonly hash: string;
}

interface AuthEntry {
  readonly username?: string;
  readonly password?: string;
  readonly auth?: string;
}

/**
 * The credentials of a pod's pull secrets that apply to a repository, the most specific first.
 *
 * Mirrors: pkg/credentialprovider (v1.36)
 */
export function pullCredentials(secrets: readonly Secret[], repository: string): readonly PullCredential[] {
  const byRegistry = new Map<string, PullCredential[]>();
  for (const secret of secrets) {
    for (const [location, entry] of Object.entries(authEntries(secret))) {
      const credential = toCredential(entry, secret);
      if (credential) byRegistry.getOrInsertComputed(registryKey(location), () => []).push(credential);
    }
  }
  return [...byRegistry.keys()]
    .toSorted()
    .toReversed()
    .filter((key) => matches(key, repository))
    .flatMap((key) => byRegistry.get(key)!);
}

function authEntries(secret: Secret): Readonly<Record<string, AuthEntry>> {
  const data = secret.data ?? {};
  try {
    if (secret.type === 'kubernetes.io/dockerconfigjson') {
      return (decodeJson(data['.dockerconfigjson']) as { auths?: Record<string, AuthEntry> }).auths ?? {};
    }
    if (secret.type === 'kubernetes.io/dockercfg') return decodeJson(data['.dockercfg']) as Record<string, AuthEntry>;
  } catch {
    // A Secret that cannot be read gives no credentials; the pull shows what is missing.
  }
  return {};
}

function decodeJson(base64: string | undefined): unknown {
  return base64 === undefined ? {} : JSON.parse(new TextDecoder().decode(Uint8Array.fromBase64(base64)));
}

function toCredential(entry: AuthEntry, secret: Secret): PullCredential | undefined {
  let { username = '', password = '' } = entry;
  if (entry.auth) {
    const text = new TextDecoder().decode(Uint8Array.fromBase64(entry.auth));
    const colon = text.indexOf(':');
    if (colon >= 0) [username, password] = [text.slice(0, colon), text.slice(colon + 1)];
  }
  if (username === '' && password === '') return undefined;
  const { namespace, name, uid } = secret.metadata;
  const hash = createHash('sha256')
    .update(JSON.stringify([username, password]))
    .digest('hex');
  return { username, password, source: { namespace, name, uid }, hash };
}

/** `https://index.docker.io/v1/` is the location of docker.io. */
function registryKey(location: string): string {
  const plain = location
    .replace(/^https?:\/\//, '')
    .replace(/\/v[12]\/?$/, '')
    .replace(/\/$/, '');
  return plain === 'index.docker.io' ? 'docker.io' : plain;
}

/** Host parts may have wildcards; a path matches everything below it. */
function matches(key: string, repository: string): boolean {
  const [keyHost = '', ...keyPath] = key.split('/');
  const [host = '', ...path] = repository.split('/');
  return matchesHost(keyHost, host) && path.join('/').startsWith(keyPath.join('/'));
}

function matchesHost(pattern: string, host: string): boolean {
  const [patternName = '', patternPort = ''] = pattern.split(':');
  const [name = '', port = ''] = host.split(':');
  const patternParts = patternName.split('.');
  const parts = name.split('.');
  return (
    patternPort === port &&
    patternParts.length === parts.length &&
    patternParts.every((part, index) => wildcard(part).test(parts[index]!))
  );
}

function wildcard(part: string): RegExp {
  const escaped = part.replaceAll(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`);
}
