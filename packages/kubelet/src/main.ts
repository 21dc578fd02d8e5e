import { mkdirSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, resolve } from 'node:path';

import { createLogger, systemClock as clock, systemRandom as random } from '@kts/base';
import { accessOf, Client, createHttpTransport, parseKubeconfig } from '@kts/client';
import { connectCri } from '@kts/host-cri';
import { ownNetwork } from '@kts/host-linux';

import { parseKubeletFlags, USAGE, type KubeletFlags } from './command-line.ts';
import { DEFAULT_KUBELET_CONFIG } from './config.ts';
import { linuxHost } from './host/linux/linux-host.ts';
import { createKubelet } from './kubelet.ts';

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
  const file = flags.kubeconfig;
  const access = accessOf(parseKubeconfig(readFileSync(file, 'utf8'), file), (path) =>
    readFileSync(resolve(dirname(file), path)),
  );
  const config = {
    ...DEFAULT_KUBELET_CONFIG,
    nodeName: hostname().toLowerCase(),
    clusterDomain: 'cluster.local',
    ...flags.config,
  };
  for (const path of [config.rootDirectory, config.podLogsDir]) mkdirSync(path, { recursive: true });
  const transport = createHttpTransport({ ...access, userAgent: 'kubelet' });
  const cri = connectCri(flags.runtimeSocket);
  const log = createLogger({ clock, verbosity: flags.verbosity, write: (line) => process.stderr.write(line) });
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  const host = await linuxHost(ownNetwork, clock);
  const client = new Client(transport);
  const { runtime, images } = cri;
  try {
    await createKubelet(config, { client, clock, random, log, runtime, images, host }).run(stop.signal);
  } finally {
    cri.close();
    await transport.close();
  }
}
