import type { Clock } from '@kts/base';
import { ExpiryQueue } from './expiry-queue.ts';
import { Keyspace } from './keyspace.ts';
import { StoreClosedError } from './store-errors.ts';
import type { Store, WriteResult } from './store.ts';
import { WatchHub } from './watch-hub.ts';
import { planDelete, planPut, type WritePlan } from './write-plan.ts';

export interface MemoryStoreOptions {
  readonly clock: Clock;
}

/**
 * A store that lives as long as its process. Values are kept and handed out as they are, never copied. Every operation
 * happens at once, between no two of which anything else runs; the promises are there for the contract.
 */
export function createMemoryStore({ clock }: MemoryStoreOptions): Store {
  const keyspace = new Keyspace();
  const watches = new WatchHub(keyspace);
  const expiries = new ExpiryQueue(clock, (key, revision) => {
    write(planDelete(keyspace.get(key), { expect: revision }, keyspace.revision + 1));
  });
  let closed = false;

  const write = ({ event, result }: WritePlan): WriteResult => {
    if (event) {
      keyspace.apply(event);
      watches.publish();
    }
    return result;
  };
  const open = (): Keyspace => {
    if (closed) throw new StoreClosedError();
    return keyspace;
  };

  return {
    get: async (key) => open().get(key),
    list: async (options) => open().list(options),
    count: async (prefix) => open().count(prefix),
    revision: async () => open().revision,
    put: async (key, value, options) => {
      const plan = planPut(open().get(key), key, value, options, keyspace.revision + 1);
      if (plan.event?.type === 'put' && options?.ttlSeconds)
        expiries.add(plan.event.current, options.ttlSeconds * 1000);
      return write(plan);
    },
    delete: async (key, options) => write(planDelete(open().get(key), options, keyspace.revision + 1)),
    watch: (options, handler) => watches.watch(options, handler),
    compact: async (revision) => void open().compact(revision),
    close: async () => {
      closed = true;
      expiries.stop();
      watches.end();
    },
  };
}
