import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import fc from 'fast-check';

import { explainConversion } from './convert-errors.ts';
import { deepFreeze } from './deep-equal.ts';
import { goValueText } from './go-value-text.ts';
import type { JsonObject } from './scalars.ts';
import { applyStrategicMergePatch, strategicMerge } from './strategic-merge-patch.ts';
import { deploymentSchema, podSchema } from './testing/schema-builder.ts';

type Container = Record<string, unknown>;
const pod = (...containers: Container[]): JsonObject => deepFreeze({ spec: { containers } } as unknown as JsonObject);
const names = (object: JsonObject): string =>
  (object['spec'] as { containers: { name: string }[] }).containers.map(({ name }) => name).join('');
const named = (letters: string): Container[] => Array.from(letters, (name) => ({ name }));

describe('applyStrategicMergePatch', () => {
  const rows: [title: string, document: unknown, patch: unknown, result: unknown][] = [
    [
      'sets and deletes fields',
      { kind: 'Pod', metadata: { name: 'a' } },
      { kind: null, metadata: { name: 'b' } },
      { metadata: { name: 'b' } },
    ],
    [
      'merges maps',
      { metadata: { labels: { a: '1', b: '2' } } },
      { metadata: { labels: { a: null, c: '3' } } },
      { metadata: { labels: { b: '2', c: '3' } } },
    ],
    [
      'replaces a map',
      { metadata: { labels: { a: '1' } } },
      { metadata: { labels: { $patch: 'replace', b: '2' } } },
      { metadata: { labels: { b: '2' } } },
    ],
    [
      'empties a map',
      { metadata: { labels: { a: '1' } } },
      { metadata: { labels: { $patch: 'delete' } } },
      { metadata: { labels: {} } },
    ],
    [
      'drops nulls of what is new',
      {},
      { metadata: { labels: { a: null, b: '1' } } },
      { metadata: { labels: { b: '1' } } },
    ],
    [
      'drops directives of what is new',
      {},
      { metadata: { labels: { $patch: 'delete' }, name: 'a' } },
      { metadata: { name: 'a' } },
    ],
    [
      'replaces lists without strategy',
      { spec: { supplementalGroups: [1] } },
      { spec: { supplementalGroups: [2] } },
      { spec: { supplementalGroups: [2] } },
    ],
    [
      'merges lists of scalars',
      { metadata: { finalizers: ['a', 'b'] } },
      { metadata: { finalizers: ['c', 'a'] } },
      { metadata: { finalizers: ['c', 'a', 'b'] } },
    ],
    [
      'deletes from lists of scalars',
      { metadata: { finalizers: ['a', 'b'] } },
      { metadata: { '$deleteFromPrimitiveList/finalizers': ['a'] } },
      { metadata: { finalizers: ['b'] } },
    ],
    [
      'orders lists of scalars',
      { metadata: { finalizers: ['a', 'b'] } },
      { metadata: { '$setElementOrder/finalizers': ['c', 'b'], finalizers: ['c'] } },
      { metadata: { finalizers: ['c', 'a', 'b'] } },
    ],
    [
      'changes one container',
      pod({ name: 'a', image: '1' }, { name: 'b' }),
      { spec: { containers: [{ name: 'b', image: '2' }] } },
      pod({ name: 'a', image: '1' }, { name: 'b', image: '2' }),
    ],
    [
      'deletes a container',
      pod({ name: 'a' }, { name: 'b' }),
      { spec: { containers: [{ name: 'a', $patch: 'delete' }] } },
      pod({ name: 'b' }),
    ],
    [
      'replaces all containers',
      pod({ name: 'a' }),
      { spec: { containers: [{ $patch: 'replace' }, { name: 'z' }] } },
      pod({ name: 'z' }),
    ],
    [
      'merges nested lists',
      pod({ name: 'a', env: [{ name: 'X', value: '1' }] }),
      { spec: { containers: [{ name: 'a', env: [{ name: 'Y', value: '2' }] }] } },
      pod({
        name: 'a',
        env: [
          { name: 'Y', value: '2' },
          { name: 'X', value: '1' },
        ],
      }),
    ],
    [
      'retains keys of volumes',
      { spec: { volumes: [{ name: 'a', emptyDir: {} }] } },
      { spec: { volumes: [{ name: 'a', $retainKeys: ['name', 'configMap'], configMap: { name: 'c' } }] } },
      { spec: { volumes: [{ name: 'a', configMap: { name: 'c' } }] } },
    ],
    [
      'replaces what changes its type',
      { spec: { containers: null } },
      { spec: { containers: [{ name: 'a' }] } },
      { spec: { containers: [{ name: 'a' }] } },
    ],
  ];
  for (const [title, document, patch, result] of rows) {
    test(title, () => {
      const patched = applyStrategicMergePatch(
        podSchema,
        deepFreeze(document) as JsonObject,
        deepFreeze(patch) as JsonObject,
      );
      assert.deepEqual(patched, result);
    });
  }

  const orders: [document: string, order: string, patch: string, result: string][] = [
    ['abc', 'cba', '', 'cba'],
    ['abc', 'bx', 'x', 'abxc'],
    ['abc', 'xb', 'x', 'xabc'],
    ['ab', 'cab', 'c', 'cab'],
    ['', 'ba', 'ba', 'ba'],
  ];
  for (const [document, order, patch, result] of orders) {
    test(`${document} with ${patch} in order ${order} is ${result}`, () => {
      const changes = { '$setElementOrder/containers': named(order), ...(patch ? { containers: named(patch) } : {}) };
      const patched = applyStrategicMergePatch(podSchema, pod(...named(document)), {
        spec: changes,
      } as unknown as JsonObject);
      assert.equal(names(patched), result);
    });
  }

  const errors: [patch: unknown, kind: string, message: string | RegExp][] = [
    [
      { spec: { containers: [{ image: 'x' }] } },
      'unmergeable',
      'map: map[image:x] does not contain declared merge key: name',
    ],
    [{ spec: { $retainKeys: 1 } }, 'malformed', 'invalid patch format of retainKeys'],
    [{ spec: { $retainKeys: ['a'], hostNetwork: true } }, 'malformed', 'invalid patch format of retainKeys'],
    [{ spec: { $deleteFromPrimitiveList: ['a'] } }, 'malformed', 'invalid patch format of primitive list'],
    [
      { spec: { containers: [{ name: 'a', $patch: 'merge' }] } },
      'unmergeable',
      'merging lists cannot yet be specified in the patch',
    ],
    [{ spec: { $patch: 'frob' } }, 'unmergeable', 'unknown patch type: frob in map: map[$patch:frob]'],
    [{ spec: { containers: ['a'] } }, 'unmergeable', 'list element types are not identical: [[map[name:a]] [a]]'],
    [
      { spec: { '$setElementOrder/containers': [{ name: 'b' }], containers: [{ name: 'a' }] } },
      'unmergeable',
      /^The order in patch list:/,
    ],
  ];
  for (const [patch, kind, message] of errors) {
    test(`refuses ${JSON.stringify(patch)}`, () => {
      assert.throws(() => applyStrategicMergePatch(podSchema, pod({ name: 'a' }), patch as JsonObject), {
        name: 'PatchError',
        kind,
        message,
      });
    });
  }

  test('says what is left of the patch', () => {
    const patch = { spec: { $retainKeys: ['replicas'], replicas: 'x' } };
    const { document, remainder } = strategicMerge(deploymentSchema, { spec: { strategy: { type: 'a' } } }, patch);
    assert.deepEqual(document, { spec: { replicas: 'x' } });
    assert.equal(goValueText(remainder), 'map[spec:map[replicas:x]]');
  });

  test('an element order is obeyed, and nothing is lost', () => {
    const letters = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), { maxLength: 6 });
    fc.assert(
      fc.property(letters, letters, fc.infiniteStream(fc.boolean()), (document, order, picks) => {
        const patch = order.filter((name) => !document.includes(name) || picks.next().value);
        const changes = {
          '$setElementOrder/containers': named(order.join('')),
          ...(patch.length > 0 ? { containers: named(patch.join('')) } : {}),
        };
        fc.pre(document.length > 0 || patch.length > 0);
        const patched = applyStrategicMergePatch(podSchema, pod(...named(document.join(''))), {
          spec: changes,
        } as unknown as JsonObject);
        const result = Array.from(names(patched));
        assert.deepEqual(
          result.filter((name) => (order as string[]).includes(name)),
          order,
        );
        assert.deepEqual(
          result.filter((name) => !(order as string[]).includes(name)),
          document.filter((name) => !order.includes(name)),
        );
      }),
    );
  });
});

describe('explainConversion', () => {
  const rows: [value: unknown, error: string][] = [
    [{ spec: 'x' }, 'cannot restore struct from: string'],
    [{ metadata: [] }, 'cannot restore struct from: slice'],
    [{ spec: { containers: {} } }, 'cannot restore slice from map'],
    [{ spec: { nodeSelector: [] } }, 'cannot restore map from slice'],
    [{ spec: { nodeSelector: { a: 5 } } }, 'cannot convert int64 to string'],
    [{ spec: { terminationGracePeriodSeconds: 'x' } }, 'unrecognized type: int64'],
    [{ spec: { terminationGracePeriodSeconds: 1.5 } }, 'cannot convert float64 to int64'],
    [{ spec: { hostNetwork: 'x' } }, 'unrecognized type: bool'],
  ];
  for (const [value, error] of rows) {
    test(error, () => assert.deepEqual(explainConversion(podSchema, value), { unknown: [], error }));
  }

  test('unknown fields are sorted', () => {
    assert.deepEqual(explainConversion(podSchema, { z: 1, spec: { a: 1 } }), { unknown: ['spec.a', 'z'] });
  });
});
