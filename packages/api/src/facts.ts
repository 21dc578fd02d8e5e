/**
 * The facts about Kubernetes' API that everything here is derived from: names, types, markers, columns. Each file is
 * read once, when it is first needed.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A type of types.json, by its OpenAPI name. */
export interface TypeFacts {
  readonly fields: Readonly<Record<string, FieldFacts>>;
  /** Go's declaration order. `~name` is an inlined struct, `-name` is not in JSON. */
  readonly order?: readonly string[];
  readonly structType?: 'atomic' | 'granular';
  /** Present for what is an object of its own. */
  readonly kind?: {
    readonly group?: string;
    readonly version?: string;
    readonly kind: string;
    readonly unversioned?: boolean;
    readonly everyGroupVersion?: boolean;
  };
  /** A named list, such as `ExtraValue`. */
  readonly alias?: FieldType;
  /** A JSON form of its own, such as Quantity's. */
  readonly special?: unknown;
}

export interface FieldFacts {
  readonly type: FieldType;
  readonly proto?: number;
  /** Of messages by OpenAPI name, such as `repeated X` and `map<string,X>`. */
  readonly protoType?: string;
  readonly optional?: boolean;
  readonly omitempty?: boolean;
  readonly omitzero?: boolean;
  readonly ptr?: boolean;
  readonly inline?: boolean;
  readonly json?: boolean;
  readonly default?: unknown;
  /** Of named types that are no structs, as Go prints them: `v1.ServiceType`, `[]v1.KeyUsage`, `v1.ResourceList`. */
  readonly goType?: string;
  readonly enum?: readonly string[];
  readonly listType?: 'atomic' | 'set' | 'map';
  readonly listMapKeys?: readonly string[];
  readonly mapType?: 'atomic' | 'granular';
  readonly structType?: 'atomic' | 'granular';
  readonly patchStrategy?: string;
  readonly patchMergeKey?: string;
}

export type FieldType = string | { readonly ref: string } | { readonly list: FieldType } | { readonly map: FieldType };

export interface ResourceFacts {
  /** The plural. */
  readonly name: string;
  readonly singular: string;
  readonly kind: string;
  /** Absent where the resource has no `list` verb. */
  readonly listKind?: string;
  /** OpenAPI name. */
  readonly type: string;
  readonly namespaced: boolean;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly verbs: readonly string[];
  readonly subresources?: Readonly<Record<string, SubresourceFacts>>;
  /** Absent for resources that are not stored. */
  readonly storage?: { readonly group: string; readonly version: string };
  readonly storageVersionHash?: string;
  /** Where it is not the plural. */
  readonly etcdPrefix?: string;
}

export interface SubresourceFacts {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly verbs: readonly string[];
  readonly connect?: boolean;
}

export interface ColumnFacts {
  readonly name: string;
  readonly type: string;
  readonly format?: string;
  readonly priority?: number;
  readonly description?: string;
}

export interface GroupFacts {
  /** Best first. */
  readonly versions: readonly string[];
  readonly preferredVersion: string;
  readonly enabledByDefault: Readonly<Record<string, boolean>>;
  /** The group's place in discovery. */
  readonly discoveryOrder: number;
  /** Where it stands among other servers' groups; absent: before all of them. */
  readonly groupPriority?: number;
}

interface ResourcesFile {
  readonly groups: Readonly<Record<string, GroupFacts>>;
  /** By `group/version`. */
  readonly resources: Readonly<Record<string, readonly ResourceFacts[]>>;
}

export interface ColumnsFile {
  /** By `group/plural`, or the plural in the core group. */
  readonly resources: Readonly<Record<string, { readonly columns: readonly ColumnFacts[] }>>;
  /** For kinds without columns of their own. */
  readonly default: readonly ColumnFacts[];
  readonly customResource: { readonly first: ColumnFacts; readonly ifNoneDeclared: readonly ColumnFacts[] };
}

export const typeFacts = readOnce<Readonly<Record<string, TypeFacts>>>('types.json');
/** Fields of upstream's internal types by the name of the versioned type, in Go's order; see internal-form.ts. */
export const internalTypeFacts = readOnce<Readonly<Record<string, readonly string[]>>>('internal-types.json');
export const resourceFacts = readOnce<ResourcesFile>('resources.json');
export const columnFacts = readOnce<ColumnsFile>('printer-columns.json');

function readOnce<T>(file: string): () => T {
  let facts: T | undefined;
  return () => (facts ??= JSON.parse(readFileSync(join(import.meta.dirname, '../facts', file), 'utf8')) as T);
}
