import {
  CelDuration,
  type CelError,
  CelOpaque,
  CelOptional,
  CelTimestamp,
  CelTypeValue,
  CelUint,
  CelUnknown,
  NO_SUCH_OVERLOAD,
  isList,
  isMap,
  type CelList,
  type CelMap,
  type CelValue,
} from './value.ts';
import { runtimeTypeName } from '../types/format-type.ts';

/**
 * `==`: numbers by value whatever their types, lists and maps deeply, everything else only within its type.
 *
 * Mirrors: github.com/google/cel-go/common/types: Equal of each type
 */
export function equalValues(a: CelValue, b: CelValue): boolean | CelError {
  if (a === b) return typeof a !== 'number' || !Number.isNaN(a);
  if (a === null || b === null) return false;
  if (typeof a === 'bigint') return equalsInteger(a, b);
  if (typeof a === 'object') return equalObjects(a, b);
  if (typeof a !== 'number' || typeof b === 'number') return false;
  return typeof b === 'bigint' ? equalsInteger(b, a) : b instanceof CelUint && equalsInteger(b.value, a);
}

function equalsInteger(a: bigint, b: CelValue): boolean {
  if (typeof b === 'bigint') return a === b;
  if (typeof b === 'number') return Number.isFinite(b) && Number(a) === b;
  return b instanceof CelUint && a === b.value;
}

function equalObjects(a: NonNullable<CelValue> & object, b: CelValue): boolean | CelError {
  if (a instanceof Uint8Array) return b instanceof Uint8Array && equalBytes(a, b);
  switch (a.kind) {
    case 'list':
      return isList(b) ? equalLists(a, b) : false;
    case 'map':
      return isMap(b) ? equalMaps(a, b) : false;
    case 'uint':
      return equalsInteger(a.value, b);
    case 'timestamp':
      return b instanceof CelTimestamp && a.nanoseconds === b.nanoseconds;
    case 'duration':
      return b instanceof CelDuration && a.nanoseconds === b.nanoseconds;
    case 'optional':
      if (!(b instanceof CelOptional)) return false;
      if (a.value === undefined || b.value === undefined) return a.value === b.value;
      return equalValues(a.value, b.value);
    case 'type':
      return b instanceof CelTypeValue && runtimeTypeName(a.type) === runtimeTypeName(b.type);
    case 'opaque':
      if (!(b instanceof CelOpaque) || a.equals !== b.equals) return NO_SUCH_OVERLOAD;
      return a.equals(a.content, b.content);
    case 'unknown':
      return b instanceof CelUnknown && equalJson(a.json, b.json);
    case 'error':
      return a;
  }
}

function equalLists(a: CelList, b: CelList): boolean | CelError {
  if (a.equalTo) return a.equalTo(b);
  if (a.size !== b.size) return false;
  for (let index = 0; index < a.size; index++) {
    if (equalValues(a.at(index)!, b.at(index)!) === false) return false;
  }
  return true;
}

function equalMaps(a: CelMap, b: CelMap): boolean | CelError {
  if (a.equalTo) return a.equalTo(b);
  if (a.size !== b.size) return false;
  for (const key of a.keys()) {
    const value = b.get(key);
    if (value === undefined || equalValues(a.get(key)!, value) === false) return false;
  }
  return true;
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

/** Semantic equality of JSON: empty and absent collections are the same. */
export function equalJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, index) => equalJson(item, b[index]));
  }
  if (typeof a !== 'object' || a === null || typeof b !== 'object' || b === null || Array.isArray(b)) return false;
  const keys = Object.keys(a);
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
  return keys.length === Object.keys(b).length && keys.every((key) => key in right && equalJson(left[key], right[key]));
}
