/**
 * Which resource a kind is.
 *
 * Mirrors: staging/src/k8s.io/client-go/restmapper, as the autoscaler uses it (v1.36)
 */
import { isNotFound, parseApiVersion, type KubeObject, type ResourceType } from '@kts/apimachinery';
import type { Clock } from '@kts/base';
import type { Client } from '@kts/client';

export interface TargetResources {
  /** In the group's preferred version first. Throws if there is no such kind. */
  find(group: string, kind: string): Promise<readonly ResourceType<KubeObject>[]>;
}

/** How long what was found is believed: kinds may come and go. */
const BELIEVED_MS = 30_000;

export function createTargetResources(client: Client, clock: Clock, signal: AbortSignal): TargetResources {
  const known = new Map<string, { readonly at: number; readonly resources: readonly ResourceType<KubeObject>[] }>();
  return {
    find: async (group, kind) => {
      const key = `${group}/${kind}`;
      const before = known.get(key);
      if (before && clock.monotonic() - before.at < BELIEVED_MS) return before.resources;
      const resources = await discover(client, group, kind, signal);
      if (resources.length === 0) throw new Error(noMatch(group, kind));
      known.set(key, { at: clock.monotonic(), resources });
      return resources;
    },
  };
}

async function discover(
  client: Client,
  group: string,
  kind: string,
  signal: AbortSignal,
): Promise<readonly ResourceType<KubeObject>[]> {
  const found: ResourceType<KubeObject>[] = [];
  for (const groupVersion of await versionsOf(client, group, signal)) {
    const path = group === '' ? `/api/${groupVersion}` : `/apis/${groupVersion}`;
    const body = await getIfThere(client, path, signal);
    const { resources = [] } = (body ?? {}) as {
      readonly resources?: readonly { readonly name: string; readonly kind: string; readonly namespaced: boolean }[];
    };
    for (const { name, kind: other, namespaced } of resources) {
      if (other !== kind || name.includes('/')) continue;
      found.push({ ...parseApiVersion(groupVersion), kind, plural: name, namespaced });
    }
  }
  return found;
}

async function versionsOf(client: Client, group: string, signal: AbortSignal): Promise<readonly string[]> {
  if (group === '') return ['v1'];
  const body = await getIfThere(client, `/apis/${group}`, signal);
  const { versions = [], preferredVersion } = (body ?? {}) as {
    readonly versions?: readonly { readonly groupVersion: string }[];
    readonly preferredVersion?: { readonly groupVersion: string };
  };
  const all = versions.map(({ groupVersion }) => groupVersion);
  return [...new Set([...(preferredVersion ? [preferredVersion.groupVersion] : []), ...all])];
}

async function getIfThere(client: Client, path: string, signal: AbortSignal): Promise<unknown> {
  try {
    return (await client.raw({ method: 'GET', path, signal })).body;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

function noMatch(group: string, kind: string): string {
  return `no matches for kind "${kind}" in group "${group}"`;
}
