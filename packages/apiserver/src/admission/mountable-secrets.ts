/**
 * The secrets that a pod uses, and whether its service account lists them.
 *
 * Mirrors: limitSecretReferences in plugin/pkg/admission/serviceaccount/admission.go (v1.36)
 */
import type { Container, EphemeralContainer, Pod, ServiceAccount } from '@kts/api/types/core-v1';

interface SecretReference {
  readonly secret: string;
  /** How the message begins: `container web with envVar KEY referencing`. */
  readonly where: string;
}

/** Secrets in volumes, environment and pull secrets of all containers. */
export function secretReferences(pod: Pod): readonly SecretReference[] {
  return [
    ...volumeReferences(pod),
    ...environmentReferences('init container', pod.spec.initContainers ?? []),
    ...environmentReferences('container', pod.spec.containers),
    ...environmentReferences('ephemeral container', pod.spec.ephemeralContainers ?? []),
    ...(pod.spec.imagePullSecrets ?? []).map(({ name = '' }) => ({ secret: name, where: 'pull secret' })),
  ];
}

/** The first secret that the account does not list, as a message. */
export function secretProblem(account: ServiceAccount, pod: Pod, ephemeralOnly: boolean): string | undefined {
  const listed = new Set((account.secrets ?? []).map(({ name }) => name));
  const references = ephemeralOnly
    ? environmentReferences('ephemeral container', pod.spec.ephemeralContainers ?? [])
    : [
        ...volumeReferences(pod),
        ...environmentReferences('init container', pod.spec.initContainers ?? []),
        ...environmentReferences('container', pod.spec.containers),
      ];
  const { name } = account.metadata;
  for (const { secret, where } of references) {
    if (listed.has(secret)) continue;
    return `${where} secret.secretName="${secret}" is not allowed because service account ${name} does not reference that secret`;
  }
  return ephemeralOnly ? undefined : pullSecretProblem(account, pod);
}

function pullSecretProblem(account: ServiceAccount, pod: Pod): string | undefined {
  const listed = new Set((account.imagePullSecrets ?? []).map(({ name }) => name));
  const index = (pod.spec.imagePullSecrets ?? []).findIndex(({ name }) => !listed.has(name));
  if (index < 0) return undefined;
  const secret = pod.spec.imagePullSecrets![index]!.name ?? '';
  return `imagePullSecrets[${index}].name="${secret}" is not allowed because service account ${account.metadata.name} does not reference that imagePullSecret`;
}

function volumeReferences(pod: Pod): SecretReference[] {
  const secrets = (pod.spec.volumes ?? []).map((volume) => volume.secret).filter((source) => source !== undefined);
  return secrets.map(({ secretName = '' }) => ({ secret: secretName, where: 'volume with' }));
}

function environmentReferences(
  kind: string,
  containers: readonly (Container | EphemeralContainer)[],
): SecretReference[] {
  const references: SecretReference[] = [];
  for (const container of containers) {
    for (const { name, valueFrom } of container.env ?? []) {
      const secret = valueFrom?.secretKeyRef?.name;
      if (secret) references.push({ secret, where: `${kind} ${container.name} with envVar ${name} referencing` });
    }
    for (const { secretRef } of container.envFrom ?? []) {
      const where = `${kind} ${container.name} with envFrom referencing`;
      if (secretRef?.name) references.push({ secret: secretRef.name, where });
    }
  }
  return references;
}
