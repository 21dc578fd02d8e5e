/** gRPC's status codes by name, as Go's `codes.Code` prints them. */
export const GRPC_CODES = {
  OK: 0,
  Canceled: 1,
  Unknown: 2,
  InvalidArgument: 3,
  DeadlineExceeded: 4,
  NotFound: 5,
  AlreadyExists: 6,
  PermissionDenied: 7,
  ResourceExhausted: 8,
  FailedPrecondition: 9,
  Aborted: 10,
  OutOfRange: 11,
  Unimplemented: 12,
  Internal: 13,
  Unavailable: 14,
  DataLoss: 15,
  Unauthenticated: 16,
} as const satisfies Record<string, number>;

export type GrpcCode = keyof typeof GRPC_CODES;

/** What a call of the runtime rejects with. `message` is Go's text of it, which ends up in events and statuses. */
export class CriError extends Error {
  override readonly name = 'CriError';
  readonly code: GrpcCode;
  /** The runtime's own words, without the code. */
  readonly description: string;

  constructor(code: GrpcCode, description: string, options?: ErrorOptions) {
    super(`rpc error: code = ${code} desc = ${description}`, options);
    this.code = code;
    this.description = description;
  }

  static is(error: unknown, code?: GrpcCode): error is CriError {
    return error instanceof CriError && (code === undefined || error.code === code);
  }
}

export function grpcCodeOf(number: number): GrpcCode {
  const found = Object.entries(GRPC_CODES).find(([, value]) => value === number);
  return (found?.[0] as GrpcCode | undefined) ?? 'Unknown';
}
