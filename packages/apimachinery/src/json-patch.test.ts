import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import fc from 'fast-check';

import { deepFreeze } from './deep-equal.ts';
import { applyJsonPatch, decodeJsonPatch, type JsonPatchOperation } from './json-patch.ts';
import { applyMergePatch } from './merge-patch.ts';
import type { JsonValue } from './scalars.ts';

describe('applyJsonPatch', () => {
  const document = deepFreeze({ a: { b: 1 }, l: [1, 2, 3], 'x/y': { '~': 0 } });
  const rows: [operation: JsonPatchOperation, changed: Record<string, unknown>][] = [
    [{ op: 'add', path: '/a/c', value: 2 }, { a: { b: 1, c: 2 } }],
    [{ op: 'add', path: '/a/c' }, { a: { b: 1, c: null } }],
    [{ op: 'add', path: '/l/-', value: 4 }, { l: [1, 2, 3, 4] }],
    [{ op: 'add', path: '/l/0', value: 0 }, { l: [0, 1, 2, 3] }],
    [{ op: 'add', path: '/l/3', value: 4 }, { l: [1, 2, 3, 4] }],
    [{ op: 'add', path: '/l/-1', value: 4 }, { l: [1, 2, 3, 4] }],
    [{ op: 'remove', path: '/l/-1' }, { l: [1, 2] }],
    [{ op: 'remove', path: '/a' }, { a: undefined }],
    [{ op: 'replace', path: '/a/b', value: 5 }, { a: { b: 5 } }],
    [{ op: 'replace', path: '/a/new', value: 5 }, { a: { b: 1, new: 5 } }],
    [{ op: 'replace', path: '/l/1', value: 5 }, { l: [1, 5, 3] }],
    [
      { op: 'move', from: '/a/b', path: '/c' },
      { a: {}, c: 1 },
    ],
    [{ op: 'copy', from: '/a', path: '/c' }, { c: { b: 1 } }],
    [{ op: 'copy', from: '/none', path: '/c' }, { c: null }],
    [{ op: 'add', path: '/x~1y/~0', value: 1 }, { 'x/y': { '~': 1 } }],
    [{ op: 'test', path: '/a', value: { b: 1 } }, {}],
    [{ op: 'test', path: '/none' }, {}],
  ];
  for (const [operation, changed] of rows) {
    test(JSON.stringify(operation), () => {
      const { a, l, 'x/y': xy } = document;
      const expected = JSON.parse(JSON.stringify({ a, l, 'x/y': xy, ...changed })) as unknown;
      assert.deepEqual(applyJsonPatch(document, [operation]), expected);
    });
  }

  test('replaces the whole document', () => {
    assert.deepEqual(applyJsonPatch(document, [{ op: 'replace', path: '', value: { z: 1 } }]), { z: 1 });
  });

  const errors: [operation: JsonPatchOperation, message: string][] = [
    [{ op: 'frob', path: '/a' }, 'Unexpected kind: frob'],
    [{ path: '/a' }, 'Unexpected kind: unknown'],
    [{ op: 'add', value: 1 }, 'add operation failed to decode path: missing value'],
    [{ op: 'add', path: '/n/x', value: 1 }, 'add operation does not apply: doc is missing path: "/n/x": missing value'],
    [
      { op: 'add', path: '/l/9', value: 1 },
      "error in add for path: '/l/9': Unable to access invalid index: 9: invalid index referenced",
    ],
    [
      { op: 'add', path: '/l/x', value: 1 },
      `error in add for path: '/l/x': value was not a proper array index: 'x': strconv.Atoi: parsing "x": invalid syntax`,
    ],
    [{ op: 'remove', path: '' }, 'remove operation does not apply: doc is missing path: "": missing value'],
    [
      { op: 'remove', path: '/a/x' },
      "error in remove for path: '/a/x': Unable to remove nonexistent key: x: missing value",
    ],
    [{ op: 'replace' }, 'replace operation failed to decode path: operation missing path field: missing value'],
    [
      { op: 'replace', path: '/l/7', value: 1 },
      'replace operation does not apply: doc is missing key: /l/7: missing value',
    ],
    [{ op: 'move', path: '/a' }, 'move operation failed to decode from: operation, missing from field: missing value'],
    [
      { op: 'move', from: '/x', path: '/a' },
      "error in move for path: 'x': Unable to remove nonexistent key: x: missing value",
    ],
    [{ op: 'test', path: '/a/b', value: 2 }, 'testing value /a/b failed: test failed'],
    [{ op: 'test', path: '/n/b' }, 'test operation does not apply: is missing path: /n/b: missing value'],
  ];
  for (const [operation, message] of errors) {
    test(`refuses ${JSON.stringify(operation)}`, () => {
      assert.throws(() => applyJsonPatch(document, [operation]), { message });
    });
  }

  test('bounds what copies may add', () => {
    const big = { data: 'x'.repeat(2 * 1024 * 1024) };
    const twice = ['/a', '/b'].map((path) => ({ op: 'copy', from: '/data', path }));
    assert.throws(
      () => applyJsonPatch(big, twice),
      /accumulated size increase of copy is 4194308, exceeding the limit/,
    );
  });
});

describe('decodeJsonPatch', () => {
  const errors: [patch: JsonValue, strict: boolean, message: string][] = [
    [{}, true, 'error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp'],
    [['a'], true, 'error decoding patch: json: cannot unmarshal string into Go value of type handlers.jsonPatchOp'],
    [
      [{ op: 1 }],
      true,
      'error decoding patch: json: cannot unmarshal number into Go struct field jsonPatchOp.op of type string',
    ],
    [5, false, 'json: cannot unmarshal number into Go value of type jsonpatch.Patch'],
    [Array(10_001).fill({}), false, 'The allowed maximum operations in a JSON patch is 10000, got 10001'],
  ];
  for (const [patch, strict, message] of errors) {
    test(message, () => assert.throws(() => decodeJsonPatch(patch, strict), { message }));
  }

  test('reports members that no operation has', () => {
    const { unknown } = decodeJsonPatch([{ op: 'add', path: '/a', value: 1, foo: 2 }], true);
    assert.deepEqual(unknown, ['json patch unknown field "[0].foo"']);
  });
});

describe('applyMergePatch', () => {
  const rows: [document: JsonValue, patch: JsonValue, result: JsonValue][] = [
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
    [{}, { a: [{ b: null }, null] }, { a: [{}, null] }],
    [{ a: {} }, { a: [{ b: null }] }, { a: [{ b: null }] }],
  ];
  for (const [document, patch, result] of rows) {
    test(`${JSON.stringify(document)} with ${JSON.stringify(patch)}`, () => {
      assert.deepEqual(applyMergePatch(deepFreeze(document), deepFreeze(patch)), result);
    });
  }

  test('refuses what is no object', () => {
    assert.throws(() => applyMergePatch({}, [1]), {
      message: 'error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}',
    });
    assert.throws(() => applyMergePatch({}, null), { message: 'Invalid JSON Patch' });
    assert.deepEqual(applyMergePatch({}, [1], false), [1]);
  });

  test('applying a patch twice changes nothing more', () => {
    const { object } = fc.letrec((tie) => ({
      object: fc.dictionary(fc.string(), fc.oneof(fc.constant(null), fc.nat(), tie('object')), { maxKeys: 4 }),
    }));
    fc.assert(
      fc.property(object, object, (document, patch) => {
        const once = applyMergePatch(document as JsonValue, patch as JsonValue);
        assert.deepEqual(applyMergePatch(once, patch as JsonValue), once);
      }),
    );
  });
});
