import { deepEqual, equal } from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ConfigMap } from '../gen/core-v1.gen.ts';
import { configMaps, validateConfigMap, validateConfigMapUpdate } from './configmap.ts';

const MEBIBYTE = 1024 * 1024;

function configMap(fields: Partial<ConfigMap> = {}): ConfigMap {
  const metadata = {
    name: 'settings',
    namespace: 'default',
    uid: '6f0d1c1e-1111-4222-8333-944455556666',
    resourceVersion: '1',
    creationTimestamp: '2026-11-21T00:00:00Z',
  };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata, ...fields };
}

const fieldsOf = (errors: readonly { readonly field: string }[]): string[] => errors.map(({ field }) => field);

describe('configMaps', () => {
  const valid: readonly [name: string, fields: Partial<ConfigMap>][] = [
    ['nothing at all', {}],
    ['keys of every allowed character', { data: { 'a.B-c_9': '' } }],
    ['the largest values', { data: { key: 'x'.repeat(MEBIBYTE) } }],
    ['binary values by their decoded size', { binaryData: { key: Buffer.alloc(MEBIBYTE).toString('base64') } }],
  ];
  for (const [name, fields] of valid) {
    it(`accepts ${name}`, () => deepEqual(validateConfigMap(configMap(fields)), []));
  }

  const invalid: readonly [name: string, fields: Partial<ConfigMap>, paths: string[]][] = [
    ['a key with a slash', { data: { 'a/b': '' } }, ['data[a/b]']],
    ['an empty key', { binaryData: { '': '' } }, ['binaryData[]']],
    ['keys that lead out of a volume', { data: { '..': '', '..a': '' } }, ['data[..]', 'data[..a]']],
    ['a key of 254 characters', { data: { ['k'.repeat(254)]: '' } }, [`data[${'k'.repeat(254)}]`]],
    ['a key in both maps', { data: { a: '' }, binaryData: { a: '' } }, ['data[a]']],
    ['a byte too many', { data: { a: 'x'.repeat(MEBIBYTE) }, binaryData: { b: 'AA==' } }, ['[]']],
    ['characters of several bytes', { data: { a: 'ü'.repeat(MEBIBYTE / 2 + 1) } }, ['[]']],
  ];
  for (const [name, fields, paths] of invalid) {
    it(`refuses ${name}`, () => deepEqual(fieldsOf(validateConfigMap(configMap(fields))), paths));
  }

  const frozen = configMap({ immutable: true, data: { a: '1' } });
  const updates: readonly [name: string, old: ConfigMap, change: Partial<ConfigMap>, paths: string[]][] = [
    ['lets immutable ones change their metadata', frozen, { metadata: { ...frozen.metadata, labels: { a: 'b' } } }, []],
    ['treats a missing and an empty map alike', frozen, { binaryData: {} }, []],
    ['keeps immutable data', frozen, { data: { a: '2' } }, ['data']],
    ['keeps immutable binary data', frozen, { binaryData: { b: 'AA==' } }, ['binaryData']],
    ['keeps immutability', frozen, { immutable: false }, ['immutable']],
    ['lets mutable ones become immutable', configMap(), { immutable: true, data: { a: '1' } }, []],
  ];
  for (const [name, old, change, paths] of updates) {
    it(name, () => deepEqual(fieldsOf(validateConfigMapUpdate({ ...old, ...change }, old)), paths));
  }

  it('shows how many entries there are', () => {
    const object = configMap({ data: { a: '', b: '' }, binaryData: { c: '' } });
    const now = Date.parse('2026-11-21T00:03:20Z');
    deepEqual(configMaps.behaviour.cells?.(object, now), ['settings', 3, '3m20s']);
  });

  it('says in upstream words what is wrong', () => {
    const [error] = validateConfigMap(configMap({ data: { a: '' }, binaryData: { a: '' } }));
    equal(error?.message, 'Invalid value: "a": duplicate of key present in binaryData');
  });
});
