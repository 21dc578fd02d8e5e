/**
 * CustomResourceDefinitions as definitions of resources like any other. Pure.
 *
 * Mirrors: staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/customresource_handler.go (v1.36)
 */
import { createHash } from 'node:crypto';

import type { Draft, KubeObject, ObjectSchema } from '@kts/apimachinery';
import type { Cell, PrinterColumn, ResourceBehaviour, ResourceDefinition, SubresourceDefinition } from '@kts/api';
import { age, customResourceColumns } from '@kts/api';
import type { CustomResourceDefinition, CustomResourceDefinitionVersion } from '@kts/api/types/apiextensions-v1';

import { applyDefaults } from './defaulting.ts';
import { readPath } from './json-path.ts';
import { customObjectSchema } from './structural-schema.ts';
import { validateBySchema } from './validation.ts';

const VERBS = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'];

/** One definition for each version that is served. */
export function customDefinitions(crd: CustomResourceDefinition): ResourceDefinition[] {
  return crd.spec.versions.filter(({ served }) => served).map((version) => customDefinition(crd, version));
}

function customDefinition(crd: CustomResourceDefinition, version: CustomResourceDefinitionVersion): ResourceDefinition {
  const { group, names, scope, versions } = crd.spec;
  const storage = versions.find((one) => one.storage) ?? version;
  let schema: ObjectSchema | undefined;
  const definition: ResourceDefinition = {
    group,
    version: version.name,
    kind: names.kind,
    plural: names.plural,
    singular: names.singular || names.kind.toLowerCase(),
    listKind: names.listKind || `${names.kind}List`,
    namespaced: scope === 'Namespaced',
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    verbs: VERBS,
    get schema() {
      return (schema ??= customObjectSchema(version.schema?.openAPIV3Schema));
    },
    subresources: subresourcesOf(crd, version),
    columns: columnsOf(version),
    storagePrefix: `${group}/${names.plural}`,
    storageVersion: `${group}/${storage.name}`,
    storageVersionHash: hashOf(`${group}/${storage.name}/${names.kind}`),
    behaviour: behaviourOf(version),
  };
  if (version.name === storage.name) return definition;
  const own = `${group}/${version.name}`;
  return {
    ...definition,
    get schema() {
      return definition.schema;
    },
    conversion: {
      toStorage: (object) => ({ ...object, apiVersion: definition.storageVersion }),
      fromStorage: (stored) => ({ ...stored, apiVersion: own }),
    },
  };
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest().subarray(0, 8).toString('base64');
}

function subresourcesOf(
  crd: CustomResourceDefinition,
  version: CustomResourceDefinitionVersion,
): SubresourceDefinition[] {
  const { group, names } = crd.spec;
  const verbs = ['get', 'patch', 'update'];
  const found: SubresourceDefinition[] = [];
  if (version.subresources?.status)
    found.push({ name: 'status', group, version: version.name, kind: names.kind, verbs });
  if (version.subresources?.scale)
    found.push({ name: 'scale', group: 'autoscaling', version: 'v1', kind: 'Scale', verbs });
  return found;
}

function columnsOf({ additionalPrinterColumns }: CustomResourceDefinitionVersion): PrinterColumn[] {
  const { first, ifNoneDeclared } = customResourceColumns();
  if (!additionalPrinterColumns) return [first, ...ifNoneDeclared];
  return [
    first,
    ...additionalPrinterColumns.map(({ jsonPath, ...column }) => ({
      ...column,
      description: column.description || `Custom resource definition column (in JSONPath format): ${jsonPath}`,
    })),
  ];
}

function behaviourOf(version: CustomResourceDefinitionVersion): ResourceBehaviour<KubeObject> {
  const props = version.schema?.openAPIV3Schema;
  return {
    ...(props
      ? {
          setDefaults: (draft: Draft<KubeObject>) => applyDefaults(props, draft),
          validate: (object: KubeObject) => validateBySchema(props, object),
          validateUpdate: (object: KubeObject, old: KubeObject) => validateBySchema(props, object, undefined, old),
          validateStatusUpdate: (object: KubeObject, old: KubeObject) =>
            validateBySchema(props, object, undefined, old),
        }
      : {}),
    requireResourceVersionOnUpdate: true,
    cells: (object, now) => [object.metadata.name, ...cellsOf(version, object, now)],
  };
}

function cellsOf(
  { additionalPrinterColumns }: CustomResourceDefinitionVersion,
  object: KubeObject,
  now: number,
): Cell[] {
  if (!additionalPrinterColumns) return [age(object.metadata.creationTimestamp, now)];
  return additionalPrinterColumns.map(({ jsonPath, type }) => {
    const value = readPath(object, jsonPath);
    if (value === undefined || value === null) return null;
    if (type === 'date') return typeof value === 'string' ? age(value, now) : '<invalid>';
    return typeof value === 'object' ? JSON.stringify(value) : (value as Cell);
  });
}
