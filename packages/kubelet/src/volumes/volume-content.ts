import type { Pod, Volume, VolumeProjection } from '@kts/api/types/core-v1';
import type { NamespaceObjects } from '../environment/container-environment.ts';
import { allContainers } from '../pod/containers.ts';
import type { ResourceList } from '../pod/resource-list.ts';
import { effectiveSecurityContext } from '../runtime/security-context.ts';
import {
  configMapPayload,
  downwardPayload,
  secretPayload,
  throwProblems,
  VolumeError,
  type VolumeFile,
  type VolumePayload,
} from './volume-payload.ts';

/** Where the content of volumes comes from. */
export interface VolumeSources {
  readonly pod: Pod;
  readonly objects: NamespaceObjects;
  readonly allocatable: ResourceList;
  token(audience: string, expirationSeconds: number): Promise<string>;
}

const TOKEN_MODE = 0o600;
const TOKEN_SECONDS = 3600;

/** The files of a volume that is made from API objects; `undefined` for any other volume. Throws VolumeError. */
export function volumeContent(volume: Volume, sources: VolumeSources): Promise<VolumePayload> | undefined {
  const { configMap, secret, downwardAPI, projected } = volume;
  if (configMap) return fromConfigMap(configMap.name ?? '', configMap, sources);
  if (secret) return fromSecret(secret.secretName ?? '', secret, sources);
  if (downwardAPI) {
    const { items = [], defaultMode } = downwardAPI;
    return Promise.resolve(downwardPayload(items, sources.pod, sources.allocatable, defaultMode));
  }
  return projected ? fromProjection(projected.sources ?? [], projected.defaultMode, sources) : undefined;
}

type KeyOptions = Parameters<typeof configMapPayload>[1];

async function fromConfigMap(name: string, options: KeyOptions, sources: VolumeSources): Promise<VolumePayload> {
  const map = await sources.objects.configMap(name);
  if (!map && !options.optional) throw new VolumeError(`configmap "${name}" not found`);
  return configMapPayload(map, options);
}

async function fromSecret(name: string, options: KeyOptions, sources: VolumeSources): Promise<VolumePayload> {
  const secret = await sources.objects.secret(name);
  if (!secret && !options.optional) throw new VolumeError(`secret "${name}" not found`);
  return secretPayload(secret, options);
}

async function fromProjection(
  projections: readonly VolumeProjection[],
  defaultMode: number | undefined,
  sources: VolumeSources,
): Promise<VolumePayload> {
  const payload = new Map<string, VolumeFile>();
  const problems: string[] = [];
  for (const projection of projections) {
    try {
      for (const [path, file] of await fromSource(projection, defaultMode, sources)) payload.set(path, file);
    } catch (error) {
      problems.push((error as Error).message);
    }
  }
  throwProblems(problems);
  return payload;
}

function fromSource(
  { configMap, secret, downwardAPI, serviceAccountToken, clusterTrustBundle, podCertificate }: VolumeProjection,
  defaultMode: number | undefined,
  sources: VolumeSources,
): Promise<VolumePayload> {
  if (configMap) return fromConfigMap(configMap.name ?? '', { ...configMap, defaultMode }, sources);
  if (secret) return fromSecret(secret.name ?? '', { ...secret, defaultMode }, sources);
  if (downwardAPI) {
    return Promise.resolve(downwardPayload(downwardAPI.items ?? [], sources.pod, sources.allocatable, defaultMode));
  }
  if (serviceAccountToken) return fromToken(serviceAccountToken, defaultMode, sources);
  const kind = clusterTrustBundle ? 'clusterTrustBundle' : podCertificate ? 'podCertificate' : 'unknown';
  throw new VolumeError(`projected volume source ${kind} is not supported`);
}

async function fromToken(
  source: NonNullable<VolumeProjection['serviceAccountToken']>,
  defaultMode: number | undefined,
  sources: VolumeSources,
): Promise<VolumePayload> {
  const token = await sources.token(source.audience ?? '', source.expirationSeconds ?? TOKEN_SECONDS);
  const user = commonUser(sources.pod);
  const isOwned = user !== undefined || sources.pod.spec.securityContext?.fsGroup !== undefined;
  const mode = isOwned ? TOKEN_MODE : (defaultMode ?? 0o644);
  const file = { data: new TextEncoder().encode(token), mode, ...(user === undefined ? {} : { user }) };
  return new Map([[source.path, file]]);
}

/** The user that all containers run as; `undefined` if there is no such user. */
function commonUser(pod: Pod): number | undefined {
  const users = allContainers(pod).map((container) => effectiveSecurityContext(pod, container).runAsUser);
  return users.every((user) => user === users[0]) ? users[0] : undefined;
}
