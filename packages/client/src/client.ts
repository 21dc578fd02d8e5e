import {
  apiVersionOf,
  StatusError,
  type KubeObject,
  type New,
  type ObjectKey,
  type ResourceType,
  type Status,
} from '@kts/apimachinery';

import {
  deleteBody,
  listQuery,
  PATCH_CONTENT_TYPE,
  selectionQuery,
  watchQuery,
  writeQuery,
  type CreateOptions,
  type DeleteRequestOptions,
  type GetOptions,
  type ListOptions,
  type ListResult,
  type Patch,
  type RequestOptions,
  type Selection,
  type WatchEvent,
  type WatchOptions,
  type WriteOptions,
} from './client-options.ts';
import { collectionPath, objectPath } from './request-path.ts';
import { responseError, type RequestSubject } from './response-error.ts';
import {
  BINDINGS,
  EVICTIONS,
  TOKEN_REQUESTS,
  type Scale,
  type TokenRequest,
  type TokenRequestSpec,
} from './subresource-types.ts';
import type { ApiRequest, ApiResponse, ByteStream, Transport } from './transport.ts';
import { WatchEvents } from './watch-events.ts';

export interface ClientOptions {
  /** Receives the texts of `Warning` headers. */
  readonly onWarning?: (text: string, request: ApiRequest) => void;
}

/** Objects per request of `listAll`, as client-go's pager. */
const PAGE_SIZE = 500;

/**
 * Reads and writes objects of any resource, built-in or custom. Every method throws a StatusError for a failure answer,
 * a TransportError if there was no answer, and the signal's reason if it was aborted. What it returns is shared and
 * must not be modified.
 */
export class Client {
  readonly #transport: Transport;
  readonly #options: ClientOptions;

  constructor(transport: Transport, options: ClientOptions = {}) {
    this.#transport = transport;
    this.#options = options;
  }

  async get<T extends KubeObject>(type: ResourceType<T>, key: ObjectKey, options: GetOptions = {}): Promise<T> {
    const path = objectPath(type, key, options.subresource);
    const query = { resourceVersion: options.resourceVersion };
    return (await this.#send('GET', path, { query, ...signalOf(options) }, { type, name: key.name })) as T;
  }

  /** One page if `limit` is set, otherwise everything. Items may lack kind and apiVersion. */
  async list<T extends KubeObject>(type: ResourceType<T>, options: ListOptions = {}): Promise<ListResult<T>> {
    const path = collectionPath(type, options.namespace);
    const list = await this.#send('GET', path, { query: listQuery(options), ...signalOf(options) }, { type });
    const { items, metadata } = list as { items: readonly T[] | null; metadata?: ListResult<T>['metadata'] };
    return { items: items ?? [], metadata: metadata ?? {} };
  }

  /** Everything, read in pages; the pages are of one state unless it expires on the way, then it starts over at once. */
  async listAll<T extends KubeObject>(
    type: ResourceType<T>,
    options: Omit<ListOptions, 'continue'> = {},
  ): Promise<ListResult<T>> {
    const limit = options.limit ?? PAGE_SIZE;
    const items: T[] = [];
    let page = await this.list(type, { ...options, limit });
    for (;;) {
      items.push(...page.items);
      if (!page.metadata.continue) return { items, metadata: page.metadata };
      const { resourceVersion: _, resourceVersionMatch: __, ...rest } = options;
      try {
        page = await this.list(type, { ...rest, limit, continue: page.metadata.continue });
      } catch (error) {
        if (!isExpired(error)) throw error;
        return this.list(type, { ...options, limit: 0 });
      }
    }
  }

  /** Starts at once; see WatchEvents for how it ends. */
  watch<T extends KubeObject>(type: ResourceType<T>, options: WatchOptions = {}): AsyncIterableIterator<WatchEvent<T>> {
    const path = collectionPath(type, options.namespace);
    return new WatchEvents<T>(this.#transport, {
      method: 'GET',
      path,
      query: watchQuery(options),
      ...signalOf(options),
    });
  }

  /** With a subresource, `options.name` names the parent and the answer has the subresource's own shape. */
  async create<T extends KubeObject>(type: ResourceType<T>, object: New<T>, options: CreateOptions = {}): Promise<T> {
    const namespace = options.namespace ?? object.metadata.namespace;
    const name = options.name ?? object.metadata.name;
    const path = options.subresource
      ? objectPath(type, keyOf(namespace, name), options.subresource)
      : creationPath(type, namespace);
    const body = options.subresource ? object : withType(type, object);
    const request = { query: writeQuery(options), body, ...signalOf(options) };
    return (await this.#send('POST', path, request, { type, ...(name ? { name } : {}) })) as T;
  }

  async update<T extends KubeObject>(type: ResourceType<T>, object: T, options: WriteOptions = {}): Promise<T> {
    const { namespace, name } = object.metadata;
    const path = objectPath(type, keyOf(namespace, name), options.subresource);
    const request = { query: writeQuery(options), body: withType(type, object), ...signalOf(options) };
    return (await this.#send('PUT', path, request, { type, name })) as T;
  }

  updateStatus<T extends KubeObject>(type: ResourceType<T>, object: T, options: WriteOptions = {}): Promise<T> {
    return this.update(type, object, { ...options, subresource: 'status' });
  }

  async patch<T extends KubeObject>(
    type: ResourceType<T>,
    key: ObjectKey,
    patch: Patch,
    options: WriteOptions = {},
  ): Promise<T> {
    const fieldManager = patch.fieldManager ?? options.fieldManager;
    const request = {
      query: {
        ...writeQuery(options),
        fieldManager,
        force: patch.force === undefined ? undefined : String(patch.force),
      },
      body: patch.body,
      contentType: PATCH_CONTENT_TYPE[patch.type],
      ...signalOf(options),
    };
    const path = objectPath(type, key, options.subresource);
    return (await this.#send('PATCH', path, request, { type, name: key.name })) as T;
  }

  patchStatus<T extends KubeObject>(
    type: ResourceType<T>,
    key: ObjectKey,
    patch: Patch,
    options: WriteOptions = {},
  ): Promise<T> {
    return this.patch(type, key, patch, { ...options, subresource: 'status' });
  }

  /** Server-side apply of `configuration`, which names its object. */
  apply<T extends KubeObject>(
    type: ResourceType<T>,
    configuration: Partial<Omit<T, 'metadata'>> & { readonly metadata: New<T>['metadata'] },
    options: WriteOptions & { readonly fieldManager: string; readonly force?: boolean },
  ): Promise<T> {
    const { force, fieldManager, ...rest } = options;
    const key = keyOf(configuration.metadata.namespace, configuration.metadata.name);
    const body = withType(type, configuration);
    return this.patch(type, key, { type: 'apply', body, fieldManager, ...(force ? { force } : {}) }, rest);
  }

  /** Resolves with the object if it only began to go away (finalizers, grace period), else with a Status. */
  async delete<T extends KubeObject>(
    type: ResourceType<T>,
    key: ObjectKey,
    options: DeleteRequestOptions = {},
  ): Promise<T | Status> {
    const request = { body: deleteBody(options), ...signalOf(options) };
    return (await this.#send('DELETE', objectPath(type, key), request, { type, name: key.name })) as T | Status;
  }

  async deleteCollection<T extends KubeObject>(
    type: ResourceType<T>,
    selection: Selection,
    options: DeleteRequestOptions = {},
  ): Promise<void> {
    const path = collectionPath(type, selection.namespace);
    const request = { query: selectionQuery(selection), body: deleteBody(options), ...signalOf(options) };
    await this.#send('DELETE', path, request, { type });
  }

  /** Assigns a pod to a node. `uid` makes sure it is still the same pod. */
  async bind(pod: ObjectKey & { readonly uid?: string }, node: string, options: RequestOptions = {}): Promise<void> {
    const body = {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name: pod.name, namespace: pod.namespace, ...(pod.uid ? { uid: pod.uid } : {}) },
      target: { kind: 'Node', name: node },
    };
    await this.#send(
      'POST',
      objectPath(BINDINGS, pod, 'binding'),
      { body, ...signalOf(options) },
      {
        type: BINDINGS,
        name: pod.name,
      },
    );
  }

  /** Deletes a pod if its disruption budgets allow; TooManyRequests if they do not now. */
  async evict(pod: ObjectKey, options: DeleteRequestOptions = {}): Promise<void> {
    const deleteOptions = deleteBody(options);
    const body = {
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { name: pod.name, namespace: pod.namespace },
      ...(deleteOptions ? { deleteOptions } : {}),
    };
    await this.#send(
      'POST',
      objectPath(EVICTIONS, pod, 'eviction'),
      { body, ...signalOf(options) },
      {
        type: EVICTIONS,
        name: pod.name,
      },
    );
  }

  async getScale(type: ResourceType, key: ObjectKey, options: RequestOptions = {}): Promise<Scale> {
    const subject = { type, name: key.name };
    return (await this.#send('GET', objectPath(type, key, 'scale'), signalOf(options), subject)) as Scale;
  }

  /** Sets the replicas of anything with a scale subresource, whatever they were before. */
  async scale(type: ResourceType, key: ObjectKey, replicas: number, options: RequestOptions = {}): Promise<Scale> {
    const request = {
      body: { spec: { replicas } },
      contentType: PATCH_CONTENT_TYPE.merge,
      ...signalOf(options),
    };
    return (await this.#send('PATCH', objectPath(type, key, 'scale'), request, { type, name: key.name })) as Scale;
  }

  /** A token of a service account. */
  async createToken(
    serviceAccount: ObjectKey,
    spec: TokenRequestSpec = { audiences: [] },
    options: RequestOptions = {},
  ): Promise<TokenRequest> {
    const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', metadata: {}, spec };
    const path = objectPath(TOKEN_REQUESTS, serviceAccount, 'token');
    return (await this.#send(
      'POST',
      path,
      { body, ...signalOf(options) },
      {
        type: TOKEN_REQUESTS,
        name: serviceAccount.name,
      },
    )) as TokenRequest;
  }

  /** Any request, such as `/version` or `/readyz`; failures are thrown here too. */
  async raw(request: ApiRequest): Promise<ApiResponse> {
    return this.#request(request, {});
  }

  /** A streaming answer, such as a container's log. A failure answer is read to its end and thrown. */
  async stream(request: ApiRequest): Promise<ByteStream> {
    const stream = await this.#transport.stream(request);
    if (stream.status < 400) return stream;
    const chunks: Uint8Array[] = [];
    for await (const chunk of stream.body) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    throw responseError(request, { status: stream.status, body: parseIfJson(text), warnings: [] });
  }

  close(): Promise<void> {
    return this.#transport.close();
  }

  async #send(
    method: ApiRequest['method'],
    path: string,
    rest: Omit<ApiRequest, 'method' | 'path'>,
    subject: RequestSubject,
  ): Promise<unknown> {
    return (await this.#request({ method, path, ...rest }, subject)).body;
  }

  async #request(request: ApiRequest, subject: RequestSubject): Promise<ApiResponse> {
    const response = await this.#transport.request(request);
    for (const text of response.warnings) this.#options.onWarning?.(text, request);
    if (response.status >= 400) throw responseError(request, response, subject);
    return response;
  }
}

function creationPath(type: ResourceType, namespace: string | undefined): string {
  if (type.namespaced && !namespace) throw new TypeError(`a namespace is needed to create one of ${type.plural}`);
  return collectionPath(type, namespace);
}

function keyOf(namespace: string | undefined, name: string | undefined): ObjectKey {
  return namespace ? { namespace, name: name ?? '' } : { name: name ?? '' };
}

/** Objects from lists lack kind and apiVersion; servers want to see them. */
function withType(type: ResourceType, object: object): object {
  if ('kind' in object && 'apiVersion' in object) return object;
  return { apiVersion: apiVersionOf(type), kind: type.kind, ...object };
}

function signalOf(options: RequestOptions): { readonly signal?: AbortSignal } {
  return options.signal ? { signal: options.signal } : {};
}

function isExpired(error: unknown): boolean {
  return StatusError.is(error) && error.reason === 'Expired';
}

function parseIfJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
