/**
 * Who makes a request, in the headers in which a front proxy tells it: written for other API servers, and read from a
 * proxy in front of this one.
 *
 * Mirrors: SetAuthProxyHeaders in staging/src/k8s.io/client-go/transport/round_trippers.go and
 * staging/src/k8s.io/apiserver/pkg/authentication/request/headerrequest/requestheader.go (v1.36)
 */
import type { UserInfo } from '../request.ts';

const USER = 'x-remote-user';
const UID = 'x-remote-uid';
const GROUP = 'x-remote-group';
const EXTRA = 'x-remote-extra-';

export function isRemoteUserHeader(name: string): boolean {
  return name === USER || name === UID || name === GROUP || name.startsWith(EXTRA);
}

export function remoteUserHeaders(user: UserInfo): Readonly<Record<string, string | readonly string[]>> {
  const headers: Record<string, string | readonly string[]> = { [USER]: user.name };
  if (user.uid) headers[UID] = user.uid;
  if (user.groups.length > 0) headers[GROUP] = user.groups;
  for (const [key, values] of Object.entries(user.extra ?? {})) headers[EXTRA + escapedKey(key)] = values;
  return headers;
}

/** Undefined: the headers name nobody. `valuesOf` answers every value of a header. */
export function remoteUserOf(
  names: readonly string[],
  valuesOf: (name: string) => readonly string[],
): UserInfo | undefined {
  const name = valuesOf(USER)[0];
  if (!name) return undefined;
  const uid = valuesOf(UID)[0];
  const extra: Record<string, readonly string[]> = {};
  for (const header of names) {
    if (header.startsWith(EXTRA)) extra[unescapedKey(header.slice(EXTRA.length))] = valuesOf(header);
  }
  return {
    name,
    ...(uid ? { uid } : {}),
    groups: valuesOf(GROUP),
    ...(Object.keys(extra).length > 0 ? { extra } : {}),
  };
}

/** Keys may have characters that headers may not, and upper case, which headers lose. */
function escapedKey(key: string): string {
  return key.replace(/[^!#$&'*+\-.^_`|~0-9a-z]/g, (character) =>
    [...Buffer.from(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );
}

function unescapedKey(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}
