import { TaskGroup, type Clock, type Component, type HealthCheck, type Logger, type Random } from '@kts/base';
import type { ObjectReference } from '@kts/api/types/core-v1';
import type { Client } from '@kts/client';
import { createEventRecorder, createInformers, formatMetric, LeaderElector, type Informers } from '@kts/controlkit';
import type { QueueMetrics } from '@kts/controlkit/queue-metrics';

import {
  DEFAULT_CONFIG,
  type ControllerManagerConfig,
  type LeaderElectionConfig,
} from './controller-manager-config.ts';
import { enabledControllers, type ControllerEntry } from './controllers.ts';
import { queueNameOf } from './queue-names.ts';

export interface ControllerManagerDependencies {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Where the numbers of the controllers' queues go, if anybody asks for them. */
  readonly queueMetrics?: QueueMetrics | undefined;
}

export interface ControllerManager extends Component {
  readonly healthChecks: readonly HealthCheck[];
  /** Lines of what it tells of its controllers and its leadership. */
  metrics(): readonly string[];
}

/** Runs the controllers that the configuration asks for, on one set of informers. */
export function createControllerManager(
  config: Partial<ControllerManagerConfig>,
  deps: ControllerManagerDependencies,
): ControllerManager {
  const complete = { ...DEFAULT_CONFIG, ...config };
  const ready = Promise.withResolvers<void>();
  const { leaderElection } = complete;
  const enabled = runningControllers(complete).map(({ name }) => name);
  let isLeading = false;
  const work = async (signal: AbortSignal): Promise<void> => {
    isLeading = true;
    try {
      await runControllers(complete, deps, signal, ready.resolve);
    } finally {
      isLeading = false;
    }
  };
  return {
    name: 'controller-manager',
    ready: ready.promise,
    healthChecks: [...(leaderElection ? ['leaderElection'] : []), ...enabled].map((name) => ({
      name,
      check: () => Promise.resolve(),
    })),
    metrics: () => managerMetrics(leaderElection, isLeading, isLeading ? enabled : []),
    run: (signal) => (leaderElection ? runAsLeader(leaderElection, deps, work, signal) : work(signal)),
  };
}

/** Mirrors: staging/src/k8s.io/component-base/metrics/prometheus/{clientgo/leaderelection,controllers} (v1.36) */
function managerMetrics(
  leaderElection: LeaderElectionConfig | undefined,
  isLeading: boolean,
  controllers: readonly string[],
): readonly string[] {
  const { leaseName = '' } = leaderElection ?? {};
  return [
    ...formatMetric(
      'leader_election_master_status',
      'gauge',
      '[ALPHA] Gauge of if the reporting system is master of the relevant lease, 0 indicates backup, 1 indicates master.',
      leaderElection ? [{ labels: { name: leaseName }, value: Number(isLeading) }] : [],
    ),
    ...formatMetric(
      'running_managed_controllers',
      'gauge',
      '[ALPHA] Indicates where instances of a controller are currently running',
      controllers.map((name) => ({ labels: { manager: 'kube-controller-manager', name }, value: 1 })),
    ),
  ];
}

const LEASE_TYPE = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' };

function runningControllers(config: ControllerManagerConfig): readonly ControllerEntry[] {
  return enabledControllers(config.controllers).filter(({ hasWork }) => hasWork?.(config) ?? true);
}

async function runControllers(
  config: ControllerManagerConfig,
  deps: ControllerManagerDependencies,
  signal: AbortSignal,
  onReady: () => void,
): Promise<void> {
  const group = new TaskGroup(signal);
  const informers = createInformers(deps);
  const components = runningControllers(config).flatMap((entry) =>
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
  const components = entry.make(config, {
    ...deps,
    log,
    informers,
    events,
    workers: config.workers[entry.name],
    queueObserver: deps.queueMetrics?.observer(queueNameOf(entry.name)),
  });
  group.start((signal) => events.run(signal));
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
  const events = createEventRecorder({ component: 'kube-controller-manager' }, deps);
  await elector.run(signal, async (leading) => {
    const group = new TaskGroup(leading);
    const { metadata } = elector.lease ?? {};
    const reference: ObjectReference = {
      ...LEASE_TYPE,
      namespace: leaseNamespace,
      name: leaseName,
      ...(metadata ? { uid: metadata.uid, resourceVersion: metadata.resourceVersion } : {}),
    };
    events.event(reference, 'Normal', 'LeaderElection', `${config.identity} became leader`);
    group.start((groupSignal) => events.run(groupSignal));
    group.start(work);
    await group.done();
  });
}
