import type { KubeObject, ResourceType } from '@kts/apimachinery';
import { aborted, TaskGroup } from '@kts/base';
import type { Selection } from '@kts/client';

import { ReflectingInformer, type Informer, type InformerDependencies } from './informer.ts';

/** One informer per resource and selection, shared by all that ask for it. */
export interface Informers {
  /** The informer of a resource, or of the part of it that `selection` names. Starts with the next `run`, or at once. */
  get<T extends KubeObject>(type: ResourceType<T>, selection?: Selection): Informer<T>;
  /** Runs those requested so far and those requested later, until the signal. Called once. */
  run(signal: AbortSignal): Promise<void>;
  /** Resolves when all that were requested so far have synced, or have been stopped before that. */
  synced(): Promise<void>;
}

export function createInformers(deps: InformerDependencies): Informers {
  const informers = new Map<string, RunnableInformer>();
  let start: ((informer: RunnableInformer) => void) | undefined;
  return {
    get: <T extends KubeObject>(type: ResourceType<T>, selection: Selection = {}) => {
      const key = informerKey(type, selection);
      const known = informers.get(key);
      if (known) return known as unknown as Informer<T>;
      const informer = new ReflectingInformer(type, selection, deps);
      informers.set(key, informer);
      start?.(informer);
      return informer;
    },
    run: async (signal) => {
      const group = new TaskGroup(signal);
      start = (informer) => group.start((groupSignal) => informer.run(groupSignal));
      for (const informer of informers.values()) start(informer);
      await aborted(signal);
      start = undefined;
      await group.done();
    },
    synced: async () => {
      await Promise.all([...informers.values()].map((informer) => informer.synced));
    },
  };
}

interface RunnableInformer {
  run(signal: AbortSignal): Promise<void>;
  readonly synced: Promise<void>;
}

function informerKey(type: ResourceType, selection: Selection): string {
  const { namespace = '', labelSelector = '', fieldSelector = '' } = selection;
  return JSON.stringify([type.group, type.version, type.plural, namespace, labelSelector, fieldSelector]);
}
