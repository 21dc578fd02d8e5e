/**
 * Why a call got no answer, in the words of upstream's language and libraries, which users search for.
 *
 * Mirrors: the errors of Go's net/http, crypto/x509 and staging/src/k8s.io/client-go/rest (v1.36)
 */
import { StatusError } from '@kts/apimachinery';

interface SystemError extends Error {
  readonly code?: string;
  readonly address?: string;
  readonly port?: number;
  readonly hostname?: string;
}

const UNKNOWN_AUTHORITY: ReadonlySet<string> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

const VERIFY = 'tls: failed to verify certificate: x509:';

export function transportFailureText(error: unknown): string {
  if (StatusError.is(error)) return error.message;
  if (!Error.isError(error)) return String(error);
  // Several addresses were tried; the first is the one that matters.
  const { code = '', address = '', port = 0, hostname = '', message } = firstOf(error);
  const dial = `dial tcp ${address.includes(':') ? `[${address}]` : address}:${port}:`;
  if (UNKNOWN_AUTHORITY.has(code)) return `${VERIFY} certificate signed by unknown authority`;
  switch (code) {
    case 'ECONNREFUSED':
      return `${dial} connect: connection refused`;
    case 'EHOSTUNREACH':
      return `${dial} connect: no route to host`;
    case 'ENETUNREACH':
      return `${dial} connect: network is unreachable`;
    case 'ENOTFOUND':
      return `dial tcp: lookup ${hostname}: no such host`;
    case 'ECONNRESET':
      return 'EOF';
    case 'CERT_HAS_EXPIRED':
      return `${VERIFY} certificate has expired or is not yet valid`;
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `${VERIFY} certificate is not valid for the name of the webhook: ${message}`;
    default:
      return message;
  }
}

function firstOf(error: Error): SystemError {
  const [first] = error instanceof AggregateError ? (error.errors as readonly unknown[]) : [];
  return Error.isError(first) ? first : error;
}
