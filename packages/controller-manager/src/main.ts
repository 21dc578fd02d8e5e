import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

import { createLogger, systemClock as clock, systemRandom as random } from '@kts/base';
import { accessFromKubeconfig, Client, createHttpTransport, waitForServer } from '@kts/client';

import { parseCommandLine, usage, UsageError, type CommandLine } from './command-line.ts';
import type { ControllerManagerConfig } from './controller-manager-config.ts';
import { createControllerManager } from './controller-manager.ts';

const LEASE = { leaseNamespace: 'kube-system', leaseName: 'kube-controller-manager' };
const TIMES = { leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2_000 };

try {
  const options = parseCommandLine(process.argv.slice(2));
  if (options.help) process.stdout.write(usage());
  else await run(options);
} catch (error) {
  process.stderr.write(`kube-controller-manager: ${(error as Error).message}\n`);
  process.exitCode = 1;
}

async function run(options: CommandLine): Promise<void> {
  const log = createLogger({ clock, verbosity: options.verbosity, write: (line) => process.stderr.write(line) });
  if (options.kubeconfig === undefined) throw new UsageError('--kubeconfig is required');
  const transport = createHttpTransport({
    ...accessFromKubeconfig(options.kubeconfig),
    userAgent: 'kube-controller-manager',
  });
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  const manager = createControllerManager(completeConfig(options), {
    client: new Client(transport),
    clock,
    random,
    log,
  });
  try {
    if (!(await waitForServer(transport, { clock, log }, stop.signal))) return;
    await manager.run(stop.signal);
    if (!stop.signal.aborted) throw new Error('leader election lost');
  } finally {
    await transport.close();
  }
}

function completeConfig(options: CommandLine): Partial<ControllerManagerConfig> {
  const { rootCAFile, serviceAccountKeyFile, clusterSigningCertFile, clusterSigningKeyFile } = options;
  const identity = `${hostname()}_${random.uuid()}`;
  return {
    ...options.config,
    ...(options.leaderElect ? { leaderElection: { ...LEASE, ...TIMES, identity } } : {}),
    ...(rootCAFile ? { rootCA: readFileSync(rootCAFile, 'utf8') } : {}),
    ...(serviceAccountKeyFile ? { serviceAccountKey: readFileSync(serviceAccountKeyFile, 'utf8') } : {}),
    ...(clusterSigningCertFile && clusterSigningKeyFile
      ? {
          clusterSigning: {
            certificate: readFileSync(clusterSigningCertFile, 'utf8'),
            key: readFileSync(clusterSigningKeyFile, 'utf8'),
          },
        }
      : {}),
  };
}
