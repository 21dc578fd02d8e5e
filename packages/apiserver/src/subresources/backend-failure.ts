import { failure, internalError, StatusError } from '@kts/apimachinery';

import type { BackendTarget } from './backend.ts';

/** Why a backend did not answer. */
export function backendFailure(error: unknown, target: BackendTarget, path: string): unknown {
  if (StatusError.is(error) || !Error.isError(error)) return error;
  const { scheme, host, port, identity } = target;
  const text = `dial tcp ${host}:${port}: ${error.message}`;
  if (identity === 'kubelet') return internalError(`Get "${scheme}://${host}:${port}${path}": ${text}`);
  return failure('ServiceUnavailable', `error trying to reach service: ${text}`);
}
