/**
 * What other servers have, in the forms of this server's own discovery. Pure.
 *
 * Mirrors: staging/src/k8s.io/kube-aggregator/pkg/apiserver/handler_apis.go (v1.36)
 */
import { resourceFacts } from '@kts/api';

import { compareVersions, type DiscoveredGroup, type DiscoveredVersion } from '../discovery/discovery-documents.ts';
import type { RemoteApi } from './remote-api.ts';
import type { RemoteApis } from './remote-apis.ts';

/** What custom resources have. */
const LOCAL_GROUP_PRIORITY = 1000;
const LOCAL_VERSION_PRIORITY = 100;

/** The server's own groups with those of others, where their priorities put them. */
export function withRemoteGroups(local: readonly DiscoveredGroup[], apis: RemoteApis): readonly DiscoveredGroup[] {
  if (apis.isEmpty) return local;
  const groups = [...local];
  const remotes = [...apis.all()].sort((a, b) => b.groupPriority - a.groupPriority || (a.group < b.group ? -1 : 1));
  for (const api of remotes) {
    const version = remoteVersion(api, apis);
    const at = groups.findIndex(({ name }) => name === api.group);
    if (at >= 0) groups[at] = withVersion(groups[at]!, version, apis);
    else groups.splice(positionOf(api, groups, apis), 0, { name: api.group, versions: [version] });
  }
  return groups;
}

function remoteVersion(api: RemoteApi, apis: RemoteApis): DiscoveredVersion {
  const discovery = apis.discovery(api);
  const stale = !discovery?.current;
  return { version: api.version, resources: [], remote: { resources: discovery?.resources ?? [], stale } };
}

function withVersion(group: DiscoveredGroup, version: DiscoveredVersion, apis: RemoteApis): DiscoveredGroup {
  const priority = (one: DiscoveredVersion): number =>
    (one.remote && apis.find(group.name, one.version)?.versionPriority) ?? LOCAL_VERSION_PRIORITY;
  const others = group.versions.filter((one) => one.version !== version.version);
  const versions = [...others, version].sort(
    (a, b) => priority(b) - priority(a) || compareVersions(b.version, a.version),
  );
  return { ...group, versions };
}

function positionOf(api: RemoteApi, groups: readonly DiscoveredGroup[], apis: RemoteApis): number {
  const index = groups.findIndex(({ name }) => groupPriority(name, apis) < api.groupPriority);
  return index < 0 ? groups.length : index;
}

function groupPriority(name: string, apis: RemoteApis): number {
  for (const api of apis.all()) if (api.group === name) return api.groupPriority;
  const facts = resourceFacts().groups[name];
  // A built-in group without a priority is one that comes before all others.
  return facts ? (facts.groupPriority ?? Infinity) : LOCAL_GROUP_PRIORITY;
}
