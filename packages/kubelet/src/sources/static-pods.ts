import { createHash } from 'node:crypto';
import { deepCopy, parseYaml, type Draft, type JsonValue } from '@kts/apimachinery';
import { pods } from '@kts/api';
import type { Pod } from '@kts/api/types/core-v1';
import { formatMicroTime, type Clock, type Logger } from '@kts/base';
import { isFileError, type FileSystem } from '../host/file-system.ts';
import { CONFIG_HASH_ANNOTATION, CONFIG_SEEN_ANNOTATION, CONFIG_SOURCE_ANNOTATION } from '../pod/containers.ts';

export interface StaticPodSettings {
  /** A file or a directory; names that start with a dot are left out. */
  readonly path: string;
  readonly nodeName: string;
}

/**
 * The pods of the node's manifest files. A file that cannot be used is logged and left out.
 *
 * Mirrors: pkg/kubelet/config/file.go, common.go (v1.36)
 * Differs: the uid is a hash of the manifest's JSON, where upstream hashes Go's dump of the object.
 */
export async function readStaticPods(
  files: FileSystem,
  settings: StaticPodSettings,
  clock: Clock,
  log: Logger,
): Promise<readonly Pod[]> {
  const found: Pod[] = [];
  for (const path of await manifestPaths(files, settings.path)) {
    try {
      const text = new TextDecoder().decode(await files.readFile(path));
      found.push(staticPod(parseYaml(text), path, settings.nodeName, clock.now()));
    } catch (error) {
      log.error("can't process manifest file", { path, error });
    }
  }
  return found;
}

async function manifestPaths(files: FileSystem, path: string): Promise<readonly string[]> {
  const info = await files.stat(path);
  if (info?.type === 'file') return [path];
  if (info?.type !== 'directory') return [];
  try {
    const names = (await files.readDirectory(path)).filter((name) => !name.startsWith('.'));
    return names.toSorted().map((name) => `${path}/${name}`);
  } catch (error) {
    if (isFileError(error, 'ENOENT')) return [];
    throw error;
  }
}

/** A manifest with what the kubelet and the API would add. Throws an Error if it is no pod. */
export function staticPod(manifest: JsonValue, path: string, nodeName: string, now: number): Pod {
  const object = manifest as unknown as Pod;
  if (
    object?.kind !== 'Pod' ||
    object.apiVersion !== 'v1' ||
    !object.metadata?.name ||
    !object.spec?.containers?.length
  ) {
    throw new Error('invalid pod: kind, metadata.name or spec.containers is missing');
  }
  const uid = object.metadata.uid ?? manifestHash(object, path, nodeName);
  const tolerations = object.spec.tolerations ?? [];
  const draft = deepCopy({
    ...object,
    metadata: {
      ...object.metadata,
      name: `${object.metadata.name}-${nodeName.toLowerCase()}`,
      namespace: object.metadata.namespace ?? 'default',
      uid,
      resourceVersion: '',
      creationTimestamp: formatMicroTime(now),
      annotations: {
        ...object.metadata.annotations,
        [CONFIG_HASH_ANNOTATION]: uid,
        [CONFIG_SOURCE_ANNOTATION]: 'file',
        [CONFIG_SEEN_ANNOTATION]: formatMicroTime(now),
      },
    },
    spec: { ...object.spec, nodeName, tolerations: [...tolerations, { operator: 'Exists', effect: 'NoExecute' }] },
    status: { phase: 'Pending' },
  }) as unknown as Draft<Pod>;
  pods.behaviour.setDefaults?.(draft);
  return draft as unknown as Pod;
}

function manifestHash(object: Pod, path: string, nodeName: string): string {
  return createHash('md5')
    .update(JSON.stringify(object))
    .update(`host:${nodeName}`)
    .update(`file:${path}`)
    .digest('hex');
}
