/** Group, version and kind or resource names. The core group is the empty string. */
export interface GroupVersion {
  readonly group: string;
  readonly version: string;
}
export interface GroupVersionKind extends GroupVersion {
  readonly kind: string;
}

/** What a client must know of a resource to talk about its objects. Definitions of `@kts/api` satisfy it. */
export interface ResourceType<T = unknown> extends GroupVersionKind {
  /** The lower-case plural of URLs, such as `replicasets`. */
  readonly plural: string;
  readonly namespaced: boolean;
  /** Carries the object's type only; never present at run time. */
  readonly $type?: T;
}

/** `v1`, `apps/v1`. */
export function apiVersionOf(gv: GroupVersion): string {
  return gv.group ? `${gv.group}/${gv.version}` : gv.version;
}

export function parseApiVersion(apiVersion: string): GroupVersion {
  const slash = apiVersion.indexOf('/');
  return slash < 0
    ? { group: '', version: apiVersion }
    : { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) };
}

/** `pods`, `deployments.apps`: how messages and RBAC name a resource. */
export function groupResourceText(resource: { readonly group: string; readonly plural: string }): string {
  return resource.group ? `${resource.plural}.${resource.group}` : resource.plural;
}
