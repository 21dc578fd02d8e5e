import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import fc from 'fast-check';

import { decodeMessage, encodeMessage, GrpcError, grpcCodeOf } from './grpc-error.ts';

describe('errors of gRPC', () => {
  it('read as in Go', () => {
    assert.equal(
      new GrpcError('NotFound', 'no such container').message,
      'rpc error: code = NotFound desc = no such container',
    );
  });

  it('travel as printable ASCII', () => {
    assert.equal(encodeMessage('100 % sure\nö'), '100 %25 sure%0A%C3%B6');
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        assert.match(encodeMessage(text), /^[\x20-\x7e]*$/);
        assert.equal(decodeMessage(encodeMessage(text)), text);
      }),
    );
  });

  it('are read as they are if their text is badly encoded', () => {
    assert.deepEqual(['100 % sure', '%zz', '%ff'].map(decodeMessage), ['100 % sure', '%zz', '%ff']);
  });

  it('with a number that nobody knows are unknown', () => {
    assert.deepEqual([0, 5, 16, 17, -1].map(grpcCodeOf), ['OK', 'NotFound', 'Unauthenticated', 'Unknown', 'Unknown']);
  });
});
