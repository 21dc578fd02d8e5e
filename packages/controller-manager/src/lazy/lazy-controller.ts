import { TaskGroup, type Component } from '@kts/base';
import type { KubeObject, ResourceType } from '@kts/apimachinery';
import type { ControllerDependencies } from '@kts/controlkit';

/** A resource whose first object gives a controller something to do. */
export interface Trigger {
  readonly type: ResourceType<KubeObject>;
  readonly concerns: (object: KubeObject) => boolean;
}

export function when<T extends KubeObject>(type: ResourceType<T>, concerns?: (object: T) => boolean): Trigger {
  return {
    type: type as ResourceType<KubeObject>,
    concerns: (concerns as Trigger['concerns'] | undefined) ?? (() => true),
  };
}

/**
 * Controllers that most clusters have nothing to do for. They are loaded, and their caches filled, when the first
 * object that any of the triggers names is there; without triggers at once. From then on they stay.
 */
export function createLazyController(
  triggers: readonly Trigger[],
  load: () => Promise<readonly Component[]>,
  { informers }: Pick<ControllerDependencies, 'informers'>,
): Component {
  const ready = Promise.withResolvers<void>();
  const caches = triggers.map(({ type, concerns }) => ({ informer: informers.get(type), concerns }));
  return {
    name: `controller of ${triggers.map(({ type }) => type.plural).join()}`,
    ready: ready.promise,
    run: async (signal) => {
      const needed = Promise.withResolvers<void>();
      const isNeeded = { now: triggers.length === 0 };
      const onObject = (): void => {
        isNeeded.now = true;
        needed.resolve();
      };
      if (isNeeded.now) needed.resolve();
      signal.addEventListener('abort', () => needed.resolve(), { once: true });
      const unsubscribe = caches.map(({ informer, concerns }) => {
        const look = (object: KubeObject): void => {
          if (concerns(object)) onObject();
        };
        return informer.subscribe({ onAdd: look, onUpdate: (_old, object) => look(object) });
      });
      // Ready without work, as long as there is none.
      void Promise.all(caches.map(({ informer }) => informer.synced)).then(() => {
        if (!isNeeded.now) ready.resolve();
      });
      await needed.promise;
      for (const off of unsubscribe) off();
      if (signal.aborted) return;
      const group = new TaskGroup(signal);
      const components = await load();
      for (const component of components) group.start((groupSignal) => component.run(groupSignal));
      void Promise.all(components.map((component) => component.ready)).then(() => ready.resolve());
      await group.done();
    },
  };
}
