import { failure, type StatusError } from '@kts/apimachinery';

import type { ApiServerResponse } from '../response.ts';

const encoder = new TextEncoder();

/** The answer outside every API: plain text, as Go's mux gives it. */
export function pageNotFound(): ApiServerResponse {
  return plainText(404, '404 page not found\n', { 'x-content-type-options': 'nosniff' });
}

/** The answer for a path inside an API group version that leads nowhere. */
export const noSuchResource = (): StatusError =>
  failure('NotFound', 'the server could not find the requested resource', {});

/** The answer to a method that a path does not have. */
export const methodNotAllowed = (): StatusError =>
  failure('MethodNotAllowed', 'the server does not allow this method on the requested resource', {});

export function plainText(status: number, text: string, headers?: Readonly<Record<string, string>>): ApiServerResponse {
  return {
    kind: 'bytes',
    status,
    contentType: 'text/plain; charset=utf-8',
    body: encoder.encode(text),
    ...(headers ? { headers } : {}),
  };
}

export function jsonObject(
  status: number,
  object: object,
  headers?: Readonly<Record<string, string>>,
): ApiServerResponse {
  return { kind: 'object', status, object, ...(headers ? { headers } : {}) };
}
