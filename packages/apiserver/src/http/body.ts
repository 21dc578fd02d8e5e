import type { Readable } from 'node:stream';

import { badRequest, failure } from '@kts/apimachinery';

/** The largest body of a request. */
export const BODY_BYTES_MAX = 3 * 1024 * 1024;

/** Reads a body to its end. Rejects with RequestEntityTooLarge, without reading on, if it is larger than allowed. */
export function readBytes(
  body: Readable,
  contentLength: string | undefined,
  limit: number = BODY_BYTES_MAX,
): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  if (Number(contentLength ?? 0) > limit) {
    body.resume();
    return Promise.reject(tooLarge(limit));
  }
  const chunks: Buffer[] = [];
  let length = 0;
  body.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length > limit) {
      chunks.length = 0;
      reject(tooLarge(limit));
      return;
    }
    chunks.push(chunk);
  });
  body.once('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
  body.once('error', reject);
  body.once('close', () => {
    // Every request ends with this; an error is only made for those that ended too early.
    if (!body.readableEnded) reject(badRequest('the request ended before its body was complete'));
  });
  return promise;
}

const tooLarge = (limit: number): Error =>
  failure('RequestEntityTooLarge', `Request entity too large: limit is ${limit}`);
