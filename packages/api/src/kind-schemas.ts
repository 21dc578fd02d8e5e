import type { GroupVersionKind, ObjectSchema } from '@kts/apimachinery';

import { typeFacts } from './facts.ts';
import { schemaOf } from './schema-registry.ts';

let names: ReadonlyMap<string, string> | undefined;

/**
 * The schema of a built-in kind, list or option object by its group, version and kind; undefined for what is not built
 * in. Kinds that every group version has (Status, DeleteOptions, WatchEvent) are found under any.
 */
export function schemaOfKind({ group, version, kind }: GroupVersionKind): ObjectSchema | undefined {
  names ??= kindNames();
  const name = names.get(`${group}/${version}/${kind}`) ?? names.get(kind);
  return name === undefined ? undefined : schemaOf(name);
}

function kindNames(): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [name, { kind }] of Object.entries(typeFacts())) {
    if (!kind) continue;
    if (kind.unversioned || kind.everyGroupVersion) found.set(kind.kind, name);
    else found.set(`${kind.group}/${kind.version}/${kind.kind}`, name);
  }
  return found;
}
