import { builtinResources } from '@kts/api';
import { apiVersionOf } from '@kts/apimachinery';
import type { ApiResponse, Transport } from '@kts/client';

/** Answers discovery of the built-in resources, which an API server for tests does not serve; all else goes there. */
export function withDiscovery(transport: Transport): Transport {
  return {
    request: async (request) => discoveryAnswer(request.path) ?? transport.request(request),
    watch: (request) => transport.watch(request),
    stream: (request) => transport.stream(request),
    close: () => transport.close(),
  };
}

function discoveryAnswer(path: string): ApiResponse | undefined {
  if (path === '/apis') return answer({ groups: groups() });
  const group = groups().find(({ name }) => path === `/apis/${name}`);
  if (group) return answer(group);
  const groupVersion = /^\/apis?\/([^/]+(\/[^/]+)?)$/.exec(path)?.[1];
  const resources = builtinResources.filter((resource) => apiVersionOf(resource) === groupVersion);
  if (resources.length === 0) return undefined;
  const described = resources.map(({ plural: name, kind, namespaced, verbs }) => ({ name, kind, namespaced, verbs }));
  return answer({ resources: described });
}

interface Group {
  readonly name: string;
  readonly versions: readonly { readonly groupVersion: string }[];
}

function groups(): readonly Group[] {
  const named = builtinResources.filter(({ group }) => group !== '');
  return [...Map.groupBy(named, ({ group }) => group)].map(([name, resources]) => ({
    name,
    versions: [...new Set(resources.map(apiVersionOf))].map((groupVersion) => ({ groupVersion })),
  }));
}

function answer(body: object): ApiResponse {
  return { status: 200, body, warnings: [] };
}
