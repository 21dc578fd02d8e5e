import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { createLogger, systemClock as clock, systemRandom as random } from '@kts/base';
import { createSqliteStore } from '@kts/store';

import { parseApiServerFlags, USAGE, type ApiServerFlags } from './command-line.ts';
import { configFromFlags } from './config-from-flags.ts';
import { issueClient } from './pki/cluster-pki.ts';
import { CLIENT_IDENTITIES, formatKubeconfig } from './pki/kubeconfig.ts';
import { diskFiles } from './pki/pki-files.ts';
import { openEtcdStore } from './open-etcd-store.ts';
import { createApiServer } from './server.ts';

try {
  const flags = parseApiServerFlags(process.argv.slice(2));
  if (flags.help) process.stdout.write(USAGE);
  else await run(flags);
} catch (error) {
  process.stderr.write(`kube-apiserver: ${(error as Error).message}\n`);
  process.exitCode = 1;
}

async function run(flags: ApiServerFlags): Promise<void> {
  const log = createLogger({ clock, verbosity: flags.verbosity, write: (line) => process.stderr.write(line) });
  mkdirSync(flags.dataDir, { recursive: true, mode: 0o700 });
  const etcd = await openEtcdStore(flags, { clock, log });
  const store = etcd ?? (await createSqliteStore({ path: join(flags.dataDir, 'store.db'), clock }));
  const files = diskFiles(join(flags.dataDir, 'pki'));
  const server = createApiServer(configFromFlags(flags), { store, clock, random, log, files });
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  try {
    const running = server.run(stop.signal);
    running.catch(() => stop.abort());
    await server.ready;
    const { address, port } = server.address!;
    log.info('serving', { address, port });
    if (flags.writeKubeconfig) {
      const url = `https://${hostInUrl(reachableAddress(address))}:${port}`;
      writeKubeconfig(flags.writeKubeconfig, url, server.pki.authority);
    }
    await running;
  } finally {
    await store.close();
  }
}

/** A server that listens on every address is reached on this machine by loopback. */
function reachableAddress(address: string): string {
  return address === '0.0.0.0' || address === '::' ? '127.0.0.1' : address;
}

function hostInUrl(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}

function writeKubeconfig(path: string, server: string, authority: { certificate: string; key: string }): void {
  const text = formatKubeconfig({
    server,
    authorityCertificate: authority.certificate,
    userName: CLIENT_IDENTITIES.admin.commonName,
    credentials: issueClient({ clock, random }, authority, CLIENT_IDENTITIES.admin),
  });
  writeFileSync(path, text, { mode: 0o600 });
}
