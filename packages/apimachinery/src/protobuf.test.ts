import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { ProtoError } from './proto-wire.ts';
import { decodeProtobuf } from './decode-protobuf.ts';
import { encodeProtobuf } from './encode-protobuf.ts';
import { unwrapUnknown, wrapUnknown } from './protobuf-envelope.ts';
import { scalar, type Field, type Member, type ObjectSchema, type Schema } from './schema.ts';

/** A struct whose fields have the numbers 1, 2, ... in order. */
function struct(fields: Readonly<Record<string, Schema | [Schema, Partial<Field>]>>): ObjectSchema {
  const members: Member[] = Object.entries(fields).map(([name, entry], index) => {
    const [schema, rest] = Array.isArray(entry) ? entry : [entry, {}];
    return {
      name,
      number: index + 1,
      field: { name, schema, optional: true, omitempty: true, pointer: false, ...rest },
    };
  });
  return { type: 'object', name: 'test', members, fields: new Map(members.map(({ name, field }) => [name, field!])) };
}

const spec = struct({ replicas: [scalar('int32'), { pointer: true }], paused: scalar('boolean') });
const object = struct({
  name: [scalar('string'), { omitempty: false }],
  spec: [spec, { omitempty: false }],
  labels: { type: 'map', values: scalar('string') },
  finalizers: { type: 'list', items: scalar('string') },
  created: [scalar('time'), { omitempty: false }],
  at: [scalar('microTime'), { pointer: true }],
  size: [scalar('quantity'), { pointer: true }],
  port: [scalar('intOrString'), { omitempty: false }],
  data: { type: 'map', values: scalar('bytes') },
  raw: [scalar('jsonObject'), { pointer: true }],
});

describe('protobuf of API objects', () => {
  const rows: [name: string, json: Record<string, unknown>][] = [
    ['zero values', { name: '', spec: {}, created: null, port: 0 }],
    [
      'everything',
      {
        name: 'web',
        spec: { replicas: 0, paused: true },
        labels: { app: 'web', tier: '' },
        finalizers: ['a', 'b'],
        created: '2026-01-02T03:04:05Z',
        at: '2026-01-02T03:04:05.000006Z',
        size: '500m',
        port: 'http',
        data: { key: 'AAEC', empty: '' },
        raw: { any: ['json', 1, null] },
      },
    ],
    ['negative numbers', { name: '', spec: { replicas: -1 }, created: null, port: -5 }],
    ['times before 1970', { name: '', spec: {}, created: '1969-12-31T23:59:59Z', port: 0 }],
  ];
  for (const [name, json] of rows) {
    it(`${name} survive`, () => assert.deepEqual(decodeProtobuf(object, encodeProtobuf(object, json)), json));
  }

  it('zero values are on the wire, nil ones are not', () => {
    // name "", spec {paused: false}, created {}, port {type 0, intVal 0, strVal ""}
    assert.equal(encodeProtobuf(object, {}).toHex(), '0a00' + '12021000' + '2a00' + '42060800' + '1000' + '1a00');
  });

  it('the order of the fields does not matter, nor unknown ones', () => {
    const bytes = Uint8Array.from([0x78, 0x01, 0x42, 0x02, 0x10, 0x07, 0x0a, 0x01, 0x61]);
    assert.deepEqual(decodeProtobuf(object, bytes), { name: 'a', spec: {}, created: null, port: 7 });
  });

  it('damaged bytes are refused', () => {
    assert.throws(() => decodeProtobuf(object, Uint8Array.of(0x0a, 0x05, 0x61)), ProtoError);
  });
});

describe('envelope', () => {
  it('carries kind and bytes', () => {
    const envelope = { apiVersion: 'apps/v1', kind: 'Deployment', raw: Uint8Array.of(1, 2, 3) };
    const { apiVersion, kind, raw } = unwrapUnknown(wrapUnknown(envelope));
    assert.deepEqual({ apiVersion, kind, raw: Uint8Array.from(raw) }, envelope);
  });

  it('is refused without its prefix', () => {
    assert.throws(() => unwrapUnknown(Buffer.from('{"kind":"Pod"}')), /expected prefix \[107 56 115 0\]/);
  });
});
