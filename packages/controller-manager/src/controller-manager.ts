import { TaskGroup, type Clock, type Component, type Logger, type Random } from '@kts/base';
import type { Client } from '@kts/client';
import { createEventRecorder, createInformers, LeaderElector, type Informers } from '@kts/controlkit';

import {
  DEFAULT_CONFIG,
  type ControllerManagerConfig,
  type LeaderElectionConfig,
} from './controller-manager-config.ts';
import { enabledControllers, type ControllerEntry } from './controllers.ts';

export interface ControllerManagerDependencies {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** Runs the controllers that the configuration asks for, on one set of informers. */
export function createControllerManager(
  config: Partial<ControllerManagerConfig>,
  deps: ControllerManagerDependencies,
): Component {
  const complete = { ...DEFAULT_CONFIG, ...config };
  const ready = Promise.withResolvers<void>();
  const work = (signal: AbortSignal): Promise<void> => runControllers(complete, deps, signal, ready.resolve);
  const { leaderElection } = complete;
  return {
    name: 'controller-manager',
    ready: ready.promise,
    run: (signal) => (leaderElection ? runAsLeader(leaderElection, deps, work, signal) : work(signal)),
  };
}

async function runControllers(
  config: ControllerManagerConfig,
  deps: ControllerManagerDependencies,
  signal: AbortSignal,
  onReady: () => void,
): Promise<void> {
  const group = new TaskGroup(signal);
  const informers = createInformers(deps);
  const components = enabledControllers(config.controllers).flatMap((entry) =>
    startController(entry, config, deps, informers, group),
  );
  group.start((groupSignal) => informers.run(groupSignal));
  void Promise.all(components.map((component) => component.ready)).then(onReady);
  await group.done();
}

function startController(
  entry: ControllerEntry,
  config: ControllerManagerConfig,
  deps: ControllerManagerDependencies,
  informers: Informers,
  group: TaskGroup,
): readonly Component[] {
  const log = deps.log.with({ controller: entry.name });
  const events = createEventRecorder({ component: entry.eventSource }, { ...deps, log });
  const components = entry.make(config, { ...deps, log, informers, events });
  if (components.length > 0) group.start((signal) => events.run(signal));
  for (const component of components) group.start((signal) => component.run(signal));
  return components;
}

/** Works while it leads. Losing the lease ends the component: whoever runs it starts it again, with fresh caches. */
async function runAsLeader(
  config: LeaderElectionConfig,
  deps: ControllerManagerDependencies,
  work: (signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const { leaseName, leaseNamespace, ...rest } = config;
  const elector = new LeaderElector({ ...rest, lease: { namespace: leaseNamespace, name: leaseName } }, deps);
  await elector.run(signal, work);
}
