import { deepEqual, equal } from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeObject } from './decode-object.ts';

import { carrySentEmpty, wasSentEmpty } from './sent-empty.ts';
import { scalar, type Field, type ObjectSchema, type Schema } from './schema.ts';

function schemaOf(fields: Readonly<Record<string, Schema>>): ObjectSchema {
  const entries = Object.entries(fields).map(([name, schema]): [string, Field] => [
    name,
    { name, schema, optional: true, omitempty: true, pointer: false },
  ]);
  return { type: 'object', name: 'test', fields: new Map(entries), members: [] };
}

const inner = schemaOf({ labels: { type: 'map', values: scalar('string') }, name: scalar('string') });
const outer = schemaOf({ items: { type: 'list', items: scalar('string') }, meta: inner, text: scalar('string') });

describe('what was sent empty', () => {
  const decode = (value: object) => decodeObject(outer, value).object as { meta?: object };

  it('is left out, and remembered', () => {
    const object = decode({ items: [], text: 'x' });
    deepEqual(object, { text: 'x' });
    equal(wasSentEmpty(object, 'items'), true);
  });

  const rows: readonly [name: string, value: object][] = [
    ['what was not sent', { text: 'x' }],
    ['what was sent as null', { items: null, text: 'x' }],
    ['what was sent with something in it', { items: ['a'] }],
    ['empty text', { text: '' }],
  ];
  for (const [name, value] of rows) {
    it(`is not ${name}`, () => {
      const object = decode(value);
      equal(wasSentEmpty(object, 'items'), false);
      equal(wasSentEmpty(object, 'text'), false);
    });
  }

  it('is remembered of structs that hold nothing else', () => {
    const object = decode({ meta: { labels: {} } });
    equal(object.meta, undefined);
    equal(wasSentEmpty(object, 'meta.labels'), true);
  });

  it('is remembered of structs that stay', () => {
    const { meta } = decode({ meta: { labels: {}, name: 'x' } });
    equal(wasSentEmpty(meta, 'labels'), true);
  });

  it('goes with copies', () => {
    const object = decode({ items: [] });
    const copy = { ...object };
    carrySentEmpty(object, copy);
    equal(wasSentEmpty(copy, 'items'), true);
    equal(wasSentEmpty({ ...object }, 'items'), false);
  });
});
