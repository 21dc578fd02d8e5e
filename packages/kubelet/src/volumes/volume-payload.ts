import type { ConfigMap, DownwardAPIVolumeFile, KeyToPath, Pod, Secret } from '@kts/api/types/core-v1';
import { metadataValue } from '../environment/field-reference.ts';
import { resourceFieldValue } from '../environment/resource-reference.ts';
import type { ResourceList } from '../pod/resource-list.ts';

/** One file of a volume that is made from API objects. */
export interface VolumeFile {
  readonly data: Uint8Array;
  readonly mode: number;
  /** The user that owns the file; absent: root. */
  readonly user?: number;
}

/** Files by path relative to the volume. */
export type VolumePayload = ReadonlyMap<string, VolumeFile>;

/** A volume's content cannot be made; the message goes into an event. */
export class VolumeError extends Error {
  override readonly name = 'VolumeError';
}

const DEFAULT_MODE = 0o644;

interface ItemOptions {
  readonly items?: readonly KeyToPath[] | undefined;
  readonly defaultMode?: number | undefined;
  readonly optional?: boolean | undefined;
}

/** Mirrors: pkg/volume/configmap, pkg/volume/secret, pkg/volume/downwardapi (v1.36) */
export function configMapPayload(map: ConfigMap | undefined, options: ItemOptions): VolumePayload {
  const text = Object.entries(map?.data ?? {}).map(([key, value]) => [key, new TextEncoder().encode(value)] as const);
  const binary = Object.entries(map?.binaryData ?? {}).map(
    ([key, value]) => [key, Uint8Array.fromBase64(value)] as const,
  );
  return keyedPayload(
    new Map([...text, ...binary]),
    options,
    (key) => `configmap references non-existent config key: ${key}`,
  );
}

export function secretPayload(secret: Secret | undefined, options: ItemOptions): VolumePayload {
  const data = Object.entries(secret?.data ?? {}).map(([key, value]) => [key, Uint8Array.fromBase64(value)] as const);
  return keyedPayload(new Map(data), options, (key) => `references non-existent secret key: ${key}`);
}

function keyedPayload(
  content: ReadonlyMap<string, Uint8Array>,
  options: ItemOptions,
  missing: (key: string) => string,
): VolumePayload {
  const mode = options.defaultMode ?? DEFAULT_MODE;
  if (!options.items?.length) return new Map([...content].map(([key, data]) => [key, { data, mode }]));
  const payload = new Map<string, VolumeFile>();
  for (const item of options.items) {
    const data = content.get(item.key);
    if (data) payload.set(item.path, { data, mode: item.mode ?? mode });
    else if (!options.optional) throw new VolumeError(missing(item.key));
  }
  return payload;
}

export function downwardPayload(
  files: readonly DownwardAPIVolumeFile[],
  pod: Pod,
  allocatable: ResourceList,
  defaultMode: number = DEFAULT_MODE,
): VolumePayload {
  const payload = new Map<string, VolumeFile>();
  const problems: string[] = [];
  for (const file of files) {
    try {
      const text = file.fieldRef
        ? metadataValue(file.fieldRef.fieldPath, pod)
        : file.resourceFieldRef
          ? resourceFieldValue(file.resourceFieldRef, pod, undefined, allocatable)
          : '';
      payload.set(file.path, { data: new TextEncoder().encode(text), mode: file.mode ?? defaultMode });
    } catch (error) {
      problems.push((error as Error).message);
    }
  }
  throwProblems(problems);
  return payload;
}

/** One problem is shown as it is, several as a list. */
export function throwProblems(problems: readonly string[]): void {
  if (problems.length === 1) throw new VolumeError(problems[0]);
  if (problems.length > 1) throw new VolumeError(`[${problems.join(', ')}]`);
}
