import type { Readable } from 'node:stream';

import type { ApiRequest } from './transport.ts';

/** HTTP/2 or HTTP/1.1 to one server. */
export interface ServerConnection {
  /**
   * Resolves with the head of the answer. The signal ends the request, and also a body that is still being read.
   * Rejects with TransportError, or with the signal's reason.
   */
  open(request: ApiRequest): Promise<Answer>;
  close(): Promise<void>;
}

export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly warnings: readonly string[];
  readonly body: Readable;
  /** Once the body has ended: whether it is all there, as far as the protocol tells. */
  isWhole(): boolean;
  /** The reader wants no more. */
  cancel(): void;
}

export function encodeBody(request: ApiRequest): string | Uint8Array {
  const { body } = request;
  return typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
}

/** The texts of `Warning` headers: `299 - "text", 299 - "text"`. */
export function warningTexts(headers: string | readonly string[] | undefined): readonly string[] {
  const list = typeof headers === 'string' ? [headers] : (headers ?? []);
  return list.flatMap((header) =>
    [...header.matchAll(/\d{3} \S+ "((?:[^"\\]|\\.)*)"/g)].map((match) => match[1]!.replaceAll(/\\(.)/g, '$1')),
  );
}
