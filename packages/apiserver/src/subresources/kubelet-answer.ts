/**
 * Why there are no logs, as the kubelet or the way to it says.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/registry/generic/rest/{response_checker.go,streamer.go} (v1.36)
 */
import { badRequest, failure, internalError, StatusError } from '@kts/apimachinery';
import { genericFailure } from '@kts/client';

import { transportFailureText } from '../admission/webhook/transport-failure.ts';
import type { BackendResponse, BackendTarget } from './backend.ts';

/** How much of an answer is repeated. */
const TEXT_BYTES_MAX = 50_000;

/** The error of a request that got no answer. */
export function kubeletUnreachable(error: unknown, { scheme, host, port }: BackendTarget, path: string): StatusError {
  const authority = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  return failure('', `Get "${scheme}://${authority}${path}": ${transportFailureText(error)}`);
}

/** The error of an answer that is a failure. */
export async function kubeletRefusal(
  { status, body }: Pick<BackendResponse, 'status' | 'body'>,
  resource: string,
  name: string,
): Promise<StatusError> {
  const text = await textOf(body);
  if (status === 500) return internalError(text);
  if (status === 400) return badRequest(text);
  const { reason, message } = genericFailure(status, '', text);
  return new StatusError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: `${message} ( ${resource} ${name})`,
    ...(reason ? { reason } : {}),
    details: { name, kind: resource },
    code: status,
  });
}

async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= TEXT_BYTES_MAX) break;
  }
  return Buffer.concat(chunks).subarray(0, TEXT_BYTES_MAX).toString();
}
