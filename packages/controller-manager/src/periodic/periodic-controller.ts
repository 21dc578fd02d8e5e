import { aborted, TaskGroup, type Component } from '@kts/base';
import type { ControllerDependencies } from '@kts/controlkit';
import type { KubeObject, ResourceType } from '@kts/apimachinery';

/** A controller that looks at everything, again and again, because what it waits for is not one object's change. */
export interface PeriodicController {
  readonly name: string;
  /** From the end of one look to the next. */
  readonly periodMs: number;
  /** What it reads from caches: it starts when they have synced. */
  readonly reads: readonly ResourceType<KubeObject>[];
  /** Once, before the first look: the place for `addIndex`. */
  readonly setup?: (context: PeriodicContext) => void;
  /** What to wait for while there is nothing to look at; undefined if there may be something. Absent: there always may. */
  readonly needed?: () => Promise<void> | undefined;
  /** An error is logged; the next look comes in any case. */
  readonly look: (context: PeriodicContext) => Promise<void>;
}

export interface PeriodicContext extends ControllerDependencies {
  /** Aborted when the controller stops. */
  readonly signal: AbortSignal;
}

export function createPeriodicController(definition: PeriodicController, deps: ControllerDependencies): Component {
  const ready = Promise.withResolvers<void>();
  const caches = definition.reads.map((type) => deps.informers.get(type));
  const log = deps.log.with({ controller: definition.name });
  const lookAgainAndAgain = async (signal: AbortSignal): Promise<void> => {
    const context = { ...deps, log, signal };
    const stopped = aborted(signal);
    definition.setup?.(context);
    await Promise.race([Promise.all(caches.map((cache) => cache.synced)), stopped]);
    ready.resolve();
    while (!signal.aborted) {
      const needed = definition.needed?.();
      if (needed) await Promise.race([needed, stopped]);
      await definition.look(context).catch((error: unknown) => {
        if (!signal.aborted) log.error('a periodic look failed', { error });
      });
      await deps.clock.sleep(definition.periodMs, signal).catch(() => {});
    }
  };
  return {
    name: definition.name,
    ready: ready.promise,
    run: async (signal) => {
      const group = new TaskGroup(signal);
      group.start(lookAgainAndAgain);
      await group.done();
    },
  };
}
