import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import fc from 'fast-check';

import { frame, FrameReader } from './frames.ts';
import { GrpcError } from './grpc-error.ts';

describe('frames of gRPC', () => {
  it('are put together however they arrive', () => {
    const messages = fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 6 });
    fc.assert(
      fc.property(messages, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (sent, sizes) => {
        const bytes = Buffer.concat(sent.map((message) => frame(message)));
        const received: Uint8Array[] = [];
        const reader = new FrameReader((message) => received.push(Uint8Array.from(message)));
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const size = sizes[i % sizes.length]!;
          reader.push(bytes.subarray(at, at + size));
          at += size;
        }
        assert.deepEqual(received, sent);
      }),
    );
  });

  it('have a largest size, in both directions', () => {
    assert.throws(
      () => frame(new Uint8Array(11), 10),
      (error) => GrpcError.is(error, 'ResourceExhausted') && /larger than max \(11 vs\. 10\)/.test(error.message),
    );
    const received: Uint8Array[] = [];
    const reader = new FrameReader((message) => received.push(message), 10);
    reader.push(frame(new Uint8Array(10)));
    assert.equal(received.length, 1);
    // The header is enough: nobody waits for what will not be taken.
    assert.throws(
      () => reader.push(frame(new Uint8Array(11)).subarray(0, 5)),
      (error) =>
        GrpcError.is(error, 'ResourceExhausted') &&
        /received message larger than max \(11 vs\. 10\)/.test(error.message),
    );
  });

  it('are not compressed', () => {
    assert.throws(
      () => new FrameReader(() => {}).push(Buffer.of(1, 0, 0, 0, 0)),
      (error) => GrpcError.is(error, 'Internal'),
    );
  });
});
