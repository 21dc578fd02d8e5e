/**
 * What a controller wrote last, by the key of its own object: as long as a cache has not got that far, what it shows is
 * the past, and acting on it would repeat what was done.
 *
 * Mirrors: pkg/controller/util/consistency (v1.36)
 */
import { keyText, type KubeObject, type ObjectKey } from '@kts/apimachinery';
import type { Informer } from '@kts/controlkit';

/** How soon to look again if the caches are behind: the awaited event usually comes first. */
export const BEHIND_MS = 100;

type Cache = Pick<Informer<KubeObject>, 'resourceVersion'>;

export interface WrittenVersions {
  /** @param cache the one in which the written object will appear */
  wrote(key: ObjectKey, cache: Cache, written: Pick<KubeObject, 'metadata'>): void;
  isCaughtUp(key: ObjectKey): boolean;
  /** The object is gone. */
  forget(key: ObjectKey): void;
}

export function createWrittenVersions(): WrittenVersions {
  const versions = new Map<string, Map<Cache, bigint>>();
  return {
    wrote: (key, cache, { metadata }) => {
      const version = BigInt(metadata.resourceVersion);
      const ofKey = versions.getOrInsertComputed(keyText(key), () => new Map<Cache, bigint>());
      if (version > (ofKey.get(cache) ?? 0n)) ofKey.set(cache, version);
    },
    isCaughtUp: (key) => {
      const ofKey = versions.get(keyText(key)) ?? new Map<Cache, bigint>();
      return [...ofKey].every(([cache, version]) => BigInt(cache.resourceVersion) >= version);
    },
    forget: (key) => void versions.delete(keyText(key)),
  };
}
