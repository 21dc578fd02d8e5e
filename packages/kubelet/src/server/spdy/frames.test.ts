import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { constants, inflateSync } from 'node:zlib';
import fc from 'fast-check';
import { DATA_BYTES_MAX, encodeData, encodePing, encodeSynStream, SpdyFrameReader, type SpdyFrame } from './frames.ts';

function inflateBlocks(frames: readonly Buffer[]): Buffer {
  const blocks = frames.map((frame) => frame.subarray(18));
  return inflateSync(Buffer.concat(blocks), { finishFlush: constants.Z_SYNC_FLUSH });
}

describe('frames of SPDY/3.1', () => {
  it('open a stream as the format says', () => {
    const frame = encodeSynStream(1, { streamType: 'stdin' }, { first: true });
    assert.deepEqual([...frame.subarray(0, 5)], [0x80, 3, 0, 1, 0]);
    assert.equal(frame.readUIntBE(5, 3), frame.length - 8);
    assert.deepEqual([frame.readUInt32BE(8), frame.readUInt32BE(12), frame.readUInt16BE(16)], [1, 0, 0]);
  });

  it('carry headers in one inflatable sequence, names in lower case', () => {
    const frames = [
      encodeSynStream(1, { streamType: 'error', port: '80' }, { first: true }),
      encodeSynStream(3, { streamType: 'data' }, { first: false }),
    ];
    const text = (value: string): string => `\0\0\0${String.fromCharCode(value.length)}${value}`;
    const expected =
      `\0\0\0\u0002${text('streamtype')}${text('error')}${text('port')}${text('80')}` +
      `\0\0\0\u0001${text('streamtype')}${text('data')}`;
    assert.equal(inflateBlocks(frames).toString('latin1'), expected);
  });

  it('end a stream with the last part of its data only', () => {
    const data = Buffer.alloc(DATA_BYTES_MAX + 1, 'x');
    const frames = new SpdyFrameReader().push(encodeData(5, data, { fin: true }));
    assert.deepEqual(
      frames.map((frame) => frame.type === 'data' && [frame.streamId, frame.data.length, frame.fin]),
      [
        [5, DATA_BYTES_MAX, false],
        [5, 1, true],
      ],
    );
  });

  const control = (type: number, payload: readonly number[], flags = 0): Buffer =>
    Buffer.of(0x80, 3, 0, type, flags, 0, 0, payload.length, ...payload);
  const rows: readonly (readonly [title: string, bytes: Buffer, frame: SpdyFrame])[] = [
    [
      'an empty end',
      encodeData(1, Buffer.alloc(0), { fin: true }),
      { type: 'data', streamId: 1, fin: true, data: Buffer.alloc(0) },
    ],
    ['an answer', control(2, [0, 0, 0, 3, 1, 2]), { type: 'reply', streamId: 3, fin: false }],
    ['an answer that ends', control(2, [0, 0, 0, 3], 1), { type: 'reply', streamId: 3, fin: true }],
    ['a reset', control(3, [0, 0, 0, 3, 0, 0, 0, 5]), { type: 'reset', streamId: 3, status: 5 }],
    ['settings', control(4, [0, 0, 0, 0]), { type: 'other' }],
    ['a ping', encodePing(2), { type: 'ping', id: 2 }],
    ['a goodbye', control(7, [0, 0, 0, 1, 0, 0, 0, 0]), { type: 'goAway' }],
    ['headers', control(8, [0, 0, 0, 1]), { type: 'other' }],
    ['a window update', control(9, [0, 0, 0, 1, 0, 0, 1, 0]), { type: 'other' }],
  ];
  for (const [title, bytes, frame] of rows) {
    it(`are read: ${title}`, () => assert.deepEqual(new SpdyFrameReader().push(bytes), [frame]));
  }

  it('are found however the bytes are cut', () => {
    const payloads = fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 5 });
    fc.assert(
      fc.property(payloads, fc.integer({ min: 1, max: 20 }), (datas, size) => {
        const bytes = Buffer.concat(datas.map((data, index) => encodeData(index + 1, data, { fin: false })));
        const reader = new SpdyFrameReader();
        const frames: SpdyFrame[] = [];
        for (let at = 0; at < bytes.length; at += size) frames.push(...reader.push(bytes.subarray(at, at + size)));
        const expected = datas.map((data, index) => [index + 1, [...data]]);
        assert.deepEqual(
          frames.map((frame) => frame.type === 'data' && [frame.streamId, [...frame.data]]),
          expected,
        );
      }),
    );
  });

  it('must be of version 3 and long enough', () => {
    assert.throws(() => new SpdyFrameReader().push(Buffer.of(0x80, 2, 0, 6, 0, 0, 0, 0)), /version 2/);
    assert.throws(() => new SpdyFrameReader().push(control(6, [1])), /too short/);
  });
});
