import { mkdirSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';

import { createLogger, systemClock as clock, systemRandom as random, TaskGroup, type Logger } from '@kts/base';
import {
  accessFromKubeconfig,
  Client,
  createHttpTransport,
  waitForServer,
  type KeyPair,
  type Transport,
} from '@kts/client';
import { connectCri } from '@kts/host-cri';
import { ownNetwork } from '@kts/host-linux';

import { bootstrap, needsBootstrap } from './certificates/bootstrap.ts';
import { keepCertificate } from './certificates/certificate-rotation.ts';
import { CertificateStore } from './certificates/certificate-store.ts';
import { SwitchingTransport } from './certificates/switching-transport.ts';
import { parseKubeletFlags, USAGE, type KubeletFlags } from './command-line.ts';
import { configurationObject } from './configuration/kubelet-configuration.ts';
import { kubeletSettings, type KubeletSettings } from './configuration/kubelet-settings.ts';
import { containerdImages } from './host/linux/containerd-images.ts';
import { linuxHost } from './host/linux/linux-host.ts';
import type { Machine } from './host/node-host.ts';
import { createKubelet } from './kubelet.ts';
import { unixPluginHost } from './plugins/plugin-host.ts';
import { createKubeletServer, type KubeletServer } from './server/kubelet-server.ts';
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
  const { kubeconfig } = flags;
  if (kubeconfig === undefined) throw new Error('--kubeconfig is required');
  const settings = kubeletSettings(flags, { nodeName: hostname().toLowerCase(), clusterDomain: 'cluster.local' });
  const { config } = settings;
  const log = createLogger({ clock, verbosity: flags.verbosity, write: (line) => process.stderr.write(line) });
  for (const warning of settings.warnings) log.warn('configuration', { warning });
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  const store = new CertificateStore(settings.certificateDirectory, 'kubelet-client');
  if (flags.bootstrapKubeconfig !== undefined && needsBootstrap({ kubeconfig, store }, clock.now())) {
    const files = { kubeconfig, bootstrapKubeconfig: flags.bootstrapKubeconfig, store };
    await bootstrap(files, config.nodeName, { clock, log }, stop.signal);
  }
  const connect = (): Transport => createHttpTransport({ ...accessFromKubeconfig(kubeconfig), userAgent: 'kubelet' });
  const transport = new SwitchingTransport(connect());
  for (const path of [config.rootDirectory, config.podLogsDir]) mkdirSync(path, { recursive: true });
  const cri = connectCri(settings.runtimeSocket);
  const imageMounter = containerdImages(settings.runtimeSocket);
  const host = { ...(await linuxHost(ownNetwork, clock)), imageMounter };
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
      systemLogs: config.enableSystemLogHandler,
      configuration: configurationObject(config),
    },
    { ...deps, api: kubelet.api, logFiles: linuxLogFiles, network: ownNetwork },
  );
  try {
    if (!(await waitForServer(transport, { clock, log }, stop.signal))) return;
    const group = new TaskGroup(stop.signal);
    group.start((signal) => kubelet.run(signal));
    group.start((signal) => server.run(signal));
    if (settings.rotateCertificates && store.current()) {
      const wish = async () => ({ purpose: 'client', nodeName: config.nodeName }) as const;
      const onChange = (): void => group.start(() => transport.switchTo(connect()));
      group.start((signal) => keepCertificate({ store, client, clock, random, log, wish, onChange }, signal));
    }
    if (settings.serverTLSBootstrap) startServing(settings, { client, log, server, group, machine: host.machine });
    await group.done();
  } finally {
    cri.close();
    await transport.close();
  }
}

/** Asks for a certificate to serve with; until there is one, the kubelet serves with its own. */
function startServing(
  { config, certificateDirectory }: KubeletSettings,
  deps: {
    readonly client: Client;
    readonly log: Logger;
    readonly server: KubeletServer;
    readonly group: TaskGroup;
    readonly machine: Pick<Machine, 'defaultAddress'>;
  },
): void {
  const { client, log, server, group } = deps;
  const store = new CertificateStore(certificateDirectory, 'kubelet-server');
  const known = store.current();
  if (known) server.setCertificate(known);
  const wish = async () => {
    const ipAddresses =
      config.nodeAddresses ?? [await deps.machine.defaultAddress()].filter((address) => address !== undefined);
    if (ipAddresses.length === 0) return undefined;
    return { purpose: 'server', nodeName: config.nodeName, dnsNames: [config.nodeName], ipAddresses } as const;
  };
  const onChange = (pair: KeyPair): void => server.setCertificate(pair);
  group.start((signal) => keepCertificate({ store, client, clock, random, log, wish, onChange }, signal));
}

function readTls({ serving, clientCAFile, config }: KubeletSettings): {
  readonly cert: string;
  readonly key: string;
  readonly clientCA?: string;
} {
  const { certificate, key } = servingCertificate(serving, config.nodeName, { clock, random });
  return { cert: certificate, key, ...(clientCAFile ? { clientCA: readFileSync(clientCAFile, 'utf8') } : {}) };
}
