import { hostname } from 'node:os';
import { durationToMs } from '@kts/apimachinery';
import { createLogger, systemClock as clock, systemRandom as random } from '@kts/base';
import { accessFromKubeconfig, Client, createHttpTransport, waitForServer } from '@kts/client';
import { LeaderElector } from '@kts/controlkit';
import { parseSchedulerFlags, readConfiguration, USAGE, type SchedulerFlags } from './command-line.ts';
import { createScheduler } from './scheduler.ts';

try {
  const flags = parseSchedulerFlags(process.argv.slice(2));
  if (flags.help) process.stdout.write(USAGE);
  else await run(flags);
} catch (error) {
  process.stderr.write(`kube-scheduler: ${(error as Error).message}\n`);
  process.exitCode = 1;
}

async function run(flags: SchedulerFlags): Promise<void> {
  if (flags.kubeconfig === undefined) throw new Error('--kubeconfig is required');
  const configuration = readConfiguration(flags);
  const log = createLogger({ clock, verbosity: flags.verbosity, write: (line) => process.stderr.write(line) });
  const transport = createHttpTransport({ ...accessFromKubeconfig(flags.kubeconfig), userAgent: 'kube-scheduler' });
  const deps = { client: new Client(transport), clock, random, log, hostname: hostname() };
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  const scheduler = createScheduler(configuration, deps);
  try {
    if (!(await waitForServer(transport, { clock, log }, stop.signal))) return;
    const { leaderElection } = configuration;
    if (leaderElection.leaderElect) {
      const identity = `${hostname()}_${random.uuid()}`;
      const lease = { namespace: leaderElection.resourceNamespace, name: leaderElection.resourceName };
      const leaseDurationMs = durationToMs(leaderElection.leaseDuration);
      const renewDeadlineMs = durationToMs(leaderElection.renewDeadline);
      const retryPeriodMs = durationToMs(leaderElection.retryPeriod);
      const options = { lease, identity, leaseDurationMs, renewDeadlineMs, retryPeriodMs, releaseOnStop: true };
      const elector = new LeaderElector(options, deps);
      if ((await elector.run(stop.signal, (signal) => scheduler.run(signal))) === 'lost')
        throw new Error('leader election lost');
    } else {
      await scheduler.run(stop.signal);
    }
  } finally {
    await transport.close();
  }
}
