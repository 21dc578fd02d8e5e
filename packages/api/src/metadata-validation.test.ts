import { deepEqual } from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ObjectMeta, OwnerReference, TemplateMeta } from '@kts/apimachinery';
import { validateObjectMeta, validateObjectMetaUpdate } from './metadata-validation.ts';

const stored: ObjectMeta = {
  name: 'a',
  namespace: 'default',
  uid: '6f0d1c1e-1111-4222-8333-944455556666',
  resourceVersion: '7',
  generation: 2,
  creationTimestamp: '2026-11-21T00:00:00Z',
};
const owner: OwnerReference = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'rs', uid: '1', controller: true };

const textsOf = (errors: readonly { readonly field: string; readonly message: string }[]): string[] =>
  errors.map(({ field, message }) => `${field}: ${message}`);

describe('validateObjectMeta', () => {
  const cases: readonly [name: string, meta: TemplateMeta, errors: string[]][] = [
    ['accepts a name', {}, []],
    ['wants a name', { name: '' }, ['metadata.name: Required value: name or generateName is required']],
    ['wants a namespace', { namespace: '' }, ['metadata.namespace: Required value']],
    [
      'refuses negative generations',
      { generation: -1 },
      ['metadata.generation: Invalid value: -1: must be greater than or equal to 0'],
    ],
    ['accepts an owner', { ownerReferences: [owner] }, []],
    [
      'refuses owners whose API version names none',
      { ownerReferences: [{ ...owner, apiVersion: 'a/b/c' }] },
      ['metadata.ownerReferences.apiVersion: Invalid value: "a/b/c": version must not be empty'],
    ],
    [
      'refuses finalizers without a domain, but for its own',
      { finalizers: ['orphan', 'mine'] },
      [
        'metadata.finalizers[1]: Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified',
      ],
    ],
    [
      'refuses annotations that are too large together',
      { annotations: { a: 'x'.repeat(256 * 1024) } },
      ['metadata.annotations: Too long: may not be more than 262144 bytes'],
    ],
  ];
  for (const [name, meta, errors] of cases) {
    it(name, () => deepEqual(textsOf(validateObjectMeta({ ...stored, ...meta }, { namespaced: true })), errors));
  }

  it('refuses namespaces on kinds that have none', () => {
    const errors = validateObjectMeta(stored, { namespaced: false });
    deepEqual(textsOf(errors), ['metadata.namespace: Forbidden: not allowed on this type']);
  });

  it('lets only one owner be the controller', () => {
    const ownerReferences = [owner, { ...owner, uid: '2', name: 'other' }];
    const fields = validateObjectMeta({ ...stored, ownerReferences }, { namespaced: true }).map(({ field }) => field);
    deepEqual(fields, ['metadata.ownerReferences']);
  });
});

describe('validateObjectMetaUpdate', () => {
  const cases: readonly [name: string, old: Partial<ObjectMeta>, change: Partial<ObjectMeta>, fields: string[]][] = [
    ['accepts no change', {}, {}, []],
    ['wants a resource version', {}, { resourceVersion: '' }, ['metadata.resourceVersion']],
    ['keeps generations from falling', {}, { generation: 1 }, ['metadata.generation']],
    ['keeps the uid', {}, { uid: 'other' }, ['metadata.uid']],
    ['keeps the time of creation', {}, { creationTimestamp: '2026-11-22T00:00:00Z' }, ['metadata.creationTimestamp']],
    ['lets finalizers be added', {}, { finalizers: ['example.com/a'] }, []],
    [
      'refuses new finalizers on objects that go',
      { deletionTimestamp: '2026-11-22T00:00:00Z' },
      { finalizers: ['example.com/a'] },
      ['metadata.finalizers'],
    ],
  ];
  for (const [name, old, change, fields] of cases) {
    it(name, () => {
      const before = { ...stored, ...old };
      const errors = validateObjectMetaUpdate({ ...before, ...change }, before);
      deepEqual(
        errors.map(({ field }) => field),
        fields,
      );
    });
  }
});
