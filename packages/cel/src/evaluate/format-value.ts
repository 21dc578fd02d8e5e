import { runtimeTypeName } from '../types/format-type.ts';
import { formatDouble } from './format-double.ts';
import { formatTimestamp, formatSeconds } from './time-text.ts';
import type { CelList, CelMap, CelValue } from './value.ts';

/**
 * A value as Go prints it with `%v`, which is what run-time errors show.
 *
 * Mirrors: github.com/google/cel-go/common/types: String of each type
 */
export function formatPlain(value: CelValue): string {
  if (value === null) return 'NULL_VALUE';
  if (typeof value === 'number') return formatDouble(value);
  return typeof value === 'object' ? formatObject(value) : String(value);
}

function formatObject(value: Extract<CelValue, object>): string {
  if (value instanceof Uint8Array) return `[${[...value].join(' ')}]`;
  switch (value.kind) {
    case 'uint':
      return String(value.value);
    case 'timestamp':
      return formatTimestamp(value).replace('T', ' ').replace('Z', ' +0000 UTC');
    case 'duration':
      return formatSeconds(value.nanoseconds);
    case 'list':
      return formatList(value);
    case 'map':
      return formatMap(value);
    case 'optional':
      return value.value === undefined ? 'optional.none()' : `optional(${formatPlain(value.value)})`;
    case 'type':
      return runtimeTypeName(value.type);
    case 'opaque':
      return runtimeTypeName(value.type);
    case 'unknown':
      return 'unknown';
    case 'error':
      return value.message;
  }
}

function formatList(list: CelList): string {
  const items: string[] = [];
  for (let index = 0; index < list.size; index++) items.push(formatPlain(list.at(index)!));
  return `[${items.join(', ')}]`;
}

function formatMap(map: CelMap): string {
  const entries: string[] = [];
  for (const key of map.keys()) entries.push(`${formatPlain(key)}: ${formatPlain(map.get(key)!)}`);
  return `{${entries.join(', ')}}`;
}
