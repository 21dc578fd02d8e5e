/**
 * Asks the webhook of a definition for its objects in another version.
 *
 * Mirrors: staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/conversion/webhook_converter.go (v1.36)
 */
import type { Clock, Random } from '@kts/base';
import { encodeJson, failure, JsonSyntaxError, parseJson, type JsonValue, type KubeObject } from '@kts/apimachinery';
import type { CustomResourceDefinition } from '@kts/api/types/apiextensions-v1';

import { statusText } from '../admission/webhook/call-webhook.ts';
import { transportFailureText } from '../admission/webhook/transport-failure.ts';
import { webhookTarget, type WebhookAnswer, type WebhookClient } from '../admission/webhook/webhook-client.ts';
import { conversionReview, InvalidConversion, readConversion, restored } from './conversion-review.ts';

/** Objects of any versions of a kind in one version of it, in the same order. Throws what the client is told. */
export type ConvertObjects = (objects: readonly KubeObject[], apiVersion: string) => Promise<readonly KubeObject[]>;

export interface ConversionParts {
  readonly client: WebhookClient;
  readonly clock: Clock;
  readonly random: Random;
}

const TIMEOUT_SECONDS = 30;
/** A webhook is asked about so many objects at once. */
const OBJECTS_PER_REVIEW = 100;
const REVIEW_VERSIONS: readonly string[] = ['v1', 'v1beta1'];

/** Undefined: the versions of the definition differ in nothing but their name. */
export function conversionWebhook(
  parts: ConversionParts,
  { spec: { conversion } }: CustomResourceDefinition,
): ConvertObjects | undefined {
  const { strategy, webhook } = conversion ?? {};
  if (strategy !== 'Webhook' || !webhook?.clientConfig) return undefined;
  const { clientConfig } = webhook;
  const version = webhook.conversionReviewVersions.find((known) => REVIEW_VERSIONS.includes(known));
  return async (objects, apiVersion) => {
    const others = objects.filter((object) => object.apiVersion !== apiVersion);
    if (others.length === 0) return objects;
    if (version === undefined) throw failed('no supported conversion review versions');
    const asked: Promise<KubeObject[]>[] = [];
    for (let at = 0; at < others.length; at += OBJECTS_PER_REVIEW) {
      asked.push(ask(parts, clientConfig, version, others.slice(at, at + OBJECTS_PER_REVIEW), apiVersion));
    }
    const converted = (await Promise.all(asked)).flat().values();
    return objects.map((object) => (object.apiVersion === apiVersion ? object : converted.next().value!));
  };
}

type ClientConfig = Parameters<typeof webhookTarget>[0];

async function ask(
  parts: ConversionParts,
  config: ClientConfig,
  version: string,
  objects: readonly KubeObject[],
  apiVersion: string,
): Promise<KubeObject[]> {
  const webhook = `conversion webhook for ${objects[0]!.apiVersion}, Kind=${objects[0]!.kind}`;
  const uid = parts.random.uuid();
  const body = encodeJson(conversionReview(version, uid, objects, apiVersion) as JsonValue);
  const answer = await post(parts, config, body, webhook);
  try {
    const converted = readConversion(version, uid, decode(answer));
    if (converted.length !== objects.length) {
      throw failed(`${webhook} returned ${converted.length} objects, expected ${objects.length}`);
    }
    return objects.map((object, index) => restored(object, converted[index], apiVersion, index));
  } catch (error) {
    if (error instanceof InvalidConversion) throw failed(`${webhook} ${error.message}`);
    throw error;
  }
}

async function post(
  { client, clock }: ConversionParts,
  config: ClientConfig,
  body: Uint8Array,
  webhook: string,
): Promise<WebhookAnswer> {
  const target = webhookTarget(config);
  const call = new AbortController();
  const timer = clock.after(TIMEOUT_SECONDS * 1000, () => call.abort());
  try {
    return await client.post(target, body, TIMEOUT_SECONDS, call.signal);
  } catch (error) {
    const why = call.signal.aborted ? 'context deadline exceeded' : transportFailureText(error);
    const url = `https://${target.authority}${target.path}?timeout=${TIMEOUT_SECONDS}s`;
    throw failed(`${webhook} failed: Post "${url}": ${why}`);
  } finally {
    timer.cancel();
  }
}

function decode({ status, body }: WebhookAnswer): JsonValue {
  if (status < 200 || status > 206) throw new InvalidConversion(`failed: ${statusText(status, body)}`);
  try {
    return parseJson(body);
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    throw new InvalidConversion(`failed: couldn't get version/kind; json parse error: ${error.message}`);
  }
}

function failed(message: string): Error {
  return failure('', message, undefined, 500);
}
