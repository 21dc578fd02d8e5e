import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

import { createLogger, systemClock as clock, systemRandom as random, type Logger } from '@kts/base';
import { accessFromKubeconfig, Client, createHttpTransport, waitForServer } from '@kts/client';
import { ClientMetrics } from '@kts/controlkit/client-metrics';
import { QueueMetrics } from '@kts/controlkit/queue-metrics';

import { parseCommandLine, usage, UsageError, type CertificateFiles, type CommandLine } from './command-line.ts';
import type { ClusterSigning, ControllerManagerConfig } from './controller-manager-config.ts';
import { createControllerManager } from './controller-manager.ts';
import { startManagerServer } from './manager-server.ts';
import { processMetrics } from './process-metrics.ts';

try {
  const options = parseCommandLine(process.argv.slice(2));
  if (options.help) process.stdout.write(usage());
  else await run(options);
} catch (error) {
  process.stderr.write(`kube-controller-manager: ${(error as Error).message}\n`);
  process.exitCode = 1;
}

async function run(options: CommandLine): Promise<void> {
  const log: Logger = createLogger({
    clock,
    verbosity: options.verbosity,
    write: (line) => process.stderr.write(line),
  });
  if (options.kubeconfig === undefined) throw new UsageError('--kubeconfig is required');
  const access = accessFromKubeconfig(options.kubeconfig);
  const transport = createHttpTransport({ ...access, userAgent: 'kube-controller-manager' });
  const clientMetrics = options.serving && new ClientMetrics(new URL(access.server).host, clock);
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  const deps = { client: new Client(clientMetrics?.measure(transport) ?? transport), clock, random, log };
  const queueMetrics = options.serving && new QueueMetrics(clock);
  const manager = createControllerManager(completeConfig(options), { ...deps, queueMetrics });
  const ownMetrics = processMetrics(clock, () => {
    const { user, system } = process.cpuUsage();
    return { cpuSeconds: (user + system) / 1e6, residentBytes: process.memoryUsage.rss() };
  });
  const metrics = (): readonly string[] => [
    ...manager.metrics(),
    ...ownMetrics(),
    ...(clientMetrics?.lines() ?? []),
    ...(queueMetrics?.lines() ?? []),
  ];
  try {
    if (!(await waitForServer(transport, { clock, log }, stop.signal))) return;
    const server = options.serving && (await startManagerServer(options.serving, manager, metrics, deps, stop.signal));
    try {
      await manager.run(stop.signal);
      if (!stop.signal.aborted) throw new Error('leader election lost');
    } finally {
      await server?.close();
    }
  } finally {
    await transport.close();
  }
}

function completeConfig(options: CommandLine): Partial<ControllerManagerConfig> {
  const { rootCAFile, serviceAccountKeyFile, clusterSigning, leaderElection } = options;
  const signers = Object.entries(options.signers).map(([name, files]) => [name, readPair(files)] as const);
  return {
    ...options.config,
    ...(leaderElection ? { leaderElection: { ...leaderElection, identity: `${hostname()}_${random.uuid()}` } } : {}),
    ...(rootCAFile ? { rootCA: readFileSync(rootCAFile, 'utf8') } : {}),
    ...(serviceAccountKeyFile ? { serviceAccountKey: readFileSync(serviceAccountKeyFile, 'utf8') } : {}),
    ...(clusterSigning ? { clusterSigning: readPair(clusterSigning) } : {}),
    ...(signers.length > 0 ? { signers: Object.fromEntries(signers) } : {}),
  };
}

function readPair({ certificate, key }: CertificateFiles): ClusterSigning {
  return { certificate: readFileSync(certificate, 'utf8'), key: readFileSync(key, 'utf8') };
}
