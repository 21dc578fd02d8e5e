/**
 * Mirrors: staging/src/k8s.io/kube-aggregator/pkg/apiserver/handler_discovery.go and
 * staging/src/k8s.io/apiserver/pkg/endpoints/discovery/aggregated (v1.36)
 */
import type { RemoteApi } from './remote-api.ts';
import type { RemoteResource } from './remote-apis.ts';

/** The resources of one version as the aggregated document has them. */
export function aggregatedRemoteResources(
  { group, version }: Pick<RemoteApi, 'group' | 'version'>,
  resources: readonly RemoteResource[],
): readonly object[] {
  const kindOf = (resource: RemoteResource): object => ({
    group: resource.group ?? group,
    version: resource.version ?? version,
    kind: resource.kind,
  });
  return resources
    .filter(({ name }) => !name.includes('/'))
    .map((resource) => {
      const subresources = resources
        .filter(({ name }) => name.startsWith(`${resource.name}/`))
        .map((one) => ({
          subresource: one.name.slice(resource.name.length + 1),
          responseKind: kindOf(one),
          verbs: one.verbs ?? [],
        }));
      return {
        resource: resource.name,
        responseKind: kindOf(resource),
        scope: resource.namespaced ? 'Namespaced' : 'Cluster',
        singularResource: resource.singularName ?? '',
        verbs: resource.verbs ?? [],
        ...(resource.shortNames?.length ? { shortNames: resource.shortNames } : {}),
        ...(resource.categories?.length ? { categories: resource.categories } : {}),
        ...(subresources.length > 0 ? { subresources } : {}),
      };
    });
}
