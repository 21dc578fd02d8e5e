import type { Draft, FieldError, KubeObject, ObjectSchema, ResourceType, TableRowCondition } from '@kts/apimachinery';

import type { JSONSchemaProps } from './gen/apiextensions-v1.gen.ts';

/** Who asks, and how, for the few strategies whose outcome depends on it. */
export interface StrategyContext {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** `status`, `scale`, ...; empty for the object itself. */
  readonly subresource: string;
  readonly user?: RequestUser;
  /** What is wrong with the metadata of a new object, where anything is. */
  readonly metadataErrors?: readonly FieldError[];
  /** Tells the client something, even if the request fails later. */
  warn?(text: string): void;
}

/** Who sent the request, as authentication said. */
export interface RequestUser {
  readonly name: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/**
 * The behaviour of one kind, as pure functions. A `Draft` belongs to the current request alone and may be changed in
 * place; everything else is shared and must not be.
 *
 * Declared as methods, so that a `ResourceDefinition<Pod>` can be used where any `ResourceDefinition` is wanted.
 */
export interface ResourceBehaviour<T extends KubeObject> {
  /**
   * Custom resources, whose schema is checked by validation and not by decoding: drops what is unknown from an object as
   * it was sent, in place, and says what was dropped.
   */
  coerce?(object: Record<string, unknown>): CoercedObject;
  /** Fills in defaults of the version, after decoding and again after mutating admission. */
  setDefaults?(draft: Draft<T>): void;
  /** Clears what a client may not set (status), sets what the server decides (generation is handled generically). */
  prepareForCreate?(draft: Draft<T>, context: StrategyContext): void;
  /** Keeps what this endpoint may not change. The generic part has already kept status (or, on /status, the spec). */
  prepareForUpdate?(draft: Draft<T>, old: T, context: StrategyContext): void;
  /**
   * Loads what validating this object takes and most servers never need; undefined once there is nothing to wait for.
   * Awaited before every write, ahead of `validate` and `validateUpdate`.
   */
  load?(object: T): Promise<void> | undefined;
  /** Metadata is validated generically. */
  validate?(object: T, context: StrategyContext): readonly FieldError[];
  validateUpdate?(object: T, old: T, context: StrategyContext): readonly FieldError[];
  validateStatusUpdate?(object: T, old: T, context: StrategyContext): readonly FieldError[];
  /** Texts of `Warning` headers. */
  warnings?(object: T, old: T | undefined): readonly string[];
  /** How names are checked; absent: DNS-1123 subdomain. Returns what is wrong with the name. */
  validateName?(name: string, isPrefix: boolean): readonly string[];
  /** Values of field selectors beyond metadata.name and metadata.namespace. */
  selectableFields?(object: T): Readonly<Record<string, string>>;
  /** Which spec changes bump metadata.generation; absent: any change outside metadata and status. `none`: never set. */
  readonly generation?: 'none' | GenerationRule<T>;
  /** A PUT of an object that does not exist creates it. */
  readonly allowCreateOnUpdate?: boolean;
  /**
   * Upstream stores new objects without a default that it adds when it reads them, so that the first update is written
   * even if it changes nothing.
   */
  readonly writesFirstUpdate?: boolean;
  /** An update without resourceVersion is refused. */
  readonly requireResourceVersionOnUpdate?: boolean;
  /** Seconds of grace that a deletion without an explicit period gets; absent: objects go at once. */
  deletionGracePeriodSeconds?(object: T, requested: number | undefined): number;
  /** What `kubectl get` shows, after the columns of facts/printer-columns.json; absent: name and creation time. */
  cells?(object: T, now: number): readonly Cell[];
  /** The order of a table's rows, with the sign of Array.sort; absent: as they are listed. */
  compareRows?(a: T, b: T): number;
  /** What a table says about the whole row: that the object is done with its work. */
  rowConditions?(object: T): readonly TableRowCondition[];
  /** Annotations that hold fields of the internal type: absent where metadata is shown on its own. */
  readonly fieldAnnotations?: readonly string[];
  /** Seconds after which an object is deleted unless written again (events). */
  ttlSeconds?(object: T): number;
}

/** What became of an object that was sent. */
export interface CoercedObject {
  /** Paths of unknown fields, in the order in which messages name them. */
  readonly unknown: readonly string[];
  /** The object cannot be used; Go's message. */
  readonly error?: string;
}

/** A method's type, for the reason above: a function type would not let a definition of pods be one of anything. */
export type GenerationRule<T> = { bumps(object: T, old: T): boolean }['bumps'];

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
  /** The segment after `/registry/` in store keys, such as `pods` or `services/specs`; empty when not stored. */
  readonly storagePrefix: string;
  /** The `apiVersion` of stored objects, such as `autoscaling/v2`; empty for resources that are not stored. */
  readonly storageVersion: string;
  readonly storageVersionHash: string;
  readonly behaviour: ResourceBehaviour<T>;
  /** Fields that selectors may name, which custom resources declare. */
  readonly selectable?: readonly string[];
  /** What clients are told with every answer about a custom resource in this version. */
  readonly deprecation?: string;
  /** The store's revision at which a custom resource became what it is. */
  readonly revision?: number;
  /** A custom resource's own schema, for OpenAPI. */
  readonly openApiSchema?: JSONSchemaProps | undefined;
  /** Present where objects may be stored in another form than that of this version. */
  readonly conversion?: StorageConversion<T>;
}

/** Two versions of one kind: pure, and there and back again gives the same object. */
export interface StorageConversion<T extends KubeObject> {
  toStorage(object: T): KubeObject;
  fromStorage(stored: KubeObject): T;
  /** Whether what was stored at a revision is in the form of this version. Absent: never. */
  isCurrent?(revision: number): boolean;
  /** Into any version of the kind. Absent: there are two. */
  between?(object: KubeObject, apiVersion: string): KubeObject;
  /** Present where somebody else has to be asked: goes before the functions above, which are only close to it. */
  readonly asked?: AskedConversion<T>;
}

export interface AskedConversion<T extends KubeObject> {
  toStorage(object: T): Promise<KubeObject>;
  /** In the same order. */
  fromStorage(stored: readonly KubeObject[]): Promise<readonly T[]>;
}
