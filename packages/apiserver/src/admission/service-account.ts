/**
 * Pods run as a service account: its name, its token and its pull secrets are filled in.
 *
 * Mirrors: plugin/pkg/admission/serviceaccount (v1.36)
 * Differs: does not wait for the default account to appear; the client tries again.
 */
import { randomName, type Random } from '@kts/base';
import { goQuote, isPathSegmentName, type Draft } from '@kts/apimachinery';
import { serviceAccounts } from '@kts/api';
import type { Pod, ServiceAccount, Volume } from '@kts/api/types/core-v1';

import { only, type AdmissionAttributes, type AdmissionPlugin } from './admission.ts';
import { forbiddenBy } from './forbidden.ts';
import type { LiveObjects } from './live-objects.ts';
import { secretProblem, secretReferences } from './mountable-secrets.ts';

const DEFAULT_ACCOUNT = 'default';
const VOLUME_PREFIX = 'kube-api-access-';
const TOKEN_PATH = '/var/run/secrets/kubernetes.io/serviceaccount';
const TOKEN_SECONDS = 3607;
const MIRROR = 'kubernetes.io/config.mirror';
const ENFORCE_SECRETS = 'kubernetes.io/enforce-mountable-secrets';

export function serviceAccount(live: LiveObjects, random: Random): AdmissionPlugin {
  const accountOf = async (attributes: AdmissionAttributes, name: string): Promise<ServiceAccount> => {
    const { namespace } = attributes;
    const account = await live.get(serviceAccounts, namespace, name);
    if (account) return account;
    const complaints = isPathSegmentName(name);
    const reason =
      complaints.length > 0
        ? `invalid resource name ${goQuote(name)}: [${complaints.join(' ')}]`
        : `serviceaccount ${goQuote(name)} not found`;
    throw forbiddenBy(attributes, `error looking up service account ${namespace}/${name}: ${reason}`);
  };
  const check = async (attributes: AdmissionAttributes): Promise<void> => {
    const ephemeral = attributes.subresource === 'ephemeralcontainers' && attributes.operation === 'UPDATE';
    if (!ephemeral && (!writes(attributes, '') || attributes.operation !== 'CREATE')) return;
    if (!writes(attributes, attributes.subresource)) return;
    const pod = attributes.object as unknown as Pod;
    if (!ephemeral && pod.metadata.annotations?.[MIRROR] !== undefined) {
      const problem = mirrorPodProblem(pod);
      if (problem) throw forbiddenBy(attributes, problem);
      return;
    }
    const name = pod.spec.serviceAccountName;
    if (!name) {
      throw forbiddenBy(
        attributes,
        `no service account specified for pod ${attributes.namespace}/${pod.metadata.name ?? ''}`,
      );
    }
    const account = await accountOf(attributes, name);
    if (account.metadata.annotations?.[ENFORCE_SECRETS] !== 'true') return;
    const problem = secretProblem(account, pod, ephemeral);
    if (problem) throw forbiddenBy(attributes, problem);
  };
  return {
    name: 'ServiceAccount',
    concerns: only('pods'),
    async admit(attributes) {
      if (!writes(attributes, '') || attributes.operation !== 'CREATE') return;
      const pod = attributes.object as unknown as Draft<Pod>;
      if (pod.metadata.annotations?.[MIRROR] !== undefined) return check(attributes);
      pod.spec.serviceAccountName ||= DEFAULT_ACCOUNT;
      pod.spec.serviceAccount = pod.spec.serviceAccountName;
      const account = await accountOf(attributes, pod.spec.serviceAccountName);
      if (automounts(account, pod)) mountToken(pod, random);
      if ((pod.spec.imagePullSecrets ?? []).length === 0 && (account.imagePullSecrets ?? []).length > 0) {
        pod.spec.imagePullSecrets = account.imagePullSecrets!.map(({ name }) => (name ? { name } : {}));
      }
      // What the account does not allow is refused before anybody looks at the rest of the pod.
      await check(attributes);
    },
    validate: check,
  };
}

function writes(attributes: AdmissionAttributes, subresource: string): boolean {
  return attributes.subresource === subresource && attributes.object !== undefined;
}

function mirrorPodProblem(pod: Pod): string | undefined {
  if (pod.spec.serviceAccountName) return 'a mirror pod may not reference service accounts';
  const volumes = pod.spec.volumes ?? [];
  if (secretReferences(pod).length > 0) return 'a mirror pod may not reference secrets';
  const tokens = volumes.some((volume) => volume.projected?.sources?.some((source) => source.serviceAccountToken));
  return tokens ? 'a mirror pod may not use ServiceAccountToken volume projections' : undefined;
}

/** The pod's word counts before the account's. */
function automounts(account: ServiceAccount, pod: Draft<Pod>): boolean {
  return pod.spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true;
}

function mountToken(pod: Draft<Pod>, random: Random): void {
  const present = pod.spec.volumes?.find(({ name }) => name.startsWith(VOLUME_PREFIX))?.name;
  const name = present ?? VOLUME_PREFIX + randomName(random);
  let needed = false;
  for (const container of [...(pod.spec.initContainers ?? []), ...(pod.spec.containers ?? [])]) {
    const mounts = container.volumeMounts ?? [];
    if (mounts.some(({ mountPath }) => mountPath === TOKEN_PATH)) continue;
    container.volumeMounts = [...mounts, { name, readOnly: true, mountPath: TOKEN_PATH }];
    needed = true;
  }
  if (present === undefined && needed) pod.spec.volumes = [...(pod.spec.volumes ?? []), tokenVolume(name)];
}

/** The volume that every pod talks to the API server with. */
function tokenVolume(name: string): Draft<Volume> {
  return {
    name,
    projected: {
      defaultMode: 0o644,
      sources: [
        { serviceAccountToken: { path: 'token', expirationSeconds: TOKEN_SECONDS } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        {
          downwardAPI: {
            items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
          },
        },
      ],
    },
  };
}
