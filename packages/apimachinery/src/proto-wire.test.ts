import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import fc from 'fast-check';

import { ProtoError, ProtoReader, ProtoWriter, WIRE_BYTES, WIRE_VARINT } from './proto-wire.ts';

describe('protobuf wire format', () => {
  it('known bytes: field 1 is 150, field 2 is "testing"', () => {
    const bytes = new ProtoWriter().tag(1, WIRE_VARINT).uint32(150).tag(2, WIRE_BYTES).string('testing').finish();
    assert.equal(bytes.toHex(), '0896011207' + Buffer.from('testing').toString('hex'));
  });

  it('numbers survive, whatever their size and sign', () => {
    fc.assert(
      fc.property(
        fc.maxSafeInteger(),
        fc.double({ noNaN: true }),
        fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
        (integer, double, big) => {
          const reader = new ProtoReader(new ProtoWriter().varint(integer).double(double).varint64(big).finish());
          assert.equal(reader.int64(), integer);
          assert.ok(Object.is(reader.double(), double));
          assert.equal(BigInt.asIntN(64, reader.varint64()), big);
          assert.ok(reader.isAtEnd);
        },
      ),
    );
  });

  it('parts survive at any length and depth', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 400 }), { maxLength: 5 }), (texts) => {
        const writer = new ProtoWriter();
        const write = (index: number): void => {
          if (index === texts.length) return;
          writer.string(texts[index]!).delimited(() => write(index + 1));
        };
        write(0);
        let reader = new ProtoReader(writer.finish().slice());
        for (const text of texts) {
          assert.equal(reader.string(), text);
          reader = reader.message();
        }
        assert.ok(reader.isAtEnd);
      }),
    );
  });

  it('any bytes are read or refused, never read past', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const reader = new ProtoReader(bytes);
        try {
          while (!reader.isAtEnd) reader.skip(reader.tag().wire);
        } catch (error) {
          assert.ok(error instanceof ProtoError);
        }
      }),
    );
  });
});
