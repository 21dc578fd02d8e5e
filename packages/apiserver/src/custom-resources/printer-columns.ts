/**
 * The columns that a definition declares, and what an object has in them.
 *
 * Mirrors: staging/src/k8s.io/apiextensions-apiserver/pkg/registry/customresource/tableconvertor/tableconvertor.go (v1.36)
 */
import { formatJson } from '@kts/apimachinery';
import { age, customResourceColumns, type Cell, type PrinterColumn } from '@kts/api';
import type { CustomResourceColumnDefinition } from '@kts/api/types/apiextensions-v1';

import { goFloat } from './schema/schema-finding.ts';
import { JsonPathError, parseJsonPath, type JsonPath } from './json-path.ts';

export interface DeclaredColumns {
  readonly columns: readonly PrinterColumn[];
  cells(object: object, now: number): readonly Cell[];
}

/** All columns after the name. Where one cannot be read, neither it nor those after it are shown. */
export function declaredColumns(declared: readonly CustomResourceColumnDefinition[] | undefined): DeclaredColumns {
  const { first, ifNoneDeclared } = customResourceColumns();
  if (!declared?.length) {
    return {
      columns: [first, ...ifNoneDeclared],
      cells: (object, now) => [dateCell(creationTimeOf(object), now)],
    };
  }
  let paths: readonly (readonly [CustomResourceColumnDefinition, JsonPath])[] | undefined;
  const readable = (): typeof paths & {} => (paths ??= readPaths(declared));
  return {
    get columns() {
      return [first, ...readable().map(([column]) => columnOf(column))];
    },
    cells: (object, now) => readable().map(([{ type }, path]) => cellAt(path, type, object, now)),
  };
}

function readPaths(declared: readonly CustomResourceColumnDefinition[]): [CustomResourceColumnDefinition, JsonPath][] {
  const readable: [CustomResourceColumnDefinition, JsonPath][] = [];
  try {
    for (const column of declared) readable.push([column, parseJsonPath(column.jsonPath)]);
  } catch (error) {
    if (!(error instanceof JsonPathError)) throw error;
  }
  return readable;
}

function columnOf({ jsonPath, ...column }: CustomResourceColumnDefinition): PrinterColumn {
  const description = column.description || `Custom resource definition column (in JSONPath format): ${jsonPath}`;
  return { ...column, description };
}

function cellAt(path: JsonPath, type: string, object: object, now: number): Cell {
  let found: readonly unknown[];
  try {
    found = path.find(object);
  } catch (error) {
    if (error instanceof JsonPathError) return null;
    throw error;
  }
  return found.length > 0 ? cellOf(type, found[0], now) : null;
}

function cellOf(type: string, value: unknown, now: number): Cell {
  if (type === 'string') return textOf(value);
  switch (`${type} ${typeof value}`) {
    case 'integer number':
      return Math.trunc(value as number);
    case 'number number':
    case 'boolean boolean':
      return value as Cell;
    case 'date string':
      return dateCell(value as string, now);
    default:
      return null;
  }
}

function textOf(value: unknown): string {
  if (value === null) return '<no value>';
  if (typeof value === 'object') return formatJson(sorted(value));
  if (typeof value === 'number' && !Number.isInteger(value)) return goFloat(value);
  return String(value as string | number | boolean);
}

/** Go prints the members of maps in order. */
function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, member]) => [name, sorted(member)]));
}

function creationTimeOf(object: object): string | undefined {
  return (object as { readonly metadata?: { readonly creationTimestamp?: string } }).metadata?.creationTimestamp;
}

const RFC3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/;

function dateCell(time: string | undefined, now: number): Cell {
  if (time === undefined) return null;
  if (time === '') return '<unknown>';
  return RFC3339.test(time) ? age(time, now) : '<invalid>';
}
