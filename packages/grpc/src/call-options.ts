/** Of one call. */
export interface CallOptions {
  /** Aborting rejects the call with the signal's reason; the other side may still finish what it began. */
  readonly signal?: AbortSignal;
  /** How long to wait for an answer before the call fails with `DeadlineExceeded`; absent: the implementation's default. */
  readonly timeoutMs?: number;
}
