/**
 * Fills in the Secrets that ask for the token of a service account, and deletes those whose account is gone.
 *
 * Mirrors: pkg/controller/serviceaccount/tokens_controller.go (v1.36)
 */
import { secrets, serviceAccounts } from '@kts/api';
import type { Secret, ServiceAccount } from '@kts/api/types/core-v1';
import { isConflict, isNotFound, type ObjectKey } from '@kts/apimachinery';
import {
  defineController,
  watching,
  type AnyControllerDefinition,
  type ControllerContext,
  type Informer,
} from '@kts/controlkit';

import { legacyToken } from './legacy-token.ts';

const TYPE = 'kubernetes.io/service-account-token';
const SELECTION = { fieldSelector: `type=${TYPE}` };
const NAME_ANNOTATION = 'kubernetes.io/service-account.name';
const UID_ANNOTATION = 'kubernetes.io/service-account.uid';
const RETRIES_MAX = 10;

interface TokenOptions {
  /** PEM of the key that signs tokens. */
  readonly key: string;
  readonly rootCA: string | undefined;
}

interface Observed {
  readonly secret: Secret;
  /** As far as the cache knows. */
  readonly account: ServiceAccount | undefined;
}

export function tokenSecretController(options: TokenOptions): AnyControllerDefinition {
  return defineController<Secret, Observed, Observed>({
    name: 'serviceaccount-token-controller',
    for: secrets,
    selection: SELECTION,
    watches: [watching(serviceAccounts, { map: secretsOf })],
    retriesMax: RETRIES_MAX,
    setup: removeReferencesOfDeleted,
    observe: (key, { informers }) => {
      const secret = informers.get(secrets, SELECTION).get(key);
      return secret && { secret, account: accountOf(secret, informers.get(serviceAccounts)) };
    },
    plan: (observed) => observed,
    apply: (observed, _same, context) => applyToken(observed, options, context),
  });
}

async function applyToken(
  { secret, account: cached }: Observed,
  options: TokenOptions,
  context: ControllerContext,
): Promise<void> {
  const { client, signal } = context;
  const account = cached ?? (await fetchAccount(secret, context));
  try {
    if (!account) {
      const { uid } = secret.metadata;
      await client.delete(secrets, secret.metadata, { preconditions: { uid }, signal });
      return;
    }
    const filled = fillToken(secret, account, options);
    if (filled !== secret) await client.update(secrets, filled, { signal });
  } catch (error) {
    // Somebody else was faster; if there is still something to do, the change comes back.
    if (!isConflict(error) && !isNotFound(error)) throw error;
  }
}

/** The Secret with everything in it that clients of the account need; the same one if it has. */
export function fillToken(secret: Secret, account: ServiceAccount, { key, rootCA }: TokenOptions): Secret {
  const { data = {}, metadata } = secret;
  const certificate = rootCA === undefined ? undefined : base64(rootCA);
  const needsCertificate = certificate !== undefined && data['ca.crt'] !== certificate;
  if (!needsCertificate && data['namespace'] && data['token']) return secret;
  return {
    ...secret,
    metadata: {
      ...metadata,
      annotations: {
        ...metadata.annotations,
        [NAME_ANNOTATION]: account.metadata.name,
        [UID_ANNOTATION]: account.metadata.uid,
      },
    },
    data: {
      ...data,
      ...(certificate === undefined ? {} : { 'ca.crt': certificate }),
      namespace: data['namespace'] || base64(metadata.namespace),
      token: data['token'] || base64(legacyToken(key, account, secret)),
    },
  };
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

function accountKey({ metadata }: Secret): ObjectKey {
  return { namespace: metadata.namespace, name: metadata.annotations?.[NAME_ANNOTATION] ?? '' };
}

/** The account that the Secret names, if it is still the same one. */
function matching(secret: Secret, account: ServiceAccount | undefined): ServiceAccount | undefined {
  const uid = secret.metadata.annotations?.[UID_ANNOTATION];
  return account && (!uid || uid === account.metadata.uid) ? account : undefined;
}

function accountOf(secret: Secret, accounts: Informer<ServiceAccount>): ServiceAccount | undefined {
  return matching(secret, accounts.get(accountKey(secret)));
}

async function fetchAccount(
  secret: Secret,
  { client, signal }: ControllerContext,
): Promise<ServiceAccount | undefined> {
  try {
    return matching(secret, await client.get(serviceAccounts, accountKey(secret), { signal }));
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

function secretsOf(account: ServiceAccount, { informers }: ControllerContext): readonly ObjectKey[] {
  const { namespace, name } = account.metadata;
  return informers
    .get(secrets, SELECTION)
    .list(namespace)
    .filter((secret) => secret.metadata.annotations?.[NAME_ANNOTATION] === name)
    .map(({ metadata }) => metadata);
}

/** Accounts list their Secrets; one that is deleted leaves the list. */
function removeReferencesOfDeleted(context: ControllerContext): void {
  const { client, informers, log, signal } = context;
  informers.get(secrets, SELECTION).subscribe({
    onDelete: (secret) => {
      const account = accountOf(secret, informers.get(serviceAccounts));
      const listed = account?.secrets ?? [];
      const rest = listed.filter(({ name }) => name !== secret.metadata.name);
      if (!account || rest.length === listed.length) return;
      client.update(serviceAccounts, { ...account, secrets: rest }, { signal }).catch((error: unknown) => {
        log.warn('cannot remove a reference to a secret', { account: account.metadata.name, error });
      });
    },
  });
}
