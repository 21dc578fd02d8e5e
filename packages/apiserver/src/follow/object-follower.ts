/**
 * Keeps up with the objects of one resource by watching it through the server's own handler. Events are handed on in
 * the same turn in which the cache announces them, so with an embedded store whoever has written finds the effect.
 */
import type { KubeObject, ResourceType } from '@kts/apimachinery';
import { apiVersionOf, StatusError } from '@kts/apimachinery';
import type { Clock, Logger } from '@kts/base';

import type { ApiServerResponse, WatchStream, WatchStreamEvent } from '../response.ts';

/** Asks this server something as itself. */
export type AskServer = (path: string, query: Readonly<Record<string, string>>) => Promise<ApiServerResponse>;

export interface FollowerOptions<T extends KubeObject> {
  readonly resource: ResourceType<T>;
  readonly ask: AskServer;
  readonly clock: Clock;
  readonly log: Logger;
  /** Called for every object there is, and then for every change; `undefined`: the object has gone. */
  readonly onObject: (key: FollowedKey, object: T | undefined) => void;
}

export interface FollowedKey {
  /** Empty for cluster-scoped objects. */
  readonly namespace: string;
  readonly name: string;
}

export interface ObjectFollower {
  /** Resolves when every object that existed at the start has been handed on. */
  readonly synced: Promise<void>;
  /** Follows until `signal` is aborted; watches that end are opened again. */
  run(signal: AbortSignal): Promise<void>;
}

const RETRY_MS = 1000;
const INITIAL_EVENTS_END = 'k8s.io/initial-events-end';

export function followObjects<T extends KubeObject>(options: FollowerOptions<T>): ObjectFollower {
  const { promise: synced, resolve } = Promise.withResolvers<void>();
  const known = new Map<string, FollowedKey>();
  return {
    synced,
    async run(signal) {
      while (!signal.aborted) {
        try {
          await followOnce(options, known, resolve, signal);
        } catch (error) {
          options.log.warn('cannot follow objects', { resource: options.resource.plural, error });
          await options.clock.sleep(RETRY_MS, signal).catch(() => {});
        }
      }
    },
  };
}

async function followOnce<T extends KubeObject>(
  options: FollowerOptions<T>,
  known: Map<string, FollowedKey>,
  onSynced: () => void,
  signal: AbortSignal,
): Promise<void> {
  const { resource } = options;
  const path = `/${resource.group ? 'apis' : 'api'}/${apiVersionOf(resource)}/${resource.plural}`;
  const response = await options.ask(path, {
    watch: 'true',
    sendInitialEvents: 'true',
    resourceVersionMatch: 'NotOlderThan',
    allowWatchBookmarks: 'true',
  });
  if (response.kind === 'object') throw new StatusError(response.object);
  if (response.kind !== 'watch') throw new TypeError(`${path} did not answer with a watch`);
  const gone = new Map(known);
  await readWatch(response.watch, signal, (event) => {
    const object = event.object() as T;
    const { namespace = '', name, annotations } = object.metadata ?? {};
    switch (event.type) {
      case 'BOOKMARK':
        if (annotations?.[INITIAL_EVENTS_END] !== 'true') return;
        for (const [id, key] of gone) {
          known.delete(id);
          options.onObject(key, undefined);
        }
        gone.clear();
        onSynced();
        return;
      case 'ERROR':
        throw new StatusError(object);
      case 'ADDED':
      case 'MODIFIED':
      case 'DELETED': {
        const key = { namespace, name };
        const id = `${namespace}/${name}`;
        gone.delete(id);
        if (event.type === 'DELETED') known.delete(id);
        else known.set(id, key);
        options.onObject(key, event.type === 'DELETED' ? undefined : object);
      }
    }
  });
}

/** Resolves when the watch has ended or the signal is aborted; rejects with what `onEvent` throws. */
function readWatch(watch: WatchStream, signal: AbortSignal, onEvent: (event: WatchStreamEvent) => void): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onAbort = (): void => {
    watch.close();
    resolve();
  };
  signal.addEventListener('abort', onAbort, { once: true });
  watch.start({
    send(events) {
      try {
        for (const event of events) onEvent(event);
      } catch (error) {
        watch.close();
        reject(error as Error);
      }
      return true;
    },
    end: resolve,
  });
  return promise.finally(() => signal.removeEventListener('abort', onAbort));
}
