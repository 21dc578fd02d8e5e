/** Header fields of an answer; a list stands for several fields of the same name. */
export type HeaderFields = Record<string, string | number | string[]>;

/** Where an answer is written: an HTTP/2 stream or an HTTP/1.1 response. */
export interface ResponseSink {
  /** The first call. `last`: there is no body. */
  head(status: number, headers: HeaderFields, last: boolean): void;
  /** `false`: full; go on when `drained` resolves. */
  write(bytes: Uint8Array): boolean;
  end(bytes?: Uint8Array): void;
  /** Resolves when there is room again, or when the client has gone. */
  drained(): Promise<void>;
  /** Breaks the connection off, so that the client cannot take what it has for the whole. */
  destroy(): void;
  readonly closed: boolean;
  /** Calls back when the client goes away before the end, or after the end. */
  onClose(callback: () => void): void;
}
