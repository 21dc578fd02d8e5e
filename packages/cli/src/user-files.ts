import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

import { formatKubeconfigFile, mergeKubeconfigs, parseKubeconfig, removeContext, type Kubeconfig } from '@kts/client';

/** Where a cluster keeps its state unless `--data-dir` says otherwise. */
export function defaultDataDirectory(name: string): string {
  if (process.getuid?.() === 0) return join('/var/lib/kts', name);
  return join(process.env['XDG_DATA_HOME'] ?? join(homedir(), '.local/share'), 'kts', name);
}

/** The user's own kubeconfig: the first file of $KUBECONFIG, or ~/.kube/config. */
export function userKubeconfigPath(): string {
  const first = process.env['KUBECONFIG']?.split(delimiter).find(Boolean);
  return first ?? join(homedir(), '.kube/config');
}

/** Adds a cluster to the user's kubeconfig as the context `contextName`, and makes it the current one. */
export async function mergeIntoUserKubeconfig(text: string, contextName: string): Promise<string> {
  const path = userKubeconfigPath();
  const [context] = parseKubeconfig(text, 'kts').contexts;
  const added: Kubeconfig = {
    ...parseKubeconfig(text, 'kts'),
    contexts: [{ ...context!, name: contextName }],
    currentContext: contextName,
  };
  const own = parseKubeconfig((await readIfThere(path)) ?? '', path);
  await writeKubeconfig(path, formatKubeconfigFile(mergeKubeconfigs(own, added)));
  return path;
}

export async function removeFromUserKubeconfig(contextName: string): Promise<void> {
  const path = userKubeconfigPath();
  const text = await readIfThere(path);
  if (text === undefined) return;
  await writeKubeconfig(path, formatKubeconfigFile(removeContext(parseKubeconfig(text, path), contextName)));
}

/** Through a new file, so that nobody reads a kubeconfig that is half written. */
export async function writeKubeconfig(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const partial = `${path}.kts-${process.pid}`;
  await writeFile(partial, text, { mode: 0o600 });
  await rename(partial, path);
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
