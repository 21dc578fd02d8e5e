import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import fc from 'fast-check';

import { applyJsonPatch, type JsonPatchOperation } from './json-patch.ts';
import { applyMergePatch } from './merge-patch.ts';
import type { JsonValue } from './scalars.ts';
import { inWrittenOrder } from './written-order.ts';

const DOCUMENT = { z: 1, m: { y: 1, a: { q: 1, b: 2 } }, l: [{ d: 1, c: 2 }] };

function afterJson(...operations: readonly JsonPatchOperation[]): string {
  const opened = new Set<object>();
  return JSON.stringify(inWrittenOrder(applyJsonPatch(DOCUMENT, operations, opened), opened));
}

function afterMerge(patch: JsonValue): string {
  const opened = new Set<object>();
  return JSON.stringify(inWrittenOrder(applyMergePatch(DOCUMENT, patch, true, opened), opened));
}

describe('patched documents as they are written', () => {
  const json: readonly [name: string, operations: readonly JsonPatchOperation[], text: string][] = [
    ['the root is always looked into', [], '{"l":[{"d":1,"c":2}],"m":{"y":1,"a":{"q":1,"b":2}},"z":1}'],
    [
      'so is what is on the way to a change',
      [{ op: 'add', path: '/m/x', value: { n: 1, k: 2 } }],
      '{"l":[{"d":1,"c":2}],"m":{"a":{"q":1,"b":2},"x":{"n":1,"k":2},"y":1},"z":1}',
    ],
    [
      'through lists too',
      [{ op: 'replace', path: '/l/0/c', value: 3 }],
      '{"l":[{"c":3,"d":1}],"m":{"y":1,"a":{"q":1,"b":2}},"z":1}',
    ],
    [
      'a test looks into all of a value',
      [{ op: 'test', path: '/m', value: DOCUMENT.m }],
      '{"l":[{"d":1,"c":2}],"m":{"a":{"b":2,"q":1},"y":1},"z":1}',
    ],
    [
      'a copy keeps the order that its source had by then',
      [{ op: 'copy', from: '/m', path: '/m/x' }],
      '{"l":[{"d":1,"c":2}],"m":{"a":{"q":1,"b":2},"x":{"a":{"q":1,"b":2},"y":1},"y":1},"z":1}',
    ],
  ];
  for (const [name, operations, text] of json)
    it(`JSON patch: ${name}`, () => assert.equal(afterJson(...operations), text));

  const merge: readonly [name: string, patch: JsonValue, text: string][] = [
    ['nothing but the root', {}, '{"l":[{"d":1,"c":2}],"m":{"y":1,"a":{"q":1,"b":2}},"z":1}'],
    ['what it changes', { m: { y: 2 } }, '{"l":[{"d":1,"c":2}],"m":{"a":{"q":1,"b":2},"y":2},"z":1}'],
    [
      'what it adds',
      { n: { b: 1, a: 2 } },
      '{"l":[{"d":1,"c":2}],"m":{"y":1,"a":{"q":1,"b":2}},"n":{"a":2,"b":1},"z":1}',
    ],
  ];
  for (const [name, patch, text] of merge) it(`merge patch: ${name}`, () => assert.equal(afterMerge(patch), text));

  it('say the same as before', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const containers = new Set<object>();
        const collect = (node: unknown): void => {
          if (typeof node !== 'object' || node === null) return;
          if (Math.abs(JSON.stringify(node).length) % 2 === 0) containers.add(node);
          Object.values(node).forEach(collect);
        };
        collect(value);
        assert.deepEqual(inWrittenOrder(value as JsonValue, containers), value);
      }),
    );
  });
});
