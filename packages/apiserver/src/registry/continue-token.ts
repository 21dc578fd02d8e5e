/**
 * Where the next page of a list begins.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/storage/continue.go (v1.36)
 */
import { badRequest } from '@kts/apimachinery';

export interface ContinueToken {
  /** The revision of all pages of the list; -1: whatever is there now. */
  readonly revision: number;
  /** The key after which the page begins, relative to the resource's prefix. */
  readonly after: string;
}

const VERSION = 'meta.k8s.io/v1';

export function encodeContinue({ revision, after }: ContinueToken): string {
  const json = JSON.stringify({ v: VERSION, rv: revision, start: `${after}\0` });
  return Buffer.from(json).toString('base64url');
}

/** Throws BadRequest. */
export function decodeContinue(text: string): ContinueToken {
  const token = parse(text);
  if (token['v'] !== VERSION) {
    const version = typeof token['v'] === 'string' ? token['v'] : '';
    throw invalidToken(`server does not recognize this encoded version ${JSON.stringify(version)}`);
  }
  const revision = token['rv'] ?? 0;
  if (typeof revision !== 'number' || revision === 0) {
    throw invalidToken('incorrect encoded start resourceVersion (version meta.k8s.io/v1)');
  }
  const start = token['start'];
  if (typeof start !== 'string' || start === '') {
    throw invalidToken('encoded start key empty (version meta.k8s.io/v1)');
  }
  if (`/${start}`.split('/').some((segment) => segment === '..' || segment === '.')) {
    throw invalidToken(`${JSON.stringify(start)} is not a valid path`);
  }
  return { revision, after: start.endsWith('\0') ? start.slice(0, -1) : start };
}

function parse(text: string): Record<string, unknown> {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString()) as Record<string, unknown>;
  } catch {
    throw badRequest('continue key is not valid: illegal base64 data at input byte 0');
  }
}

function invalidToken(text: string): Error {
  return badRequest(`continue key is not valid: ${text}`);
}
