import { mkdirSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';

import { createLogger, systemClock as clock, systemRandom as random, TaskGroup } from '@kts/base';
import { accessFromKubeconfig, Client, createHttpTransport, waitForServer } from '@kts/client';
import { connectCri } from '@kts/host-cri';
import { ownNetwork } from '@kts/host-linux';

import { parseKubeletFlags, USAGE, type KubeletFlags } from './command-line.ts';
import { configurationObject } from './configuration/kubelet-configuration.ts';
import { kubeletSettings, type KubeletSettings } from './configuration/kubelet-settings.ts';
import { linuxHost } from './host/linux/linux-host.ts';
import { createKubelet } from './kubelet.ts';
import { unixPluginHost } from './plugins/plugin-host.ts';
import { createKubeletServer } from './server/kubelet-server.ts';
import { linuxLogFiles } from './server/logs/linux-log-files.ts';
import { servingCertificate } from './server/serving-certificate.ts';

try {
  const flags = parseKubeletFlags(process.argv.slice(2));
  if (flags.help) process.stdout.write(USAGE);
  else await run(flags);
} catch (error) {
  process.stderr.write(`kubelet: ${(error as Error).message}\n`);
  process.exitCode = 1;
}

async function run(flags: KubeletFlags): Promise<void> {
  if (flags.kubeconfig === undefined) throw new Error('--kubeconfig is required');
  const access = accessFromKubeconfig(flags.kubeconfig);
  const settings = kubeletSettings(flags, { nodeName: hostname().toLowerCase(), clusterDomain: 'cluster.local' });
  const { config } = settings;
  for (const path of [config.rootDirectory, config.podLogsDir]) mkdirSync(path, { recursive: true });
  const transport = createHttpTransport({ ...access, userAgent: 'kubelet' });
  const cri = connectCri(settings.runtimeSocket);
  const log = createLogger({ clock, verbosity: flags.verbosity, write: (line) => process.stderr.write(line) });
  for (const warning of settings.warnings) log.warn('configuration', { warning });
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  const host = await linuxHost(ownNetwork, clock);
  const client = new Client(transport);
  const { runtime, images } = cri;
  const deps = { client, clock, random, log, runtime, images, host, plugins: unixPluginHost };
  const kubelet = createKubelet(config, deps);
  const server = createKubeletServer(
    {
      nodeName: config.nodeName,
      address: config.address,
      port: config.port,
      tls: readTls(settings),
      rootDirectory: config.rootDirectory,
      configuration: configurationObject(config),
    },
    { ...deps, api: kubelet.api, logFiles: linuxLogFiles, network: ownNetwork },
  );
  try {
    if (!(await waitForServer(transport, { clock, log }, stop.signal))) return;
    const group = new TaskGroup(stop.signal);
    group.start((signal) => kubelet.run(signal));
    group.start((signal) => server.run(signal));
    await group.done();
  } finally {
    cri.close();
    await transport.close();
  }
}

function readTls({ serving, clientCAFile, config }: KubeletSettings): {
  readonly cert: string;
  readonly key: string;
  readonly clientCA?: string;
} {
  const { certificate, key } = servingCertificate(serving, config.nodeName, { clock, random });
  return { cert: certificate, key, ...(clientCAFile ? { clientCA: readFileSync(clientCAFile, 'utf8') } : {}) };
}
