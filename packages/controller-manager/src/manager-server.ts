import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

import { configMaps } from '@kts/api';
import type { Clock, Logger, Random } from '@kts/base';
import { issue, type Client, type KeyPair } from '@kts/client';
import { startComponentServer, type ComponentServer } from '@kts/controlkit/component-server';
import { createDelegatedAccess } from '@kts/controlkit/delegated-access';

import type { ServingFlags } from './command-line.ts';
import type { ControllerManager } from './controller-manager.ts';

const AUTHENTICATION = { namespace: 'kube-system', name: 'extension-apiserver-authentication' };
const YEAR_MS = 365 * 86_400_000;

interface ServerDependencies {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** Serves the controller manager's health and metrics to those who may see them. */
export async function startManagerServer(
  flags: ServingFlags,
  manager: ControllerManager,
  metrics: () => readonly string[],
  deps: ServerDependencies,
  signal: AbortSignal,
): Promise<ComponentServer> {
  const { client, clock, log } = deps;
  const { certificate, key } = flags.files ? readFiles(flags.files) : ownCertificate(deps);
  const clientCA = flags.clientCAFile ? readFileSync(flags.clientCAFile, 'utf8') : await clusterClientCA(deps, signal);
  const { address, port, alwaysAllowPaths } = flags;
  const config = { address, port, certificate, key, alwaysAllowPaths, ...(clientCA ? { clientCA } : {}) };
  const access = createDelegatedAccess(client, clock);
  return startComponentServer(config, { access, checks: () => manager.healthChecks, metrics, log });
}

/** What the API server publishes for servers behind it. Without it, only tokens say who somebody is. */
async function clusterClientCA({ client, log }: ServerDependencies, signal: AbortSignal): Promise<string | undefined> {
  try {
    return (await client.get(configMaps, AUTHENTICATION, { signal })).data?.['client-ca-file'];
  } catch (error) {
    log.warn('cannot read whose client certificates to believe', { error });
    return undefined;
  }
}

function readFiles({ certificate, key }: KeyPair): KeyPair {
  return { certificate: readFileSync(certificate, 'utf8'), key: readFileSync(key, 'utf8') };
}

function ownCertificate({ clock, random }: ServerDependencies): KeyPair {
  const now = clock.now();
  return issue({
    commonName: `${hostname()}@${Math.floor(now / 1000)}`,
    usage: 'server',
    alternativeNames: [hostname(), 'localhost', '127.0.0.1'],
    notBefore: now - 60_000,
    notAfter: now + YEAR_MS,
    serial: Buffer.from(random.uuid().replaceAll('-', ''), 'hex'),
  });
}
