import type { KubeObject } from '@kts/apimachinery';
import type { KeyValue, Revision } from '@kts/store';

import type { CacheEntry } from './entry.ts';
import {
  encodeStored,
  scanLabels,
  scanMetadata,
  scanStored,
  type MetadataLayout,
  type StoredLayout,
} from './stored-json.ts';

/** How stored bytes become objects; one per stored resource. */
export interface EntryCodec {
  /** Parses stored bytes into an object without resourceVersion. */
  readonly decode: (bytes: Uint8Array) => KubeObject;
  readonly namespaced: boolean;
  /** Items of lists repeat kind and apiVersion (custom resources do, built-in kinds do not). */
  readonly itemsCarryKind?: boolean;
  /** Says of bytes in our own order that they cannot be sent as they are. */
  readonly isOldForm?: (bytes: Uint8Array) => boolean;
}

const OPEN = Uint8Array.of(0x7b);
const METADATA = '"metadata":';
const decoder = new TextDecoder();

/** Reads JSON in our own order; anything else an EntryCodec has to handle. */
export const decodeStoredJson = (bytes: Uint8Array): KubeObject => JSON.parse(decoder.decode(bytes)) as KubeObject;

/**
 * A cache entry over the store's own bytes. `fresh` is the object that was just written by this server, so that neither
 * the answer nor the watchers in this process parse it again.
 */
export function storedEntry(item: KeyValue, codec: EntryCodec, fresh?: KubeObject): StoredEntry {
  const layout = codec.isOldForm?.(item.value) ? undefined : scanStored(item.value);
  if (layout) return new StoredEntry(item.key, item.value, item.revision, layout, codec, fresh);
  const object = codec.decode(item.value);
  const bytes = encodeStored(object);
  const rewritten = scanStored(bytes);
  if (!rewritten) throw new TypeError(`stored object ${item.key} has no name`);
  return new StoredEntry(item.key, bytes, item.revision, rewritten, { ...codec, decode: decodeStoredJson }, fresh);
}

export class StoredEntry implements CacheEntry {
  readonly key: string;
  readonly revision: Revision;
  readonly #bytes: Uint8Array;
  readonly #layout: StoredLayout;
  readonly #codec: EntryCodec;
  #metadata: MetadataLayout | undefined;
  #parsed: WeakRef<KubeObject> | undefined;
  #held: KubeObject | undefined;

  constructor(
    key: string,
    bytes: Uint8Array,
    revision: Revision,
    layout: StoredLayout,
    codec: EntryCodec,
    fresh: KubeObject | undefined,
  ) {
    this.key = key;
    this.revision = revision;
    this.#bytes = bytes;
    this.#layout = layout;
    this.#codec = codec;
    this.#held = fresh;
  }

  /** Keys are `/registry/<resource...>/[<namespace>/]<name>`; names are cut from them rather than kept a second time. */
  get name(): string {
    return this.key.slice(this.key.lastIndexOf('/') + 1);
  }

  get namespace(): string {
    if (!this.#codec.namespaced) return '';
    const end = this.key.lastIndexOf('/');
    return this.key.slice(this.key.lastIndexOf('/', end - 1) + 1, end);
  }

  get labels(): Readonly<Record<string, string>> | undefined {
    const object = this.#held ?? this.#parsed?.deref();
    return object ? object.metadata.labels : scanLabels(this.#bytes, this.#layout);
  }

  /** What the entry costs in memory, roughly: its bytes. */
  get size(): number {
    return this.#bytes.length;
  }

  /** The object if somebody still has it, without parsing. */
  get parsed(): KubeObject | undefined {
    return this.#held ?? this.#parsed?.deref();
  }

  object(): KubeObject {
    const known = this.#held ?? this.#parsed?.deref();
    if (known) return known;
    const object = withResourceVersion(this.#codec.decode(this.#bytes), this.revision);
    this.#remember(object);
    return object;
  }

  glance(): KubeObject {
    const known = this.#held ?? this.#parsed?.deref();
    if (known) return known;
    // Columns of custom resources may show anything.
    if (this.#codec.itemsCarryKind) return withResourceVersion(this.#codec.decode(this.#bytes), this.revision);
    const { managedFieldsAt, managedFieldsEnd } = this.#metadataLayout();
    const { spliceAt } = this.#layout;
    return this.#codec.decode(
      Buffer.concat([
        this.#bytes.subarray(0, spliceAt),
        this.#version(),
        this.#bytes.subarray(spliceAt, managedFieldsAt),
        this.#bytes.subarray(managedFieldsEnd),
      ]),
    );
  }

  /** Gives up the strong hold; the object lives on while somebody else uses it. */
  release(): void {
    if (this.#held) this.#remember(this.#held);
    this.#held = undefined;
  }

  /** The same object as of another write: what a watch shows for a deletion. */
  at(revision: Revision): StoredEntry {
    return new StoredEntry(this.key, this.#bytes, revision, this.#layout, this.#codec, undefined);
  }

  jsonPieces(): readonly Uint8Array[] {
    return [
      this.#bytes.subarray(0, this.#layout.spliceAt),
      this.#version(),
      this.#bytes.subarray(this.#layout.spliceAt),
    ];
  }

  jsonItemPieces(): readonly Uint8Array[] {
    if (this.#codec.itemsCarryKind) return this.jsonPieces();
    const { metadataAt, spliceAt } = this.#layout;
    return [OPEN, this.#bytes.subarray(metadataAt, spliceAt), this.#version(), this.#bytes.subarray(spliceAt)];
  }

  metadataPieces(): readonly Uint8Array[] {
    const { metadataAt, spliceAt } = this.#layout;
    const { managedFieldsEnd } = this.#metadataLayout();
    return [
      this.#bytes.subarray(metadataAt + METADATA.length, spliceAt),
      this.#version(),
      this.#bytes.subarray(spliceAt, managedFieldsEnd + 1),
    ];
  }

  #metadataLayout(): MetadataLayout {
    return (this.#metadata ??= scanMetadata(this.#bytes, this.#layout));
  }

  #version(): Uint8Array {
    return Buffer.from(`,"resourceVersion":"${this.revision}"`, 'latin1');
  }

  #remember(object: KubeObject): void {
    this.#parsed = new WeakRef(object);
  }
}

/** A copy of `object` that says which write it is of. */
export function withResourceVersion<T extends KubeObject>(object: T, revision: Revision): T {
  const { name, generateName, namespace, uid, resourceVersion: _, ...rest } = object.metadata;
  const metadata = {
    name,
    ...(generateName ? { generateName } : {}),
    ...(namespace ? { namespace } : {}),
    uid,
    resourceVersion: String(revision),
    ...rest,
  };
  return { ...object, metadata };
}
