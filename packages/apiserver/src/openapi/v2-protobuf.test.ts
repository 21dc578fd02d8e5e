import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { configMaps, pods } from '@kts/api';
import { ProtoReader } from '@kts/apimachinery';

import { openapiV2 } from './documents.ts';
import { encodeOpenapiV2 } from './v2-protobuf.ts';

interface Part {
  readonly field: number;
  readonly value: Uint8Array | number;
}

/** The fields of a message, in order. */
function parts(bytes: Uint8Array): readonly Part[] {
  const reader = new ProtoReader(bytes);
  const found: Part[] = [];
  while (!reader.isAtEnd) {
    const { field, wire } = reader.tag();
    found.push({ field, value: wire === 2 ? reader.bytes() : reader.uint64() });
  }
  return found;
}

/** What is at a path of field numbers; of several the first. */
function at(bytes: Uint8Array, ...path: readonly number[]): Uint8Array | number | undefined {
  let value: Uint8Array | number | undefined = bytes;
  for (const field of path) value = parts(value as Uint8Array).find((part) => part.field === field)?.value;
  return value;
}

const text = (value: Uint8Array | number | undefined): string => Buffer.from(value as Uint8Array).toString();

/** The value of a pair with a name. */
function pair(bytes: Uint8Array, field: number, name: string): Uint8Array {
  const found = parts(bytes).find((part) => part.field === field && text(at(part.value as Uint8Array, 1)) === name);
  return at(found!.value as Uint8Array, 2) as Uint8Array;
}

describe('OpenAPI 2.0 as protobuf', () => {
  const source = openapiV2([configMaps, pods] as never) as {
    paths: Record<string, unknown>;
    definitions: Record<string, object>;
  };
  const bytes = encodeOpenapiV2(source);

  it('says what it is', () => {
    assert.equal(text(at(bytes, 1)), '2.0');
    assert.equal(text(at(bytes, 2, 1)), 'Kubernetes');
  });

  it('has every path and every definition', () => {
    assert.equal(parts(at(bytes, 8) as Uint8Array).length, Object.keys(source.paths).length);
    assert.equal(parts(at(bytes, 9) as Uint8Array).length, Object.keys(source.definitions).length);
  });

  it('describes operations', () => {
    const path = pair(at(bytes, 8) as Uint8Array, 2, '/api/v1/namespaces/{namespace}/configmaps/{name}');
    const put = at(path, 3) as Uint8Array;
    assert.equal(text(at(put, 5)), 'replaceCoreV1NamespacedConfigMap');
    assert.equal(text(at(put, 8, 1, 2, 4, 4)), 'name');
    const extension = parts(put)
      .filter(({ field }) => field === 13)
      .map(({ value }) => text(at(value as Uint8Array, 1)));
    assert.deepEqual(extension, ['x-kubernetes-action', 'x-kubernetes-group-version-kind']);
    assert.equal(text(at(pair(put, 13, 'x-kubernetes-action'), 2)), '"put"\n');
    const answer = pair(at(put, 9) as Uint8Array, 1, '200');
    assert.equal(text(at(answer, 1, 2, 1, 1)), '#/definitions/io.k8s.api.core.v1.ConfigMap');
  });

  it('describes types', () => {
    const configMap = pair(at(bytes, 9) as Uint8Array, 1, 'io.k8s.api.core.v1.ConfigMap');
    assert.equal(text(at(configMap, 22, 1)), 'object');
    const data = pair(at(configMap, 25) as Uint8Array, 1, 'data');
    assert.equal(text(at(data, 21, 1, 22, 1)), 'string');
    assert.equal(
      text(at(pair(at(configMap, 25) as Uint8Array, 1, 'metadata'), 1)),
      '#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta',
    );
  });
});
