/**
 * Asks one webhook about one request.
 *
 * Mirrors: callHook in staging/src/k8s.io/apiserver/pkg/admission/plugin/webhook/validating/dispatcher.go and the errors
 * of staging/src/k8s.io/client-go/rest/request.go (v1.36)
 */
import { childSignal, type Clock, type Random } from '@kts/base';
import { encodeJson, JsonSyntaxError, parseJson, type JsonValue } from '@kts/apimachinery';
import type { AdmissionReview } from '@kts/api/types/admission-v1';
import type { ValidatingWebhook } from '@kts/api/types/admissionregistration-v1';

import type { AdmittedSubject } from '../decode-admitted.ts';
import {
  admissionReview,
  chooseReviewVersion,
  InvalidReviewError,
  readReview,
  type ReviewAnswer,
} from './admission-review.ts';
import { transportFailureText } from './transport-failure.ts';
import { webhookTarget, type WebhookAnswer, type WebhookClient, type WebhookTarget } from './webhook-client.ts';
import { dryRunUnsupported, WebhookCallError } from './webhook-errors.ts';

export interface CallParts {
  readonly client: WebhookClient;
  readonly clock: Clock;
  readonly random: Random;
}

const TIMEOUT_SECONDS_DEFAULT = 10;
const BAD_REQUEST = 400;
const INTERNAL_ERROR = 500;
const UNAVAILABLE = 503;

/** Throws WebhookCallError if there is no verdict, and what the client gets where the webhook must not be asked. */
export async function callWebhook(
  parts: CallParts,
  webhook: ValidatingWebhook,
  subject: AdmittedSubject,
  mutating: boolean,
): Promise<ReviewAnswer> {
  const { name, sideEffects } = webhook;
  if (subject.attributes.dryRun && sideEffects !== 'None' && sideEffects !== 'NoneOnDryRun') {
    throw dryRunUnsupported(name);
  }
  const version = chooseReviewVersion(webhook.admissionReviewVersions);
  if (!version) {
    const text = 'webhook does not accept known AdmissionReview versions (v1, v1beta1)';
    throw new WebhookCallError(name, `could not create admission objects: ${text}`, BAD_REQUEST);
  }
  const uid = parts.random.uuid();
  const body = encodeJson(admissionReview(version, uid, subject) as JsonValue);
  const answer = await post(parts, webhook, body, subject.attributes.request.signal);
  try {
    return readReview(version, decodeAnswer(name, answer), uid, mutating);
  } catch (error) {
    if (!(error instanceof InvalidReviewError)) throw error;
    throw new WebhookCallError(name, `received invalid webhook response: ${error.message}`, UNAVAILABLE);
  }
}

async function post(
  { client, clock }: CallParts,
  { name, clientConfig, timeoutSeconds }: ValidatingWebhook,
  body: Uint8Array,
  signal: AbortSignal,
): Promise<WebhookAnswer> {
  const seconds = timeoutSeconds ?? TIMEOUT_SECONDS_DEFAULT;
  const target = targetOf(name, clientConfig);
  using call = childSignal(signal);
  let timedOut = false;
  const timer = clock.after(seconds * 1000, () => {
    timedOut = true;
    call.abort();
  });
  try {
    return await client.post(target, body, seconds, call.signal);
  } catch (error) {
    const canceled = signal.aborted;
    const why = timedOut ? 'context deadline exceeded' : canceled ? 'context canceled' : transportFailureText(error);
    const url = `https://${target.authority}${target.path}?timeout=${seconds}s`;
    throw new WebhookCallError(name, `failed to call webhook: Post "${url}": ${why}`, UNAVAILABLE, canceled);
  } finally {
    timer.cancel();
  }
}

function targetOf(name: string, config: ValidatingWebhook['clientConfig']): WebhookTarget {
  try {
    return webhookTarget(config);
  } catch (error) {
    const text = `could not get REST client: ${(error as Error).message}`;
    throw new WebhookCallError(name, text, INTERNAL_ERROR);
  }
}

function decodeAnswer(name: string, { status, body }: WebhookAnswer): AdmissionReview {
  const fail = (text: string, code: number): WebhookCallError =>
    new WebhookCallError(name, `failed to call webhook: ${text}`, code);
  if (status < 200 || status > 206) throw fail(statusText(status, body), status);
  try {
    const value = parseJson(body);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw fail('the server could not find the requested resource', UNAVAILABLE);
    }
    return value as AdmissionReview;
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    throw fail(`couldn't get version/kind; json parse error: ${error.message}`, UNAVAILABLE);
  }
}

const STATUS_TEXTS: Readonly<Record<number, string>> = {
  400: 'the server rejected our request for an unknown reason',
  401: 'the server has asked for the client to provide credentials',
  404: 'the server could not find the requested resource',
  405: 'the server does not allow this method on the requested resource',
  409: 'the server reported a conflict',
  422: 'the server rejected our request due to an error in our request',
  429: 'the server has received too many requests and has asked us to try again later',
  503: 'the server is currently unable to handle the request',
  504: 'the server was unable to return a response in the time allotted, but may still be processing the request',
};
/** How much of an error's text is repeated. */
const ERROR_TEXT_LENGTH_MAX = 2048;

/** Why an answer with that status is none, as clients of upstream put it. */
export function statusText(status: number, body: Uint8Array): string {
  const known = STATUS_TEXTS[status];
  if (known) return known;
  const text = Buffer.from(body).toString().trim().slice(0, ERROR_TEXT_LENGTH_MAX) || 'unknown';
  if (status >= INTERNAL_ERROR) {
    return `an error on the server (${JSON.stringify(text)}) has prevented the request from succeeding`;
  }
  if (status === 403 || status === 406 || status === 415) return text;
  return `the server responded with the status code ${status} but did not return more information`;
}
