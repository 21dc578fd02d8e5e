import { readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { durationToMs, formatYaml } from '@kts/apimachinery';
import {
  createLogger,
  onAbort,
  systemClock as clock,
  systemRandom as random,
  TaskGroup,
  type HealthCheck,
} from '@kts/base';
import { accessFromKubeconfig, Client, createHttpTransport, waitForServer } from '@kts/client';
import { LeaderElector, type LeaderElectionOptions } from '@kts/controlkit';
import { parseSchedulerFlags, readConfiguration, USAGE, type SchedulerFlags } from './command-line.ts';
import type { CompleteConfiguration } from './configuration/default-configuration.ts';
import { createEndpointServer, type EndpointConfig } from './endpoints/endpoint-server.ts';
import { createScheduler, type SchedulerComponent } from './scheduler.ts';

/** A copy that can no longer renew its lease ends by itself. */
const ELECTION: HealthCheck = { name: 'leaderElection', check: () => Promise.resolve() };
/** The endpoints end with everything else. */
const SHUTDOWN: HealthCheck = { name: 'shutdown', check: () => Promise.resolve() };

try {
  const flags = parseSchedulerFlags(process.argv.slice(2));
  if (flags.help) process.stdout.write(USAGE);
  else await run(flags);
} catch (error) {
  process.stderr.write(`kube-scheduler: ${(error as Error).message}\n`);
  process.exitCode = 1;
}

async function run(flags: SchedulerFlags): Promise<void> {
  const configuration = readConfiguration(flags);
  if (flags.writeConfigTo !== undefined) return writeFileSync(flags.writeConfigTo, formatYaml(configuration));
  const kubeconfig = flags.kubeconfig ?? (configuration.clientConnection.kubeconfig || undefined);
  if (kubeconfig === undefined) throw new Error('--kubeconfig is required');
  const log = createLogger({ clock, verbosity: flags.verbosity, write: (line) => process.stderr.write(line) });
  const transport = createHttpTransport({ ...accessFromKubeconfig(kubeconfig), userAgent: 'kube-scheduler' });
  const { podMaxInUnschedulablePodsMs: podMaxMs } = flags;
  const { leaderElect } = configuration.leaderElection;
  const deps = { client: new Client(transport), clock, random, log, hostname: hostname() };
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  const turn = Promise.withResolvers<void>();
  const scheduler = createScheduler(configuration, {
    ...deps,
    ...(podMaxMs !== undefined && { podMaxInUnschedulablePodsMs: podMaxMs }),
    ...(leaderElect && { turn: turn.promise }),
  });
  const group = new TaskGroup(stop.signal);
  try {
    if (!(await waitForServer(transport, { clock, log }, stop.signal))) return;
    if (flags.securePort !== 0) {
      const election = leaderElect ? [ELECTION] : [];
      const endpoints = createEndpointServer(endpointConfig(flags), {
        ...deps,
        configuration,
        metrics: scheduler.metrics,
        podResources: scheduler.podResources,
        healthChecks: election,
        readinessChecks: [...election, SHUTDOWN, ...(scheduler.healthChecks ?? [])],
      });
      group.start((signal) => endpoints.run(signal));
    }
    group.start(async (signal) => {
      if (leaderElect) await lead(configuration, scheduler, turn.resolve, deps, signal);
      else await scheduler.run(signal);
      stop.abort();
    });
    await group.done();
  } finally {
    await transport.close();
  }
}

/** Schedules as soon as this is the one that may; until then it only follows what happens, or not even that. */
async function lead(
  { leaderElection: election, delayCacheUntilActive }: CompleteConfiguration,
  scheduler: SchedulerComponent,
  takeTurn: () => void,
  deps: ConstructorParameters<typeof LeaderElector>[1],
  signal: AbortSignal,
): Promise<void> {
  const options: LeaderElectionOptions = {
    lease: { namespace: election.resourceNamespace, name: election.resourceName },
    identity: `${hostname()}_${random.uuid()}`,
    leaseDurationMs: durationToMs(election.leaseDuration),
    renewDeadlineMs: durationToMs(election.renewDeadline),
    retryPeriodMs: durationToMs(election.retryPeriod),
    releaseOnStop: true,
  };
  const elector = new LeaderElector(options, deps);
  const group = new TaskGroup(signal);
  const ended = Promise.withResolvers<void>();
  const start = (): void => group.start((groupSignal) => scheduler.run(groupSignal).finally(ended.resolve));
  if (!delayCacheUntilActive) start();
  let isLost = false;
  group.start(async (groupSignal) => {
    const outcome = await elector.run(groupSignal, async (leading) => {
      if (delayCacheUntilActive) start();
      takeTurn();
      using _ = onAbort(leading, () => group.stop());
      await ended.promise;
    });
    isLost = outcome === 'lost';
  });
  await group.done();
  if (isLost) throw new Error('leader election lost');
}

function endpointConfig(flags: SchedulerFlags): EndpointConfig {
  const { bindAddress: address, securePort: port, alwaysAllowPaths, tlsCertFile, tlsKeyFile } = flags;
  if (tlsCertFile === undefined || tlsKeyFile === undefined) return { address, port, alwaysAllowPaths };
  const certificate = { certificate: readFileSync(tlsCertFile, 'utf8'), key: readFileSync(tlsKeyFile, 'utf8') };
  return { address, port, alwaysAllowPaths, certificate };
}
