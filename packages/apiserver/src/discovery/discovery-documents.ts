/**
 * What the server has, in the forms in which clients ask for it. Pure.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/endpoints/discovery and .../discovery/aggregated (v1.36)
 */
import { resourceFacts, type ResourceDefinition, type SubresourceDefinition } from '@kts/api';
import { apiVersionOf } from '@kts/apimachinery';

import { aggregatedRemoteResources } from '../aggregation/aggregated-resources.ts';
import type { RemoteResource } from '../aggregation/remote-apis.ts';

/** One API group with its versions, best first. */
export interface DiscoveredGroup {
  readonly name: string;
  readonly versions: readonly DiscoveredVersion[];
}

export interface DiscoveredVersion {
  readonly version: string;
  readonly resources: readonly ResourceDefinition[];
  /** What another server has said that it has, where that one answers for the version. */
  readonly remote?: { readonly resources: readonly RemoteResource[]; readonly stale: boolean };
}

/** The core group is first, built-in groups follow in upstream's order, the others by name. */
export function discoveredGroups(definitions: Iterable<ResourceDefinition>): readonly DiscoveredGroup[] {
  const groups = new Map<string, Map<string, ResourceDefinition[]>>();
  for (const definition of definitions) {
    groups
      .getOrInsertComputed(definition.group, () => new Map<string, ResourceDefinition[]>())
      .getOrInsertComputed(definition.version, () => [])
      .push(definition);
  }
  const facts = resourceFacts().groups;
  const order = (name: string): number => facts[name]?.discoveryOrder ?? Number.MAX_SAFE_INTEGER;
  return [...groups]
    .sort(([a], [b]) => order(a) - order(b) || (a < b ? -1 : 1))
    .map(([name, versions]) => {
      const known = facts[name]?.versions;
      return {
        name,
        versions: [...versions]
          .sort(([a], [b]) => (known ? known.indexOf(a) - known.indexOf(b) : compareVersions(b, a)))
          .map(([version, resources]) => ({ version, resources: resources.sort(byPlural) })),
      };
    });
}

const byPlural = (a: ResourceDefinition, b: ResourceDefinition): number => (a.plural < b.plural ? -1 : 1);

/** `v2` after `v1` after `v2beta1` after `v1beta2` after `v3alpha1`, and anything else before, in order of the alphabet. */
export function compareVersions(a: string, b: string): number {
  const [first, second] = [versionRank(a), versionRank(b)];
  if (!first || !second) return first ? 1 : second ? -1 : a < b ? 1 : a > b ? -1 : 0;
  for (let i = 0; i < first.length; i++) if (first[i] !== second[i]) return first[i]! - second[i]!;
  return 0;
}

function versionRank(version: string): readonly number[] | undefined {
  const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version);
  if (!match) return undefined;
  const stability = match[2] === undefined ? 2 : match[2] === 'beta' ? 1 : 0;
  return [stability, Number(match[1]), Number(match[3] ?? 0)];
}

/** `GET /api`. */
export function apiVersions(serverAddress: string): object {
  return {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }],
  };
}

/** `GET /apis`. */
export function apiGroupList(groups: readonly DiscoveredGroup[]): object {
  return {
    kind: 'APIGroupList',
    apiVersion: 'v1',
    groups: groups.filter(({ name }) => name !== '').map(groupEntry),
  };
}

/** `GET /apis/<group>`. */
export function apiGroup(group: DiscoveredGroup): object {
  return { kind: 'APIGroup', apiVersion: 'v1', ...groupEntry(group) };
}

function groupEntry({ name, versions }: DiscoveredGroup) {
  const entries = versions.map(({ version }) => ({ groupVersion: `${name}/${version}`, version }));
  return { name, versions: entries, preferredVersion: entries[0]! };
}

/** `GET /api/v1`, `GET /apis/<group>/<version>`. */
export function apiResourceList(group: string, { version, resources }: DiscoveredVersion): object {
  return {
    kind: 'APIResourceList',
    ...(group ? { apiVersion: 'v1' } : {}),
    groupVersion: apiVersionOf({ group, version }),
    resources: resources
      .flatMap((definition) => [
        resourceEntry(definition),
        ...definition.subresources.map((subresource) => subresourceEntry(definition, subresource)),
      ])
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
  };
}

function resourceEntry(definition: ResourceDefinition) {
  return {
    name: definition.plural,
    singularName: definition.singular,
    namespaced: definition.namespaced,
    kind: definition.kind,
    verbs: definition.verbs,
    ...(definition.shortNames.length > 0 ? { shortNames: definition.shortNames } : {}),
    ...(definition.categories.length > 0 ? { categories: definition.categories } : {}),
    ...(definition.storageVersionHash ? { storageVersionHash: definition.storageVersionHash } : {}),
  };
}

function subresourceEntry(definition: ResourceDefinition, subresource: SubresourceDefinition) {
  return {
    name: `${definition.plural}/${subresource.name}`,
    singularName: '',
    namespaced: definition.namespaced,
    ...kindElsewhere(definition, subresource),
    kind: subresource.kind,
    verbs: subresource.verbs,
  };
}

/** Group and version of a subresource's objects, where they are not those of the resource. */
function kindElsewhere(
  definition: ResourceDefinition,
  { group, version }: SubresourceDefinition,
): { readonly group?: string; readonly version?: string } {
  return group === definition.group && version === definition.version ? {} : { group, version };
}

/** `GET /api` and `GET /apis` as one document for everything below. */
export function aggregatedDiscovery(groups: readonly DiscoveredGroup[]): object {
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    metadata: {},
    items: groups.map(({ name, versions }) => ({
      metadata: name ? { name } : {},
      versions: versions.map(({ version, resources, remote }) => ({
        version,
        resources: remote
          ? aggregatedRemoteResources({ group: name, version }, remote.resources)
          : resources.map(aggregatedResource),
        freshness: remote?.stale ? 'Stale' : 'Current',
      })),
    })),
  };
}

function aggregatedResource(definition: ResourceDefinition): object {
  const subresources = [...definition.subresources].sort((a, b) => (a.name < b.name ? -1 : 1));
  return {
    resource: definition.plural,
    responseKind: { group: '', version: '', kind: definition.kind },
    scope: definition.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: definition.singular,
    verbs: definition.verbs,
    ...(definition.shortNames.length > 0 ? { shortNames: definition.shortNames } : {}),
    ...(definition.categories.length > 0 ? { categories: definition.categories } : {}),
    ...(subresources.length > 0
      ? {
          subresources: subresources.map((subresource) => ({
            subresource: subresource.name,
            responseKind: { group: '', version: '', ...kindElsewhere(definition, subresource), kind: subresource.kind },
            verbs: subresource.verbs,
          })),
        }
      : {}),
  };
}
