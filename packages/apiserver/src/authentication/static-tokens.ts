/**
 * Tokens from a file: `token,user,uid,"group1,group2"` a line.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/authentication/token/tokenfile/tokenfile.go (v1.36)
 */
import type { UserInfo } from '../request.ts';
import type { TokenAuthenticator } from './bearer-tokens.ts';

/** Throws if a line has fewer than three columns or no token. */
export function staticTokens(csv: string): TokenAuthenticator {
  const users = new Map<string, UserInfo>();
  for (const [index, line] of csv.split('\n').entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [token, name, uid, groups] = parseLine(line);
    if (!token || name === undefined || uid === undefined) {
      throw new Error(`line ${index + 1} of the token file must have a token, a user name and a user uid`);
    }
    users.set(token, { name, uid, groups: groups ? groups.split(',').map((group) => group.trim()) : [] });
  }
  return {
    authenticate: (token, audiences) => {
      const user = users.get(token);
      return Promise.resolve(user && { user, audiences });
    },
  };
}

/** Fields of a line; quoted ones may contain commas. */
function parseLine(line: string): readonly string[] {
  return [...line.trim().matchAll(/(?:^|,)\s*(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain!.trim(),
  );
}
