import type { KubeObject, OwnerReference, ResourceType } from '@kts/apimachinery';

/** Two made-up resources for tests of the machinery: sets own items. */
export const sets: ResourceType<TestSet> = resource('TestSet', 'testsets');
export const items: ResourceType<KubeObject> = resource('TestItem', 'testitems');

export interface TestSet extends KubeObject {
  readonly spec: { readonly replicas: number };
}

export const SETS_PATH = '/apis/test.kts.io/v1/testsets';
export const ITEMS_PATH = '/apis/test.kts.io/v1/testitems';

type Overrides = Partial<KubeObject['metadata']>;

export function item(name: string, resourceVersion: number, overrides: Overrides = {}): KubeObject {
  return { apiVersion: 'test.kts.io/v1', kind: 'TestItem', metadata: metadata(name, resourceVersion, overrides) };
}

export function set(name: string, resourceVersion: number, replicas: number, overrides: Overrides = {}): TestSet {
  return {
    apiVersion: 'test.kts.io/v1',
    kind: 'TestSet',
    metadata: metadata(name, resourceVersion, overrides),
    spec: { replicas },
  };
}

export function ownedBySet(owner: TestSet): { readonly ownerReferences: readonly OwnerReference[] } {
  const { name, uid } = owner.metadata;
  return { ownerReferences: [{ apiVersion: 'test.kts.io/v1', kind: 'TestSet', name, uid, controller: true }] };
}

export function listOf(resourceVersion: number, objects: readonly KubeObject[]): object {
  return { kind: 'List', metadata: { resourceVersion: String(resourceVersion) }, items: objects };
}

function metadata(name: string, resourceVersion: number, overrides: Overrides): KubeObject['metadata'] {
  return {
    name,
    namespace: 'default',
    uid: `uid-${name}`,
    resourceVersion: String(resourceVersion),
    creationTimestamp: '2026-01-01T00:00:00Z',
    ...overrides,
  };
}

function resource<T>(kind: string, plural: string): ResourceType<T> {
  return { group: 'test.kts.io', version: 'v1', kind, plural, namespaced: true };
}
