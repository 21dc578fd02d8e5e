import type { KubeObject } from '@kts/apimachinery';
import type { Revision } from '@kts/store';

/**
 * One stored object as the cache keeps it: the store's own bytes (JSON without resourceVersion) and what selectors need.
 * The object is parsed on demand and kept only while somebody else holds it.
 */
export interface CacheEntry {
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly revision: Revision;
  readonly labels: Readonly<Record<string, string>> | undefined;
  /** Frozen, with its resourceVersion; the same instance for everybody while it is alive. */
  object(): KubeObject;
  /**
   * The object for one look at what is in its spec and status: of a built-in kind it may lack managedFields. If it has to
   * be parsed, it is not kept.
   */
  glance(): KubeObject;
  /** The bytes of a GET: JSON with kind, apiVersion and resourceVersion, in pieces that are written one after another. */
  jsonPieces(): readonly Uint8Array[];
  /** The same without kind and apiVersion, as an item of a list. */
  jsonItemPieces(): readonly Uint8Array[];
  /** The object's metadata alone, as JSON. */
  metadataPieces(): readonly Uint8Array[];
}
