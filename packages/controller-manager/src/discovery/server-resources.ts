/**
 * What resources a server has, for controllers that work on all of them, custom ones included.
 *
 * Mirrors: staging/src/k8s.io/client-go/discovery, ServerPreferredResources (v1.36)
 */
import { parseApiVersion, type KubeObject, type ResourceType } from '@kts/apimachinery';
import type { Client } from '@kts/client';

export interface ServerResource extends ResourceType<KubeObject> {
  readonly verbs: readonly string[];
}

export interface Discovery {
  /** Every resource once: in its group's preferred version if that has it. */
  readonly resources: readonly ServerResource[];
  /** Group versions that could not be asked, such as those of an aggregated server that is down. */
  readonly failures: readonly { readonly groupVersion: string; readonly message: string }[];
}

export async function discoverResources(client: Client, signal: AbortSignal): Promise<Discovery> {
  const { body } = await client.raw({ method: 'GET', path: '/apis', signal });
  const { groups = [] } = body as ApiGroupList;
  const lists = [['v1'], ...groups.map(versionsOf)];
  const discovered = await Promise.all(lists.map((versions) => discoverGroup(client, versions, signal)));
  return {
    resources: discovered.flatMap(({ resources }) => resources),
    failures: discovered.flatMap(({ failures }) => failures),
  };
}

/** Of the API discovery documents, what is needed here. */
interface ApiGroupList {
  readonly groups?: readonly {
    readonly versions: readonly { readonly groupVersion: string }[];
    readonly preferredVersion?: { readonly groupVersion: string };
  }[];
}

interface ApiResourceList {
  readonly resources?: readonly {
    readonly name: string;
    readonly kind: string;
    readonly namespaced: boolean;
    readonly verbs: readonly string[];
  }[];
}

function versionsOf(group: NonNullable<ApiGroupList['groups']>[number]): readonly string[] {
  const all = group.versions.map(({ groupVersion }) => groupVersion);
  const preferred = group.preferredVersion?.groupVersion;
  return preferred === undefined ? all : [preferred, ...all.filter((version) => version !== preferred)];
}

async function discoverGroup(client: Client, versions: readonly string[], signal: AbortSignal): Promise<Discovery> {
  const resources = new Map<string, ServerResource>();
  const failures: { groupVersion: string; message: string }[] = [];
  for (const groupVersion of versions) {
    try {
      const path = groupVersion.includes('/') ? `/apis/${groupVersion}` : `/api/${groupVersion}`;
      const { body } = await client.raw({ method: 'GET', path, signal });
      for (const resource of resourcesOf(groupVersion, body as ApiResourceList)) {
        if (!resources.has(resource.plural)) resources.set(resource.plural, resource);
      }
    } catch (error) {
      signal.throwIfAborted();
      failures.push({ groupVersion, message: error instanceof Error ? error.message : String(error) });
    }
  }
  return { resources: [...resources.values()], failures };
}

/** Without subresources. */
function resourcesOf(groupVersion: string, list: ApiResourceList): readonly ServerResource[] {
  return (list.resources ?? [])
    .filter(({ name }) => !name.includes('/'))
    .map(({ name, kind, namespaced, verbs }) => ({
      ...parseApiVersion(groupVersion),
      kind,
      plural: name,
      namespaced,
      verbs,
    }));
}

export function discoveryError({ failures }: Discovery): string | undefined {
  if (failures.length === 0) return undefined;
  const texts = failures.map(({ groupVersion, message }) => `${groupVersion}: ${message}`);
  return (
    `Discovery failed for some groups, ${failures.length} failing: ` +
    `unable to retrieve the complete list of server APIs: ${texts.join(', ')}`
  );
}
