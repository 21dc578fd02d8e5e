/**
 * Which kinds a policy is about, and what the API server says of their objects.
 *
 * Mirrors: typesToCheck in staging/src/k8s.io/apiserver/pkg/admission/plugin/policy/validating/typechecking.go,
 * staging/src/k8s.io/apiserver/pkg/cel/openapi/resolver (v1.36)
 */
import type { RuleWithOperations, ValidatingAdmissionPolicy } from '@kts/api/types/admissionregistration-v1';
import { apiVersionOf, isNotFound, parseApiVersion, type GroupVersionKind } from '@kts/apimachinery';
import type { OpenApiSchema } from '@kts/cel';
import type { Client } from '@kts/client';

import type { KindSchema } from './check-policy.ts';

const KINDS_MAX = 10;
const REFERENCE_PREFIX = '#/components/schemas/';

export interface ResourceReference {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
}

/** All that the rules name; rules with wildcards name nothing. Pure. */
export function resourcesOf({ spec }: ValidatingAdmissionPolicy): readonly ResourceReference[] {
  return (spec?.matchConstraints?.resourceRules ?? []).flatMap((rule) => ruleResources(rule));
}

function ruleResources({
  apiGroups = [],
  apiVersions = [],
  resources = [],
}: RuleWithOperations): readonly ResourceReference[] {
  if ([...apiGroups, ...apiVersions].some((text) => text.includes('*'))) return [];
  const plain = resources.filter((text) => !/[*/]/.test(text)).toSorted();
  return apiGroups
    .toSorted()
    .flatMap((group) =>
      apiVersions.toSorted().flatMap((version) => plain.map((resource) => ({ group, version, resource }))),
    );
}

/** The kinds of the resources, in order, with their schemas; those that nobody knows are left out. */
export async function kindsOf(
  resources: readonly ResourceReference[],
  client: Client,
  signal: AbortSignal,
): Promise<readonly KindSchema[]> {
  const kinds = new Map<string, GroupVersionKind>();
  for (const reference of resources) {
    for (const kind of await kindsOfResource(reference, client, signal)) kinds.set(kindKey(kind), kind);
    if (kinds.size >= KINDS_MAX) break;
  }
  const sorted = [...kinds].toSorted(([a], [b]) => (a < b ? -1 : 1)).slice(0, KINDS_MAX);
  const schemas = await Promise.all(sorted.map(([, kind]) => schemaOf(kind, client, signal)));
  return schemas.filter((schema) => schema !== undefined);
}

/** What the server publishes of a kind. */
export async function schemaOf(
  kind: GroupVersionKind,
  client: Client,
  signal: AbortSignal,
): Promise<KindSchema | undefined> {
  const prefix = kind.group === '' ? 'api' : 'apis';
  const body = await getIfThere(client, `/openapi/v3/${prefix}/${apiVersionOf(kind)}`, signal);
  const { components } = (body ?? {}) as OpenApiDocument;
  const schemas = components?.schemas ?? {};
  const schema = Object.values(schemas).find((each) =>
    (each[KINDS_EXTENSION] ?? []).some((other) => isSame(other, kind)),
  );
  const resolve = (reference: string): OpenApiSchema | undefined => schemas[reference.replace(REFERENCE_PREFIX, '')];
  return schema && { kind, schema, resolve };
}

const KINDS_EXTENSION = 'x-kubernetes-group-version-kind';

interface OpenApiDocument {
  readonly components?: { readonly schemas?: Readonly<Record<string, PublishedSchema>> };
}

interface PublishedSchema extends OpenApiSchema {
  readonly [KINDS_EXTENSION]?: readonly GroupVersionKind[];
}

interface ApiResourceList {
  readonly resources?: readonly { readonly name: string; readonly singularName?: string; readonly kind: string }[];
}

/** Without a group, of every group that has the version: the core group's name is empty. */
async function kindsOfResource(
  { group, version, resource }: ResourceReference,
  client: Client,
  signal: AbortSignal,
): Promise<readonly GroupVersionKind[]> {
  const apiVersions = group === '' ? await groupVersions(version, client, signal) : [`${group}/${version}`];
  const found: GroupVersionKind[] = [];
  for (const apiVersion of apiVersions) {
    const path = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const { resources = [] } = ((await getIfThere(client, path, signal)) ?? {}) as ApiResourceList;
    const wanted = resource.toLowerCase();
    for (const { name, singularName, kind } of resources) {
      if (name === wanted || singularName === wanted) found.push({ ...parseApiVersion(apiVersion), kind });
    }
  }
  return found;
}

async function groupVersions(version: string, client: Client, signal: AbortSignal): Promise<readonly string[]> {
  const body = (await getIfThere(client, '/apis', signal)) as
    | { readonly groups?: readonly { readonly versions: readonly { readonly groupVersion: string }[] }[] }
    | undefined;
  const all = (body?.groups ?? []).flatMap(({ versions }) => versions.map(({ groupVersion }) => groupVersion));
  return [version, ...all.filter((apiVersion) => apiVersion.endsWith(`/${version}`))];
}

async function getIfThere(client: Client, path: string, signal: AbortSignal): Promise<unknown> {
  try {
    return (await client.raw({ method: 'GET', path, signal })).body;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

function isSame(a: GroupVersionKind, b: GroupVersionKind): boolean {
  return a.group === b.group && a.version === b.version && a.kind === b.kind;
}

function kindKey({ group, version, kind }: GroupVersionKind): string {
  return [group, version, kind].join('\0');
}
