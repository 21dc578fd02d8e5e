import type { Draft, FieldError, KubeObject, ObjectSchema, ResourceType } from '@kts/apimachinery';

/** Who asks, and how, for the few strategies whose outcome depends on it. */
export interface StrategyContext {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** `status`, `scale`, ...; empty for the object itself. */
  readonly subresource: string;
  readonly user?: string;
}

/**
 * The behaviour of one kind, as pure functions. A `Draft` belongs to the current request alone and may be changed in
 * place; everything else is shared and must not be.
 */
export interface ResourceBehaviour<T extends KubeObject> {
  /** Fills in defaults of the version, after decoding and again after mutating admission. */
  readonly setDefaults?: (draft: Draft<T>) => void;
  /** Clears what a client may not set (status), sets what the server decides (generation is handled generically). */
  readonly prepareForCreate?: (draft: Draft<T>, context: StrategyContext) => void;
  /** Keeps what this endpoint may not change. The generic part has already kept status (or, on /status, the spec). */
  readonly prepareForUpdate?: (draft: Draft<T>, old: T, context: StrategyContext) => void;
  /** Metadata is validated generically. */
  readonly validate?: (object: T, context: StrategyContext) => readonly FieldError[];
  readonly validateUpdate?: (object: T, old: T, context: StrategyContext) => readonly FieldError[];
  readonly validateStatusUpdate?: (object: T, old: T, context: StrategyContext) => readonly FieldError[];
  /** Texts of `Warning` headers. */
  readonly warnings?: (object: T, old: T | undefined) => readonly string[];
  /** How names are checked; absent: DNS-1123 subdomain. Returns what is wrong with the name. */
  readonly validateName?: (name: string, isPrefix: boolean) => readonly string[];
  /** Values of field selectors beyond metadata.name and metadata.namespace. */
  readonly selectableFields?: (object: T) => Readonly<Record<string, string>>;
  /** Which spec changes bump metadata.generation; absent: any change outside metadata and status. `none`: never set. */
  readonly generation?: 'none' | ((object: T, old: T) => boolean);
  /** A PUT of an object that does not exist creates it. */
  readonly allowCreateOnUpdate?: boolean;
  /** An update without resourceVersion is refused. */
  readonly requireResourceVersionOnUpdate?: boolean;
  /** Seconds of grace that a deletion without an explicit period gets; absent: objects go at once. */
  readonly deletionGracePeriodSeconds?: (object: T, requested: number | undefined) => number;
  /** What `kubectl get` shows, after the columns of facts/printer-columns.json; absent: name and creation time. */
  readonly cells?: (object: T, now: number) => readonly Cell[];
  /** Seconds after which an object is deleted unless written again (events). */
  readonly ttlSeconds?: (object: T) => number;
}

export type Cell = string | number | boolean | null;

/** A subresource as discovery shows it. */
export interface SubresourceDefinition {
  readonly name: string;
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly verbs: readonly string[];
  /** Streams or proxies (exec, log, proxy) instead of reading and writing objects. */
  readonly connect?: boolean;
}

export interface PrinterColumn {
  readonly name: string;
  readonly type: string;
  readonly format?: string;
  readonly description?: string;
  /** 1: only with `-o wide`. */
  readonly priority?: number;
}

/**
 * Everything there is to know about one resource in one version. REST routes, discovery, OpenAPI, decoding, patches,
 * tables, clients and informers are derived from this object; custom resources get one at run time.
 */
export interface ResourceDefinition<T extends KubeObject = KubeObject> extends ResourceType<T> {
  readonly singular: string;
  readonly listKind: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly verbs: readonly string[];
  readonly schema: ObjectSchema;
  readonly subresources: readonly SubresourceDefinition[];
  readonly columns: readonly PrinterColumn[];
  /** The segment after `/registry/` in store keys, such as `pods` or `services/specs`. */
  readonly storagePrefix: string;
  /** The version objects are stored in. Converts when it is another. */
  readonly storageVersion: string;
  readonly storageVersionHash: string;
  readonly behaviour: ResourceBehaviour<T>;
}
