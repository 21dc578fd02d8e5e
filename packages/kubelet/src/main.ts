import { mkdirSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { createLogger, systemClock as clock, systemRandom as random } from '@kts/base';
import { accessOf, Client, createHttpTransport, parseKubeconfig } from '@kts/client';
import { connectCri } from '@kts/host-cri';
import { ownNetwork } from '@kts/host-linux';

import { DEFAULT_KUBELET_CONFIG, type KubeletConfig } from './config.ts';
import { linuxHost } from './host/linux/linux-host.ts';
import { createKubelet } from './kubelet.ts';

const USAGE = `Runs the pods that are bound to this node.

Usage: kubelet --kubeconfig FILE [flags]

  --kubeconfig FILE                   how to reach the API server
  --container-runtime-endpoint SOCKET the runtime's CRI socket (default unix:///run/containerd/containerd.sock)
  --hostname-override NAME            the node's name (default: this machine's)
  --node-ip ADDRESS                   the node's address (default: that of its first interface)
  --root-dir DIR                      where pods' volumes are (default /var/lib/kubelet)
  --pod-manifest-path DIR             static pods
  --cluster-dns ADDRESS               name servers of pods, comma separated
  --cluster-domain NAME               search domain of pods (default cluster.local)
  --cgroup-root PATH                  parent of all pods' cgroups (default /)
  --max-pods N                        (default 110)
  --node-labels KEY=VALUE,...         labels to register the node with
  -v, --v LEVEL                       how much to log (default 0)
`;

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`kubelet: ${(error as Error).message}\n`);
  process.exitCode = 1;
}

async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      kubeconfig: { type: 'string' },
      'container-runtime-endpoint': { type: 'string', default: 'unix:///run/containerd/containerd.sock' },
      'hostname-override': { type: 'string' },
      'node-ip': { type: 'string' },
      'root-dir': { type: 'string', default: DEFAULT_KUBELET_CONFIG.rootDirectory },
      'pod-manifest-path': { type: 'string' },
      'cluster-dns': { type: 'string', default: '' },
      'cluster-domain': { type: 'string', default: 'cluster.local' },
      'cgroup-root': { type: 'string', default: DEFAULT_KUBELET_CONFIG.cgroupRoot },
      'max-pods': { type: 'string', default: String(DEFAULT_KUBELET_CONFIG.maxPods) },
      'node-labels': { type: 'string', default: '' },
      v: { type: 'string', short: 'v', default: '0' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }
  if (values.kubeconfig === undefined) throw new Error('--kubeconfig is required');
  const config: KubeletConfig = {
    ...DEFAULT_KUBELET_CONFIG,
    nodeName: values['hostname-override'] ?? hostname().toLowerCase(),
    rootDirectory: values['root-dir'],
    clusterDNS: values['cluster-dns'].split(',').filter(Boolean),
    clusterDomain: values['cluster-domain'],
    cgroupRoot: values['cgroup-root'],
    maxPods: wholeNumber('max-pods', values['max-pods']),
    nodeLabels: labelsOf(values['node-labels']),
    ...(values['node-ip'] === undefined ? {} : { nodeAddresses: [values['node-ip']] }),
    ...(values['pod-manifest-path'] === undefined ? {} : { staticPodPath: values['pod-manifest-path'] }),
  };
  mkdirSync(config.rootDirectory, { recursive: true });
  mkdirSync(config.podLogsDir, { recursive: true });
  const file = values.kubeconfig;
  const access = accessOf(parseKubeconfig(readFileSync(file, 'utf8'), file), (path) =>
    readFileSync(resolve(dirname(file), path)),
  );
  const transport = createHttpTransport({ ...access, userAgent: 'kubelet' });
  const cri = connectCri(values['container-runtime-endpoint'].replace(/^unix:\/\//, ''));
  const log = createLogger({
    clock,
    verbosity: wholeNumber('v', values.v),
    write: (line) => process.stderr.write(line),
  });
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  const kubelet = createKubelet(config, {
    client: new Client(transport),
    clock,
    random,
    log,
    runtime: cri.runtime,
    images: cri.images,
    host: await linuxHost(ownNetwork, clock),
  });
  try {
    await kubelet.run(stop.signal);
  } finally {
    cri.close();
    await transport.close();
  }
}

function wholeNumber(flag: string, text: string): number {
  if (!/^\d+$/.test(text)) throw new Error(`--${flag} is a whole number, not ${JSON.stringify(text)}`);
  return Number(text);
}

function labelsOf(text: string): Readonly<Record<string, string>> {
  const pairs = text.split(',').filter(Boolean);
  return Object.fromEntries(
    pairs.map((pair) => {
      const equals = pair.indexOf('=');
      if (equals < 0) throw new Error(`--node-labels has ${JSON.stringify(pair)}, which is not KEY=VALUE`);
      return [pair.slice(0, equals), pair.slice(equals + 1)];
    }),
  );
}
