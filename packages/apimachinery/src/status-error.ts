import { goQuote } from './go-text.ts';
import type { FieldError } from './field-error.ts';
import type { Status, StatusCause } from './gen/meta-v1.gen.ts';

/**
 * Errors that a client may see: one table from reason to HTTP code, one constructor per reason.
 *
 * Mirrors: staging/src/k8s.io/apimachinery/pkg/api/errors/errors.go (v1.36)
 */
export const STATUS_CODE = {
  BadRequest: 400,
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  AlreadyExists: 409,
  Conflict: 409,
  Gone: 410,
  Expired: 410,
  RequestEntityTooLarge: 413,
  UnsupportedMediaType: 415,
  Invalid: 422,
  TooManyRequests: 429,
  InternalError: 500,
  ServiceUnavailable: 503,
  Timeout: 504,
  ServerTimeout: 500,
} as const satisfies Record<string, number>;

export type StatusReason = keyof typeof STATUS_CODE;

export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly StatusCause[];
  readonly retryAfterSeconds?: number;
}

const BRAND = Symbol.for('kts.StatusError');

/** An outcome that is answered with a `Status` object; also what a client throws for such an answer. */
export class StatusError extends Error {
  override readonly name = 'StatusError';
  readonly [BRAND] = true;
  readonly status: Status;

  constructor(status: Status, options?: ErrorOptions) {
    super(status.message ?? status.reason ?? 'unknown error', options);
    this.status = status;
  }

  get code(): number {
    return this.status.code ?? 500;
  }

  get reason(): string {
    return this.status.reason ?? '';
  }

  static is(error: unknown): error is StatusError {
    return typeof error === 'object' && error !== null && BRAND in error;
  }
}

/** A resource as error messages name it: `deployments.apps "web" not found`. */
interface Named {
  readonly group: string;
  readonly plural: string;
}

/** Any failure as a `Status` body. `code` defaults to the reason's code. */
export function failure(
  reason: StatusReason | '',
  message: string,
  details?: StatusDetails,
  code: number = reason === '' ? 500 : STATUS_CODE[reason],
): StatusError {
  return new StatusError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    ...(reason === '' ? {} : { reason }),
    ...(details ? { details } : {}),
    code,
  });
}

export const notFound = (resource: Named, name: string): StatusError =>
  failure('NotFound', `${qualified(resource)} ${quote(name)} not found`, detailsOf(resource, name));

export const alreadyExists = (resource: Named, name: string): StatusError =>
  failure('AlreadyExists', `${qualified(resource)} ${quote(name)} already exists`, detailsOf(resource, name));

export const conflict = (resource: Named, name: string, message: string): StatusError =>
  failure(
    'Conflict',
    `Operation cannot be fulfilled on ${qualified(resource)} ${quote(name)}: ${message}`,
    detailsOf(resource, name),
  );

/** The message of every lost update. Clients match on it. */
export const OBJECT_MODIFIED =
  'the object has been modified; please apply your changes to the latest version and try again';

export function forbiddenRequest(resource: Named, name: string, message: string): StatusError {
  const subject =
    resource.plural === ''
      ? 'forbidden'
      : name
        ? `${qualified(resource)} ${quote(name)} is forbidden`
        : `${qualified(resource)} is forbidden`;
  return failure('Forbidden', `${subject}: ${message}`, detailsOf(resource, name));
}

/** `details.kind` is the kind here, not the resource. */
export function invalidObject(
  type: { readonly group: string; readonly kind: string },
  name: string,
  errors: readonly FieldError[],
): StatusError {
  const causes = errors.map((error) => ({ reason: error.type, message: error.message, field: error.field }));
  const texts = errors.map((error) => `${error.field}: ${error.message}`);
  const distinct = [...new Set(texts)];
  const summary = distinct.length === 1 ? distinct[0]! : `[${distinct.join(', ')}]`;
  const kind = type.group ? `${type.kind}.${type.group}` : type.kind;
  return failure('Invalid', `${kind} ${quote(name)} is invalid: ${summary}`, {
    ...(name ? { name } : {}),
    ...(type.group ? { group: type.group } : {}),
    kind: type.kind,
    causes,
  });
}

export const badRequest = (message: string): StatusError => failure('BadRequest', message);

export const methodNotSupported = (resource: Named, action: string): StatusError =>
  failure(
    'MethodNotAllowed',
    `${action} is not supported on resources of kind ${goQuote(qualified(resource))}`,
    detailsOf(resource, ''),
  );

export const unauthorized = (): StatusError => failure('Unauthorized', 'Unauthorized');

export const expired = (message: string): StatusError => failure('Expired', message);

export const tooManyRequests = (message: string, retryAfterSeconds: number): StatusError =>
  failure('TooManyRequests', message, { retryAfterSeconds });

export const internalError = (message: string): StatusError =>
  failure('InternalError', `Internal error occurred: ${message}`, { causes: [{ message }] });

export const isNotFound = (error: unknown): boolean => StatusError.is(error) && error.reason === 'NotFound';
export const isBadRequest = (error: unknown): boolean => StatusError.is(error) && error.reason === 'BadRequest';
export const isConflict = (error: unknown): boolean => StatusError.is(error) && error.reason === 'Conflict';
export const isAlreadyExists = (error: unknown): boolean => StatusError.is(error) && error.reason === 'AlreadyExists';

/** Anything thrown, as the `Status` to answer with. Unknown errors say nothing about themselves to a client. */
export function toStatus(error: unknown): Status {
  if (StatusError.is(error)) return error.status;
  return failure('InternalError', 'Internal error occurred').status;
}

function qualified(resource: Named): string {
  return resource.group ? `${resource.plural}.${resource.group}` : resource.plural;
}

function quote(name: string | undefined): string {
  return goQuote(name ?? '');
}

function detailsOf(resource: Named, name: string): StatusDetails {
  return {
    ...(name ? { name } : {}),
    ...(resource.group ? { group: resource.group } : {}),
    ...(resource.plural ? { kind: resource.plural } : {}),
  };
}
