import { assert } from '@kts/base';
import { apiVersionOf, parseApiVersion, type KubeObject } from '@kts/apimachinery';
import { columnFacts, resourceFacts, type ColumnsFile, type ResourceFacts } from './facts.ts';
import type { ResourceBehaviour, ResourceDefinition, StorageConversion } from './resource-definition.ts';
import { schemaOf } from './schema-registry.ts';

/**
 * The definition of a built-in resource: its names, verbs, subresources, columns and place in the store come from the
 * facts, its behaviour from the caller. The schema is built when it is first asked for, so that programs which only
 * need the names of a resource do not pay for it.
 *
 * @example defineResource<ReplicaSet>('apps/v1', 'replicasets', { validate: validateReplicaSet })
 */
export function defineResource<T extends KubeObject>(
  apiVersion: string,
  plural: string,
  behaviour: ResourceBehaviour<T> = {},
  conversion?: StorageConversion<T>,
): ResourceDefinition<T> {
  const { group, version } = parseApiVersion(apiVersion);
  const facts = resourceFacts().resources[apiVersion]?.find((resource) => resource.name === plural);
  assert(facts, `no resource ${plural} of ${apiVersion} in facts/resources.json`);
  return {
    group,
    version,
    kind: facts.kind,
    plural,
    singular: facts.singular,
    listKind: facts.listKind ?? `${facts.kind}List`,
    namespaced: facts.namespaced,
    shortNames: facts.shortNames ?? [],
    categories: facts.categories ?? [],
    verbs: facts.verbs,
    get schema() {
      return schemaOf(facts.type);
    },
    subresources: Object.entries(facts.subresources ?? {}).map(([name, subresource]) => ({
      name,
      group: subresource.group,
      version: subresource.version,
      kind: subresource.kind,
      verbs: subresource.verbs,
      ...(subresource.connect ? { connect: true } : {}),
    })),
    get columns() {
      const { resources, default: defaultColumns } = columnFacts();
      return resources[group ? `${group}/${plural}` : plural]?.columns ?? defaultColumns;
    },
    storagePrefix: storagePrefixOf(facts),
    storageVersion: facts.storage ? apiVersionOf(facts.storage) : '',
    storageVersionHash: facts.storageVersionHash ?? '',
    behaviour,
    ...(conversion ? { conversion } : {}),
  };
}

/** The columns of custom resources: the one that all have, and those of resources that declare none. */
export function customResourceColumns(): ColumnsFile['customResource'] {
  return columnFacts().customResource;
}

function storagePrefixOf(facts: ResourceFacts): string {
  if (!facts.storage) return '';
  return facts.etcdPrefix ?? facts.name;
}
