import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cluster, node, pod, scores, type NodeOptions } from '../testing/index.ts';
import { imageLocality } from './image-locality.ts';

const MEBIBYTE = 1024 * 1024;
const has = (...images: readonly (readonly [name: string, mebibytes: number])[]): NodeOptions => ({
  status: { images: images.map(([name, size]) => ({ names: [name], sizeBytes: size * MEBIBYTE })) },
});

describe('ImageLocality', () => {
  const cases: readonly (readonly [
    name: string,
    images: readonly string[],
    nodes: Readonly<Record<string, NodeOptions>>,
    expected: Readonly<Record<string, number>>,
  ])[] = [
    ['nobody has it', ['x:1'], { a: {}, b: {} }, { a: 0, b: 0 }],
    ['one of two nodes has it: its size counts half', ['x:1'], { a: has(['x:1', 1000]), b: {} }, { a: 48, b: 0 }],
    ['all nodes have it', ['x:1'], { a: has(['x:1', 1000]), b: has(['x:1', 1000]) }, { a: 100, b: 100 }],
    ['too small to matter', ['x:1'], { a: has(['x:1', 40]), b: {} }, { a: 0, b: 0 }],
    ['no tag means latest', ['x'], { a: has(['x:latest', 1000]), b: {} }, { a: 48, b: 0 }],
    ['a port is no tag', ['host:5000/x'], { a: has(['host:5000/x:latest', 1000]), b: {} }, { a: 48, b: 0 }],
    [
      'the maximum is for each container',
      ['x:1', 'y:1'],
      { a: has(['x:1', 1000], ['y:1', 1000]), b: has(['x:1', 1000]) },
      { a: 74, b: 49 },
    ],
  ];
  for (const [name, images, nodes, expected] of cases) {
    it(name, () => {
      const snapshot = cluster({ nodes: Object.entries(nodes).map(([one, options]) => node(one, options)) });
      const containers = images.map((image, index) => ({ name: `c${index}`, image }));
      assert.deepEqual(scores(imageLocality, pod('p', { containers }), snapshot), expected);
    });
  }

  it('counts init containers and image volumes too', () => {
    const snapshot = cluster({ nodes: [node('a', has(['i:1', 1000], ['v:1', 1000])), node('b')] });
    const wanted = pod('p', {
      container: { image: 'none' },
      initContainers: [{ name: 'i', image: 'i:1' }],
      volumes: [{ name: 'v', image: { reference: 'v:1' } }],
    });
    assert.deepEqual(scores(imageLocality, wanted, snapshot), { a: 49, b: 0 });
  });
});
