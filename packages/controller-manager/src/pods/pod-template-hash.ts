/**
 * The hash in the names of ReplicaSets and in the labels of pods. It is computed over the text that a Go library prints
 * of the template, so that text is part of the API: a cluster taken over from upstream keeps its ReplicaSets only if
 * the hashes are the same.
 *
 * Mirrors: pkg/controller/controller_utils.go, ComputeHash; pkg/util/hash; github.com/davecgh/go-spew's `%#v` with
 * sorted keys, methods disabled and no pointer addresses (v1.36)
 * Differs: times and managed fields inside of a template's metadata count as absent, because nobody sets them there.
 */
import type { PodTemplateSpec } from '@kts/api/types/core-v1';
import { fnv1a32 } from '@kts/base';

import { GO_STRUCTS } from './go-structs.gen.ts';
import { printGoQuantity } from './go-quantity.ts';

/** @param collisions how often this hash was found to be taken by another template */
export function podTemplateHash(template: PodTemplateSpec, collisions?: number): string {
  const text = printGo(template, 'v1.PodTemplateSpec', true);
  return safeEncode(String(withCollisions(fnv1a32(text), collisions)));
}

const FNV_PRIME = 0x01000193;
const SAFE_ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';

/** The letters of generated names, so that hashes spell no words either. */
export function safeEncode(text: string): string {
  let encoded = '';
  for (const character of text) encoded += SAFE_ALPHABET[character.charCodeAt(0) % SAFE_ALPHABET.length];
  return encoded;
}

/** Hashes on over the count: little-endian, 32 bits in 8 bytes. */
function withCollisions(hash: number, collisions: number | undefined): number {
  if (collisions === undefined) return hash;
  let result = hash;
  for (let shift = 0; shift < 64; shift += 8) {
    const byte = shift < 32 ? (collisions >>> shift) & 0xff : 0;
    result = Math.imul(result ^ byte, FNV_PRIME) >>> 0;
  }
  return result;
}

/** One value as Go would print it; `undefined` is the type's zero value. */
function printGo(value: unknown, type: string, showType: boolean): string {
  if (type.startsWith('*')) return printPointer(value, type, showType);
  return (showType ? `(${type})` : '') + printValue(value, type);
}

function printPointer(value: unknown, type: string, showType: boolean): string {
  if (value === undefined || value === null) return showType ? `(${type})<nil>` : '<nil>';
  return (showType ? `(${type})` : '<*>') + printValue(value, type.slice(1));
}

function printValue(value: unknown, type: string): string {
  if (type.startsWith('[]')) return printList(value, type.slice(2));
  if (type.startsWith('map[string]')) return printMap(value, type.slice('map[string]'.length));
  if (type === 'v1.ResourceList') return printMap(value, 'resource.Quantity');
  if (type === 'resource.Quantity') return printGoQuantity(String(value));
  if (type === 'intstr.IntOrString') return printIntOrString(value);
  if (type === 'v1.Time') return '{Time:(time.Time){wall:(uint64)0 ext:(int64)0 loc:(*time.Location)<nil>}}';
  const fields = GO_STRUCTS[type];
  if (fields) return printStruct((value ?? {}) as Readonly<Record<string, unknown>>, fields);
  if (type === 'bool') return (value as boolean | undefined) ? 'true' : 'false';
  if (type.startsWith('int') || type.startsWith('uint')) return String((value as number | undefined) ?? 0);
  return (value as string | undefined) ?? '';
}

function printStruct(
  value: Readonly<Record<string, unknown>>,
  fields: readonly (readonly [field: string, json: string, type: string])[],
): string {
  const parts = fields.map(([field, json, type]) => `${field}:${printGo(fieldOf(value, json, type), type, true)}`);
  return `{${parts.join(' ')}}`;
}

/** Embedded structs have no name in JSON: their fields are the outer one's. */
function fieldOf(value: Readonly<Record<string, unknown>>, json: string, type: string): unknown {
  if (json === '') return value;
  return type === '*v1.Time' || type === '[]v1.ManagedFieldsEntry' ? undefined : value[json];
}

/** Empty lists and maps come out of Go's storage as none. */
function printList(value: unknown, type: string): string {
  const items = (value ?? []) as readonly unknown[];
  return items.length === 0 ? '<nil>' : `[${items.map((item) => printGo(item, type, false)).join(' ')}]`;
}

function printMap(value: unknown, type: string): string {
  const entries = Object.entries((value ?? {}) as Readonly<Record<string, unknown>>);
  if (entries.length === 0) return '<nil>';
  const sorted = entries.toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `map[${sorted.map(([key, item]) => `${key}:${printGo(item, type, false)}`).join(' ')}]`;
}

function printIntOrString(value: unknown): string {
  return typeof value === 'string'
    ? `{Type:(intstr.Type)1 IntVal:(int32)0 StrVal:(string)${value}}`
    : `{Type:(intstr.Type)0 IntVal:(int32)${Number(value ?? 0)} StrVal:(string)}`;
}
