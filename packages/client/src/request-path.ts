import type { ObjectKey, ResourceType } from '@kts/apimachinery';

/** `/api/v1` or `/apis/<group>/<version>`, the namespace, the plural. No namespace: the whole cluster. */
export function collectionPath(type: ResourceType, namespace?: string): string {
  const root = type.group ? `/apis/${type.group}/${type.version}` : `/api/${type.version}`;
  const scope = type.namespaced && namespace ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${root}${scope}/${type.plural}`;
}

/** @throws TypeError if the key has no name, or no namespace where the resource needs one */
export function objectPath(type: ResourceType, key: ObjectKey, subresource?: string): string {
  if (!key.name) throw new TypeError(`a name is needed to address one of ${type.plural}`);
  if (type.namespaced && !key.namespace) {
    throw new TypeError(`a namespace is needed to address ${type.plural} ${JSON.stringify(key.name)}`);
  }
  const path = `${collectionPath(type, key.namespace)}/${encodeURIComponent(key.name)}`;
  return subresource ? `${path}/${subresource}` : path;
}

/** `path?query`; undefined and empty values are left out. */
export function pathWithQuery(path: string, query: Readonly<Record<string, string | undefined>> | undefined): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) if (value) parameters.append(name, value);
  return parameters.size > 0 ? `${path}?${parameters.toString()}` : path;
}
