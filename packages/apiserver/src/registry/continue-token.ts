/**
 * Where the next page of a list begins.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/storage/continue.go (v1.36)
 */
import { posix } from 'node:path';

import { badRequest, JsonSyntaxError, parseJson } from '@kts/apimachinery';

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
    throw invalidToken(`: server does not recognize this encoded version ${version}`);
  }
  const revision = token['rv'] ?? 0;
  if (typeof revision !== 'number' || revision === 0) {
    throw invalidToken(': incorrect encoded start resourceVersion (version meta.k8s.io/v1)');
  }
  const start = token['start'];
  if (typeof start !== 'string' || start === '') {
    throw invalidToken(': encoded start key empty (version meta.k8s.io/v1)');
  }
  const key = start.startsWith('/') ? start : `/${start}`;
  if (posix.normalize(key) !== key) throw invalidToken(`: ${start}`);
  return { revision, after: start.endsWith('\0') ? start.slice(0, -1) : start };
}

function parse(text: string): Record<string, unknown> {
  const position = /[^A-Za-z0-9_-]/.exec(text)?.index ?? (text.length % 4 === 1 ? text.length - 1 : -1);
  if (position >= 0) throw invalidToken(`: illegal base64 data at input byte ${position}`);
  try {
    return parseJson(Buffer.from(text, 'base64url')) as Record<string, unknown>;
  } catch (error) {
    if (error instanceof JsonSyntaxError) throw invalidToken(`: ${error.message}`);
    throw error;
  }
}

function invalidToken(text: string): Error {
  return badRequest(`invalid continue token: continue key is not valid${text}`);
}
