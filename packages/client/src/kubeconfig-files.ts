import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

import { Client, type ClientOptions } from './client.ts';
import { createHttpTransport } from './http-transport.ts';
import {
  accessOf,
  EMPTY_KUBECONFIG,
  KubeconfigError,
  mergeKubeconfigs,
  parseKubeconfig,
  type Kubeconfig,
  type NamedCluster,
  type NamedUser,
  type ServerAccess,
} from './kubeconfig.ts';

/**
 * Reads kubeconfig files as one. What the first file says of a cluster, user or context counts; relative paths in a file
 * are relative to its directory. Throws KubeconfigError.
 */
export function loadKubeconfig(paths: readonly string[]): Kubeconfig {
  return paths
    .map((path) => absolutePaths(parseKubeconfig(readText(path), path), dirname(path)))
    .reduceRight((later, earlier) => mergeKubeconfigs(later, earlier), EMPTY_KUBECONFIG);
}

/** How to reach the server of a context (absent: the current one). Throws as `loadKubeconfig`. */
export function accessFromKubeconfig(path: string, context?: string): ServerAccess {
  return accessOf(loadKubeconfig([path]), readBytes, context);
}

/** A client of the server of a context (absent: the current one). Throws as `loadKubeconfig`. */
export function clientFromKubeconfig(path: string, context?: string, options?: ClientOptions): Client {
  return new Client(createHttpTransport(accessFromKubeconfig(path, context)), options);
}

function readText(path: string): string {
  return readBytes(path).toString('utf8');
}

function readBytes(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'no such file or directory' : message;
    throw new KubeconfigError(`cannot read kubeconfig ${path}: ${reason}`, { cause });
  }
}

const CLUSTER_FILES = ['certificate-authority'] as const satisfies readonly (keyof NamedCluster['cluster'])[];
const USER_FILES = [
  'client-certificate',
  'client-key',
  'tokenFile',
] as const satisfies readonly (keyof NamedUser['user'])[];

function absolutePaths(config: Kubeconfig, directory: string): Kubeconfig {
  return {
    ...config,
    clusters: config.clusters.map((each) => ({ ...each, cluster: resolved(each.cluster, CLUSTER_FILES, directory) })),
    users: config.users.map((each) => ({ ...each, user: resolved(each.user, USER_FILES, directory) })),
  };
}

function resolved<T extends object>(entry: T, fields: readonly (keyof T)[], directory: string): T {
  const files = fields
    .filter((field) => entry[field])
    .map((field) => [field, resolve(directory, entry[field] as string)]);
  return { ...entry, ...Object.fromEntries(files) };
}
