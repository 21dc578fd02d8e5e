/**
 * Marks, and then deletes, tokens in Secrets that nobody has used for a long time.
 *
 * Mirrors: pkg/controller/serviceaccount/legacy_serviceaccount_token_cleaner.go (v1.36)
 */
import { configMaps, pods, secrets, serviceAccounts } from '@kts/api';
import type { Pod, Secret, ServiceAccount } from '@kts/api/types/core-v1';
import { isConflict, isNotFound, parseTime } from '@kts/apimachinery';
import { formatTime } from '@kts/base';

import type { PeriodicContext, PeriodicController } from '../periodic/periodic-controller.ts';

const DAY_MS = 86_400_000;
const TOKEN_TYPE = 'kubernetes.io/service-account-token';
const SELECTION = { fieldSelector: `type=${TOKEN_TYPE}` };
const TRACKING = { namespace: 'kube-system', name: 'kube-apiserver-legacy-service-account-token-tracking' };
const LAST_USED_LABEL = 'kubernetes.io/legacy-token-last-used';
const INVALID_SINCE_LABEL = 'kubernetes.io/legacy-token-invalid-since';

export type TokenFate = 'keep' | 'mark' | 'delete';

export interface TokenUse {
  readonly secret: Secret;
  readonly account: ServiceAccount | undefined;
  readonly isMounted: boolean;
  readonly now: number;
  readonly periodMs: number;
}

/** Only tokens that the token controller made by itself long ago: their account lists them. */
export function planToken({ secret, account, isMounted, now, periodMs }: TokenUse): TokenFate {
  const { metadata, type } = secret;
  if (type !== TOKEN_TYPE || metadata.deletionTimestamp !== undefined) return 'keep';
  if (parseTime(metadata.creationTimestamp ?? '') >= now - periodMs) return 'keep';
  const limit = dateOf(now - periodMs);
  const lastUsed = metadata.labels?.[LAST_USED_LABEL];
  if (lastUsed !== undefined && (!isDate(lastUsed) || lastUsed >= limit)) return 'keep';
  if (!account?.secrets?.some(({ name }) => name === metadata.name) || isMounted) return 'keep';
  const invalidSince = metadata.labels?.[INVALID_SINCE_LABEL] ?? '';
  if (!isDate(invalidSince)) return 'mark';
  return invalidSince >= limit ? 'keep' : 'delete';
}

export function legacyTokenCleaner(periodMs: number): PeriodicController {
  return {
    name: 'legacy-serviceaccount-token-cleaner-controller',
    periodMs: DAY_MS,
    reads: [serviceAccounts, pods],
    look: async (context) => {
      const now = context.clock.now();
      if (now < (await trackedFrom(context)) + periodMs) return;
      const { items } = await context.client.list(secrets, { ...SELECTION, signal: context.signal });
      for (const secret of items) {
        const { namespace } = secret.metadata;
        const isMounted = context.informers
          .get(pods)
          .list(namespace)
          .some((pod) => mountsSecret(pod, secret.metadata.name));
        const fate = planToken({ secret, account: accountOf(secret, context), isMounted, now, periodMs });
        await applyFate(fate, secret, now, context).catch((error: unknown) => {
          context.log.error('cannot clean up a token', { namespace, name: secret.metadata.name, error });
        });
      }
    },
  };
}

async function applyFate(fate: TokenFate, { metadata }: Secret, now: number, context: PeriodicContext): Promise<void> {
  const { client, signal } = context;
  if (fate === 'mark') {
    const body = { metadata: { uid: metadata.uid, labels: { [INVALID_SINCE_LABEL]: dateOf(now) } } };
    await client.patch(secrets, metadata, { type: 'merge', body }, { signal });
  } else if (fate === 'delete') {
    const { resourceVersion } = metadata;
    await client.delete(secrets, metadata, { preconditions: { resourceVersion }, signal }).catch((error: unknown) => {
      if (!isConflict(error) && !isNotFound(error)) throw error;
    });
  }
}

/** The day after the API server began to note when tokens are used. Throws if it does not say. */
async function trackedFrom({ client, signal }: PeriodicContext): Promise<number> {
  const { data } = await client.get(configMaps, TRACKING, { signal });
  const since = data?.['since'] ?? '';
  if (!isDate(since)) throw new Error(`error parsing trackedSince time: ${JSON.stringify(since)}`);
  return parseTime(`${since}T00:00:00Z`) + DAY_MS;
}

function accountOf({ metadata }: Secret, { informers }: PeriodicContext): ServiceAccount | undefined {
  const name = metadata.annotations?.['kubernetes.io/service-account.name'];
  const uid = metadata.annotations?.['kubernetes.io/service-account.uid'];
  const account = name ? informers.get(serviceAccounts).get({ namespace: metadata.namespace, name }) : undefined;
  return account && (!uid || uid === account.metadata.uid) ? account : undefined;
}

/** As a volume, a part of one, environment, or to pull images with. */
export function mountsSecret({ spec }: Pod, name: string): boolean {
  const containers = [...(spec.containers ?? []), ...(spec.initContainers ?? []), ...(spec.ephemeralContainers ?? [])];
  return (
    (spec.imagePullSecrets ?? []).some((each) => each.name === name) ||
    containers.some(
      ({ env = [], envFrom = [] }) =>
        envFrom.some(({ secretRef }) => secretRef?.name === name) ||
        env.some(({ valueFrom }) => valueFrom?.secretKeyRef?.name === name),
    ) ||
    (spec.volumes ?? []).some(
      ({ secret, projected }) =>
        secret?.secretName === name || projected?.sources?.some((source) => source.secret?.name === name),
    )
  );
}

function dateOf(ms: number): string {
  return formatTime(ms).slice(0, 10);
}

function isDate(text: string): boolean {
  return /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/.test(text);
}
