/** Nodes of an earlier run with more of them: a cluster that comes up smaller takes them off, as an administrator would. */
import { nodes } from '@kts/api';
import { isNotFound } from '@kts/apimachinery';
import type { Client } from '@kts/client';

/** Those of the names that `kts up` gives to nodes of this cluster, real and simulated, and that it has not started. */
export function formerNodes(
  clusterName: string,
  known: readonly string[],
  started: ReadonlySet<string>,
): readonly string[] {
  const isOurs = (name: string): boolean =>
    [`${clusterName}-`, 'sim-'].some((prefix) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)));
  return known.filter((name) => isOurs(name) && !started.has(name));
}

export async function removeFormerNodes(
  client: Client,
  clusterName: string,
  started: ReadonlySet<string>,
): Promise<void> {
  const { items } = await client.list(nodes);
  const known = items.map(({ metadata }) => metadata.name);
  for (const name of formerNodes(clusterName, known, started)) {
    await client.delete(nodes, { name }).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
  }
}
