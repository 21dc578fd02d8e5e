import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseImageName, withDefaultTag } from './image-name.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;

describe('the parts of an image name', () => {
  for (const [image, repository, tag, digest] of [
    ['nginx', 'docker.io/library/nginx', 'latest', ''],
    ['me/app:2', 'docker.io/me/app', '2', ''],
    ['localhost/app', 'localhost/app', 'latest', ''],
    ['registry.example:5000/a/b:x', 'registry.example:5000/a/b', 'x', ''],
    [`example.com/app@${DIGEST}`, 'example.com/app', '', DIGEST],
    [`example.com/app:1@${DIGEST}`, 'example.com/app', '1', DIGEST],
  ] as const) {
    test(image, () => assert.deepEqual(parseImageName(image), { repository, tag, digest }));
  }
});

for (const image of ['', 'UPPER', 'a b', 'example.com/app:', 'x@sha256:1', 'a'.repeat(64)]) {
  test(`no image name: ${JSON.stringify(image)}`, () => {
    assert.throws(() => parseImageName(image), { name: 'ImageNameError' });
  });
}

test('the tag that counts where none is named', () => {
  assert.equal(withDefaultTag('example.com/app'), 'example.com/app:latest');
  assert.equal(withDefaultTag('example.com/app:1'), 'example.com/app:1');
  assert.equal(withDefaultTag(`example.com/app@${DIGEST}`), `example.com/app@${DIGEST}`);
});
