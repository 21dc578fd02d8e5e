import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import fc from 'fast-check';

import { FrameReader } from './grpc-channel.ts';

describe('frames of gRPC', () => {
  it('are put together however they arrive', () => {
    const messages = fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 6 });
    fc.assert(
      fc.property(messages, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (sent, sizes) => {
        const bytes = Buffer.concat(sent.flatMap((message) => [Buffer.of(0, 0, 0, 0, message.length), message]));
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
});
