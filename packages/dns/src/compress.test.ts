import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { decode, encode, type Answer } from 'dns-packet';

import { compressNames } from './compress.ts';

const message = (name: string, answers: readonly Answer[]): Buffer =>
  encode({
    id: 7,
    type: 'response',
    questions: [{ name, type: 'A', class: 'IN' }],
    answers: [...answers],
    additionals: [{ name: 'other.example', type: 'A', ttl: 5, data: '192.0.2.9' }],
  });

describe('names in messages', () => {
  const address = (name: string, data: string): Answer => ({ name, type: 'A', ttl: 5, data });
  const rows: readonly (readonly [string, Buffer, number])[] = [
    ['no answers', message('a.example', []), 0],
    ['the name of the question', message('a.example', [address('a.example', '192.0.2.1')]), 9],
    ['several times', message('a.example', [address('a.example', '192.0.2.1'), address('a.example', '192.0.2.2')]), 18],
    ['whatever its case', message('A.Example', [address('a.example', '192.0.2.1')]), 9],
    ['another name', message('a.example', [address('b.example', '192.0.2.1')]), 0],
    [
      'beside others',
      message('a.example', [
        { name: 'a.example', type: 'CNAME', ttl: 5, data: 'b.example' },
        address('b.example', '192.0.2.1'),
      ]),
      9,
    ],
  ];
  for (const [name, before, saved] of rows) {
    it(`${name}: ${saved} bytes less, and the same message`, () => {
      const after = compressNames(before);
      assert.equal(before.length - after.length, saved);
      const texts = (bytes: Uint8Array): unknown =>
        decode(Buffer.from(bytes)).answers?.map((answer) => ({ ...answer, name: answer.name.toLowerCase() }));
      assert.deepEqual(texts(after), texts(before));
      assert.equal(decode(Buffer.from(after)).additionals?.[0]?.name, 'other.example');
    });
  }
});
