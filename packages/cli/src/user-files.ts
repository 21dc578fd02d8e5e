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
  await rewrite(path, (own) => mergeKubeconfigs(own, added));
  return path;
}

export async function removeFromUserKubeconfig(contextName: string): Promise<void> {
  await rewrite(userKubeconfigPath(), (own) => removeContext(own, contextName));
}

/** Through a new file, so that a kubeconfig is never half written. */
async function rewrite(path: string, change: (own: Kubeconfig) => Kubeconfig): Promise<void> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const partial = `${path}.kts-${process.pid}`;
  await writeFile(partial, formatKubeconfigFile(change(parseKubeconfig(text, path))), { mode: 0o600 });
  await rename(partial, path);
}
