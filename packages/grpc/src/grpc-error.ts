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

export interface GrpcErrorOptions extends ErrorOptions {
  /** Whether the server may have seen the call; absent: yes. */
  readonly wasSent?: boolean;
}

/** What a call is refused with. `message` is Go's text of it, which ends up in events and statuses of Kubernetes. */
export class GrpcError extends Error {
  override readonly name = 'GrpcError';
  readonly code: GrpcCode;
  /** The other side's own words, without the code. */
  readonly description: string;
  /** False: the server cannot have seen the call, so it may be made again. */
  readonly wasSent: boolean;

  constructor(code: GrpcCode, description: string, { wasSent = true, ...options }: GrpcErrorOptions = {}) {
    super(`rpc error: code = ${code} desc = ${description}`, options);
    this.code = code;
    this.description = description;
    this.wasSent = wasSent;
  }

  static is(error: unknown, code?: GrpcCode): error is GrpcError {
    return error instanceof GrpcError && (code === undefined || error.code === code);
  }
}

export function grpcCodeOf(number: number): GrpcCode {
  const found = Object.entries(GRPC_CODES).find(([, value]) => value === number);
  return (found?.[0] as GrpcCode | undefined) ?? 'Unknown';
}

/** As the `grpc-message` header carries a text: everything but printable ASCII as percent-encoded UTF-8. */
export function encodeMessage(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]+|%/g, (part) =>
    [...Buffer.from(part)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );
}

/** The text of a `grpc-message` header; what is not well encoded stays as it is. */
export function decodeMessage(header: string): string {
  try {
    return decodeURIComponent(header.replaceAll(/%(?![0-9a-fA-F]{2})/g, '%25'));
  } catch {
    return header;
  }
}
