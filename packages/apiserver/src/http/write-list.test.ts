import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { ApiServerRequest } from '../request.ts';
import type { EntryList } from '../response.ts';
import type { ObjectEncoder } from './object-encoder.ts';
import type { ResponseSink } from './response-sink.ts';
import { writeList } from './write-list.ts';

const encoder = new TextEncoder();

/** A list of one object, whose bytes in a list leave out its type. */
const list: EntryList = {
  apiVersion: 'v1',
  listKind: 'ConfigMapList',
  resourceVersion: '7',
  entries: [
    {
      object: () => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } }),
      jsonItemPieces: () => [encoder.encode('{"metadata":'), encoder.encode('{"name":"a"}}')],
    },
  ],
};

async function written(accept: string, query = ''): Promise<object> {
  let encoded: object = {};
  const objects: Partial<ObjectEncoder> = {
    mediaTypeFor: (wanted) => wanted,
    encode: (_type, object) => {
      encoded = object;
      return new Uint8Array();
    },
  };
  const sink = { closed: false, head: () => {}, end: () => {} } as Partial<ResponseSink> as ResponseSink;
  const request = {
    method: 'GET',
    headers: { accept },
    query: new URLSearchParams(query),
    warnings: [],
    responseHeaders: {},
  } as Partial<ApiServerRequest> as ApiServerRequest;
  await writeList(request, list, sink, objects as ObjectEncoder);
  return encoded;
}

test('items are the same in indented JSON and in YAML as in plain JSON', async () => {
  const expected = {
    kind: 'ConfigMapList',
    apiVersion: 'v1',
    metadata: { resourceVersion: '7' },
    items: [{ metadata: { name: 'a' } }],
  };
  assert.deepEqual(await written('application/json', 'pretty=true'), expected);
  assert.deepEqual(await written('application/yaml'), expected);
});
