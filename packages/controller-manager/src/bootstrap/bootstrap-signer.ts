/**
 * Signs the public description of the cluster with every bootstrap token, so that who joins can check it.
 *
 * Mirrors: pkg/controller/bootstrap/bootstrapsigner.go, staging/src/k8s.io/cluster-bootstrap/token/jws (v1.36)
 */
import { createHmac } from 'node:crypto';

import { configMaps, secrets } from '@kts/api';
import type { ConfigMap, Secret } from '@kts/api/types/core-v1';
import { isConflict, isNotFound } from '@kts/apimachinery';
import { defineController, watching, type AnyControllerDefinition } from '@kts/controlkit';

import { signingToken, TOKEN_SELECTION } from './bootstrap-token.ts';

const CLUSTER_INFO = { namespace: 'kube-public', name: 'cluster-info' };
const INFO_SELECTION = { namespace: CLUSTER_INFO.namespace, fieldSelector: `metadata.name=${CLUSTER_INFO.name}` };
const SIGNATURE_PREFIX = 'jws-kubeconfig-';

interface Observed {
  readonly info: ConfigMap;
  readonly secrets: readonly Secret[];
  readonly now: number;
}

export const bootstrapSigner: AnyControllerDefinition = defineController<
  ConfigMap,
  Observed,
  Readonly<Record<string, string>> | undefined
>({
  name: 'bootstrap-signer-controller',
  for: configMaps,
  selection: INFO_SELECTION,
  workers: 1,
  watches: [watching(secrets, { selection: TOKEN_SELECTION, map: () => [CLUSTER_INFO] })],
  observe: (key, { informers, clock }) => {
    const info = informers.get(configMaps, INFO_SELECTION).get(key);
    return info && { info, secrets: informers.get(secrets, TOKEN_SELECTION).list(), now: clock.now() };
  },
  plan: planSignatures,
  apply: async (data, { info }, { client, signal }) => {
    if (!data) return;
    await client.update(configMaps, { ...info, data }, { signal }).catch((error: unknown) => {
      if (!isNotFound(error) && !isConflict(error)) throw error;
    });
  },
});

/** The map's data with a signature for each token; undefined if it has them already, or there is nothing to sign. */
export function planSignatures({ info, secrets: tokens, now }: Observed): Readonly<Record<string, string>> | undefined {
  const { data = {} } = info;
  const content = data['kubeconfig'];
  if (content === undefined) return undefined;
  const rest = Object.entries(data).filter(([name]) => !name.startsWith(SIGNATURE_PREFIX));
  const signatures = tokens
    .flatMap((secret) => signingToken(secret, now) ?? [])
    .map(({ id, secret }) => [`${SIGNATURE_PREFIX}${id}`, detachedSignature(content, id, secret)] as const);
  const wanted: Readonly<Record<string, string>> = Object.fromEntries([...rest, ...signatures]);
  const names = Object.keys(wanted);
  const isSame = names.length === Object.keys(data).length && names.every((name) => wanted[name] === data[name]);
  return isSame ? undefined : wanted;
}

/** A JSON web signature without what was signed (RFC 7515, appendix F). */
export function detachedSignature(content: string, id: string, secret: string): string {
  const encode = (text: string): string => Buffer.from(text).toString('base64url');
  const header = encode(JSON.stringify({ alg: 'HS256', kid: id }));
  const signature = createHmac('sha256', secret)
    .update(`${header}.${encode(content)}`)
    .digest('base64url');
  return `${header}..${signature}`;
}
