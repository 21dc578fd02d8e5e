import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Image } from '@kts/host-cri';
import { imageGarbage, type ImageGarbageInput } from './image-garbage.ts';

const NOW = 1_000_000;

function anImage(id: string, more: Partial<Image> = {}): Image {
  return { id, repoTags: [], repoDigests: [], size: 10, username: '', pinned: false, ...more };
}

function garbageOf(more: Partial<ImageGarbageInput>): readonly string[] {
  const input: ImageGarbageInput = {
    images: ['a', 'b', 'c'].map((id) => anImage(id)),
    known: new Map([
      ['a', { firstSeenAt: 0, lastUsedAt: 500 }],
      ['b', { firstSeenAt: 0, lastUsedAt: 100 }],
      ['c', { firstSeenAt: 0, lastUsedAt: NOW }],
    ]),
    disk: { capacityBytes: 100, availableBytes: 10 },
    now: NOW,
    highPercent: 85,
    lowPercent: 80,
    minimumAgeMs: 120_000,
    ...more,
  };
  return imageGarbage(input).images.map((image) => image.id);
}

describe('images to remove', () => {
  test('none while there is room', () => {
    assert.deepEqual(garbageOf({ disk: { capacityBytes: 100, availableBytes: 16 } }), []);
  });

  test('the ones unused for longest, until there is room', () => assert.deepEqual(garbageOf({}), ['b']));

  test('never those in use, pinned or new', () => {
    const images = [anImage('a', { pinned: true }), anImage('b'), anImage('c')];
    const known: ImageGarbageInput['known'] = new Map([
      ['a', { firstSeenAt: 0, lastUsedAt: 0 }],
      ['b', { firstSeenAt: NOW - 1000, lastUsedAt: 0 }],
      ['c', { firstSeenAt: 0, lastUsedAt: NOW }],
    ]);
    assert.deepEqual(garbageOf({ images, known }), []);
  });
});
