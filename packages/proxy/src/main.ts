import { hostname } from 'node:os';

import { createLogger, parseFlags, systemClock as clock, systemRandom as random } from '@kts/base';
import { ownNetwork } from '@kts/host-linux';
import { accessFromKubeconfig, Client, createHttpTransport, waitForServer } from '@kts/client';

import { listenAddress } from './listen-address.ts';
import { createNftablesBackend } from './nftables/nftables-backend.ts';
import { createProxy } from './proxy.ts';

const USAGE = `Makes Services reachable on this node.

Usage: kube-proxy --kubeconfig FILE [flags]

  --kubeconfig FILE         how to reach the API server
  --hostname-override NAME  the node's name (default: this machine's)
  --cluster-cidr CIDR       pod addresses, comma separated by IP family; others are masqueraded
  --proxy-mode nftables     the only mode there is
  --healthz-bind-address A:P   /healthz and /livez (default 0.0.0.0:10256)
  --metrics-bind-address A:P   /metrics and /proxyMode (default 127.0.0.1:10249)
  --cleanup                 removes all rules and exits
  -v, --v LEVEL             how much to log (default 0)
`;

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`kube-proxy: ${(error as Error).message}\n`);
  process.exitCode = 1;
}

async function main(args: readonly string[]): Promise<void> {
  const values = parseFlags(args, {
    kubeconfig: { type: 'string' },
    'hostname-override': { type: 'string' },
    'cluster-cidr': { type: 'list' },
    'proxy-mode': { type: 'string' },
    'healthz-bind-address': { type: 'string' },
    'metrics-bind-address': { type: 'string' },
    cleanup: { type: 'switch' },
    v: { type: 'number', short: 'v' },
    help: { type: 'switch', short: 'h' },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }
  const mode = values['proxy-mode'] ?? 'nftables';
  if (mode !== 'nftables') throw new Error(`--proxy-mode is nftables, not ${mode}`);
  const log = createLogger({ clock, verbosity: values.v ?? 0, write: (line) => process.stderr.write(line) });
  const cidrs = values['cluster-cidr'] ?? [];
  const backends = new Map(
    (['IPv4', 'IPv6'] as const).map((family) => {
      const clusterCidrs = cidrs.filter((cidr) => cidr.includes(':') === (family === 'IPv6'));
      return [family, createNftablesBackend({ family, clusterCidrs }, { networkNamespace: undefined, log })] as const;
    }),
  );
  if (values.cleanup) {
    for (const backend of backends.values()) await backend.cleanUp();
    return;
  }
  if (values.kubeconfig === undefined) throw new Error('--kubeconfig is required');
  const transport = createHttpTransport({ ...accessFromKubeconfig(values.kubeconfig), userAgent: 'kube-proxy' });
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  const nodeName = values['hostname-override'] ?? hostname().toLowerCase();
  try {
    if (!(await waitForServer(transport, { clock, log }, stop.signal))) return;
    const config = {
      nodeName,
      healthz: listenAddress(values['healthz-bind-address'] ?? '0.0.0.0:10256'),
      metrics: listenAddress(values['metrics-bind-address'] ?? '127.0.0.1:10249'),
    };
    const deps = { client: new Client(transport), clock, random, log, backends, network: ownNetwork };
    await createProxy(config, deps).run(stop.signal);
  } finally {
    await transport.close();
  }
}
