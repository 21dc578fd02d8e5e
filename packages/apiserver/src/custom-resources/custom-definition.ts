/**
 * CustomResourceDefinitions as definitions of resources like any other. Pure.
 *
 * Mirrors: staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/customresource_handler.go (v1.36)
 */
import { createHash } from 'node:crypto';

import type { KubeObject, ObjectSchema } from '@kts/apimachinery';
import type { ResourceDefinition, SubresourceDefinition } from '@kts/api';
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionVersion,
} from '@kts/api/types/apiextensions-v1';

import { compareVersions } from '../discovery/discovery-documents.ts';
import { customBehaviour } from './custom-behaviour.ts';
import type { ConvertObjects } from './conversion-webhook.ts';
import { customConversion } from './custom-conversion.ts';
import type { RuleSet } from './object-rules.ts';
import { declaredColumns } from './printer-columns.ts';
import { customObjectSchema } from './structural-schema.ts';

const VERBS = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'];

export interface CustomDefinitionOptions {
  /** The store's revision at which the definition became what it is: objects written later are as it wants them. */
  readonly since: number;
  /** How objects get from one version to the others. Absent: nothing but the version's name is different. */
  readonly convert?: ConvertObjects | undefined;
  isTerminating(): boolean;
  /** The rules of a version, if it has any. */
  rules(version: CustomResourceDefinitionVersion): RuleSet | undefined;
}

/** One definition for each version that is served. */
export function customDefinitions(
  crd: CustomResourceDefinition,
  options: CustomDefinitionOptions,
): ResourceDefinition[] {
  const served = crd.spec.versions.filter((version) => version.served);
  return served.map((version) => customDefinition(crd, version, options));
}

/** The definition of a version, served or not. */
export function customDefinition(
  crd: CustomResourceDefinition,
  version: CustomResourceDefinitionVersion,
  options: CustomDefinitionOptions,
): ResourceDefinition {
  const { group, scope } = crd.spec;
  const { plural, kind, singular, listKind, shortNames, categories } = servedNames(crd);
  const storage = storageVersionOf(crd);
  const deprecation = deprecationOf(crd, version);
  let schema: ObjectSchema | undefined;
  const { columns, cells } = lazyColumns(version);
  return {
    group,
    version: version.name,
    kind,
    plural,
    singular: singular || kind.toLowerCase(),
    listKind: listKind || `${kind}List`,
    namespaced: scope === 'Namespaced',
    shortNames: shortNames ?? [],
    categories: categories ?? [],
    verbs: VERBS,
    get schema() {
      return (schema ??= customObjectSchema(version.schema?.openAPIV3Schema));
    },
    subresources: subresourcesOf(crd, version, kind),
    get columns() {
      return columns();
    },
    storagePrefix: `${group}/${plural}`,
    storageVersion: `${group}/${storage.name}`,
    storageVersionHash: hashOf(`${group}/${storage.name}/${kind}`),
    behaviour: customBehaviour({
      crd,
      version,
      kind,
      cells,
      rules: () => options.rules(version),
      isTerminating: () => options.isTerminating(),
    }),
    get openApiSchema() {
      return version.schema?.openAPIV3Schema;
    },
    conversion: customConversion(crd, version, storage, options.since, options.convert),
    revision: options.since,
    ...(version.selectableFields?.length ? { selectable: version.selectableFields.map(fieldOfPath) } : {}),
    ...(deprecation === undefined ? {} : { deprecation }),
  };
}

export function storageVersionOf({ spec }: CustomResourceDefinition): CustomResourceDefinitionVersion {
  return spec.versions.find(({ storage }) => storage) ?? spec.versions[0]!;
}

/** Names that were accepted go on until others are. */
export function servedNames({ spec, status }: CustomResourceDefinition): CustomResourceDefinitionNames {
  const accepted = status?.acceptedNames;
  return accepted?.plural && accepted.kind ? accepted : spec.names;
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest().subarray(0, 8).toString('base64');
}

function fieldOfPath({ jsonPath }: { readonly jsonPath: string }): string {
  return jsonPath.replace(/^\./, '');
}

function lazyColumns({ additionalPrinterColumns }: CustomResourceDefinitionVersion): {
  readonly columns: () => ResourceDefinition['columns'];
  readonly cells: (object: KubeObject, now: number) => ReturnType<ReturnType<typeof declaredColumns>['cells']>;
} {
  let declared: ReturnType<typeof declaredColumns> | undefined;
  const made = (): ReturnType<typeof declaredColumns> => (declared ??= declaredColumns(additionalPrinterColumns));
  return { columns: () => made().columns, cells: (object, now) => made().cells(object, now) };
}

function subresourcesOf(
  { spec: { group } }: CustomResourceDefinition,
  { name, subresources }: CustomResourceDefinitionVersion,
  kind: string,
): SubresourceDefinition[] {
  const verbs = ['get', 'patch', 'update'];
  const found: SubresourceDefinition[] = [];
  if (subresources?.status) found.push({ name: 'status', group, version: name, kind, verbs });
  if (subresources?.scale) found.push({ name: 'scale', group: 'autoscaling', version: 'v1', kind: 'Scale', verbs });
  return found;
}

/** What clients of a deprecated version are told: its own words, or which version to use instead. */
function deprecationOf(
  { spec: { group, names, versions } }: CustomResourceDefinition,
  version: CustomResourceDefinitionVersion,
): string | undefined {
  if (!version.deprecated) return undefined;
  if (version.deprecationWarning !== undefined) return version.deprecationWarning;
  const better = versions
    .filter(({ served, deprecated, name }) => served && !deprecated && compareVersions(version.name, name) < 0)
    .sort((a, b) => compareVersions(b.name, a.name))[0];
  const text = `${group}/${version.name} ${names.kind} is deprecated`;
  return better ? `${text}; use ${group}/${better.name} ${names.kind}` : text;
}
