/**
 * How a webhook's refusal, or the failure to get its verdict, is told to the client.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/admission/plugin/webhook/errors and
 * staging/src/k8s.io/apiserver/pkg/util/webhook/error.go (v1.36)
 */
import { badRequest, StatusError, type Status } from '@kts/apimachinery';

const BAD_REQUEST = 400;

/** A webhook has said no. The status is its own; only what contradicts a refusal is put right. */
export function denialBy(webhook: string, result: Partial<Status> = {}): StatusError {
  const denied = `admission webhook ${JSON.stringify(webhook)} denied the request`;
  const { code = 0, status, message, reason } = result;
  const why = message || reason;
  return new StatusError({
    ...result,
    kind: 'Status',
    apiVersion: 'v1',
    metadata: result.metadata ?? {},
    status: !status || status === 'Success' ? 'Failure' : status,
    message: why ? `${denied}: ${why}` : `${denied} without explanation`,
    code: code < BAD_REQUEST ? BAD_REQUEST : code,
  } as Status);
}

export function dryRunUnsupported(webhook: string): StatusError {
  return badRequest(`admission webhook ${JSON.stringify(webhook)} does not support dry run`);
}

/** No verdict could be had: what this means for the request is the webhook's failure policy. */
export class WebhookCallError extends Error {
  override readonly name = 'WebhookCallError';
  /** As metrics count it. */
  readonly code: number;
  /** The client went away while the webhook was asked. */
  readonly canceled: boolean;

  constructor(webhook: string, reason: string, code: number, canceled = false) {
    super(`failed calling webhook ${JSON.stringify(webhook)}: ${reason}`);
    this.code = code;
    this.canceled = canceled;
  }
}
