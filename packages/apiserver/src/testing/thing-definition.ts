import type { KubeObject, ResourceType } from '@kts/apimachinery';
import { customResourceDefinitions } from '@kts/api';
import type { CustomResourceDefinition, JSONSchemaProps } from '@kts/api/types/apiextensions-v1';
import { settle } from '@kts/base/testing';

import type { TestApiServer } from './test-api-server.ts';

/** An object of a definition that a test has made. */
export interface Thing extends KubeObject {
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>>;
}

export const THINGS = 'things.example.com';

export const thingsOf = (version: string): ResourceType<Thing> => ({
  group: 'example.com',
  version,
  kind: 'Thing',
  plural: 'things',
  namespaced: true,
});

export const things = thingsOf('v1');

export type Version = CustomResourceDefinition['spec']['versions'][number];

/** A version that is served and stored, and wants of objects what is said of their spec. */
export function thingVersion(spec: JSONSchemaProps, extra: Partial<Version> = {}): Version {
  const status: JSONSchemaProps = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const openAPIV3Schema: JSONSchemaProps = { type: 'object', properties: { spec, status } };
  return { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema }, ...extra };
}

export function thingDefinition(
  versions: readonly Version[],
  extra: Partial<CustomResourceDefinition['spec']> = {},
): CustomResourceDefinition {
  const names = { plural: 'things', kind: 'Thing' };
  const spec = { group: 'example.com', scope: 'Namespaced' as const, names, versions, ...extra };
  return { metadata: { name: THINGS }, spec } as CustomResourceDefinition;
}

/** Resolves when the objects can be had. */
export async function defineThings(
  { client }: TestApiServer,
  versions: readonly Version[],
  extra: Partial<CustomResourceDefinition['spec']> = {},
): Promise<void> {
  await client.create(customResourceDefinitions, thingDefinition(versions, extra));
  await settle();
}

/** Changes the definition as it is; resolves when that has taken effect. */
export async function redefineThings(
  { client }: TestApiServer,
  change: (spec: CustomResourceDefinition['spec']) => CustomResourceDefinition['spec'],
): Promise<void> {
  const crd = await client.get(customResourceDefinitions, { name: THINGS });
  await client.update(customResourceDefinitions, { ...crd, spec: change(crd.spec) });
  await settle();
}

export const thing = (spec: object, metadata: object = {}): Thing =>
  ({ metadata: { name: 'a', namespace: 'default', ...metadata }, spec }) as Thing;
