import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import fc from 'fast-check';

import { decodeContinue, encodeContinue } from './continue-token.ts';

const token = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const v = 'meta.k8s.io/v1';

describe('continue tokens', () => {
  const name = fc.stringMatching(/^[a-z0-9]([-a-z0-9.]{0,20}[a-z0-9])?$/).filter((text) => !text.includes('..'));
  it('say where the next page begins', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1 }), name, name, (revision, namespace, object) => {
        const after = `${namespace}/${object}`;
        assert.deepEqual(decodeContinue(encodeContinue({ revision, after })), { revision, after });
      }),
    );
  });

  const rows: readonly [text: string, problem: string][] = [
    ['a b', ': illegal base64 data at input byte 1'],
    ['abcde', ': illegal base64 data at input byte 4'],
    ['abc', ": invalid character 'i' looking for beginning of value"],
    [token({ v: 'v2', rv: 1, start: 'a' }), ': server does not recognize this encoded version v2'],
    [token({ v, start: 'a' }), ': incorrect encoded start resourceVersion (version meta.k8s.io/v1)'],
    [token({ v, rv: 1 }), ': encoded start key empty (version meta.k8s.io/v1)'],
    [token({ v, rv: 1, start: '../a' }), ': ../a'],
    [token({ v, rv: 1, start: 'a//b' }), ': a//b'],
  ];
  for (const [text, problem] of rows) {
    it(`refuses ${text}`, () => {
      const message = `invalid continue token: continue key is not valid${problem}`;
      assert.throws(() => decodeContinue(text), { message, code: 400 });
    });
  }
});
