import { writeFileSync } from 'node:fs';
import { availableParallelism, hostname } from 'node:os';

import { formatYaml } from '@kts/apimachinery';
import { createLogger, systemClock as clock, systemRandom as random, type Logger } from '@kts/base';
import { accessFromKubeconfig, Client, createHttpTransport, waitForServer } from '@kts/client';
import { ownNetwork } from '@kts/host-linux';

import { parseProxyFlags, USAGE, type ProxyFlags } from './command-line.ts';
import { readConfiguration } from './configuration/read-configuration.ts';
import type { ProxyConfiguration } from './configuration/proxy-configuration.ts';
import { listenAddress } from './listen-address.ts';
import { applyConntrackSettings, planConntrackSettings } from './nftables/conntrack-settings.ts';
import { createNftablesBackend } from './nftables/nftables-backend.ts';
import type { ProxyBackend } from './proxy-backend.ts';
import { createProxy } from './proxy.ts';
import type { IpFamily } from './service-routes.ts';

try {
  const flags = parseProxyFlags(process.argv.slice(2));
  if (flags.help) process.stdout.write(USAGE);
  else await main(flags);
} catch (error) {
  process.stderr.write(`kube-proxy: ${(error as Error).message}\n`);
  process.exitCode = 1;
}

async function main(flags: ProxyFlags): Promise<void> {
  const { configuration, warnings } = readConfiguration(flags);
  if (flags.writeConfigTo !== undefined) return writeFileSync(flags.writeConfigTo, formatYaml(configuration));
  const log = createLogger({ clock, verbosity: flags.verbosity, write: (line) => process.stderr.write(line) });
  for (const warning of warnings) log.warn('configuration', { warning });
  const backends = nftablesBackends(configuration, log);
  if (flags.cleanUp) {
    for (const backend of backends.values()) await backend.cleanUp();
    return;
  }
  const { kubeconfig } = configuration.clientConnection;
  if (kubeconfig === '') throw new Error('--kubeconfig is required');
  const transport = createHttpTransport({ ...accessFromKubeconfig(kubeconfig), userAgent: 'kube-proxy' });
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  try {
    if (!(await waitForServer(transport, { clock, log }, stop.signal))) return;
    const settings = planConntrackSettings(configuration.conntrack, availableParallelism());
    await applyConntrackSettings(settings, { networkNamespace: undefined, log });
    const config = {
      nodeName: configuration.hostnameOverride || hostname().toLowerCase(),
      traffic: configuration,
      configuration,
      healthz: listenAddress(configuration.healthzBindAddress),
      metrics: listenAddress(configuration.metricsBindAddress),
    };
    const deps = { client: new Client(transport), clock, random, log, backends, network: ownNetwork };
    await createProxy(config, deps).run(stop.signal);
  } finally {
    await transport.close();
  }
}

function nftablesBackends({ nftables }: ProxyConfiguration, log: Logger): ReadonlyMap<IpFamily, ProxyBackend> {
  const { masqueradeBit, masqueradeAll } = nftables;
  return new Map(
    (['IPv4', 'IPv6'] as const).map((family) => [
      family,
      createNftablesBackend({ family, masqueradeBit, masqueradeAll }, { networkNamespace: undefined, log }),
    ]),
  );
}
