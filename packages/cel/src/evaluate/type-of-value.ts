import {
  BOOL,
  BYTES,
  DOUBLE,
  DURATION,
  DYN,
  ERROR,
  INT,
  NULL,
  STRING,
  TIMESTAMP,
  TYPE,
  UINT,
  listOf,
  mapOf,
  opaqueType,
  optionalOf,
  type CelType,
} from '../types/cel-type.ts';
import type { CelValue } from './value.ts';

const LIST = listOf(DYN);
const MAP = mapOf(DYN, DYN);
const OPTIONAL = optionalOf(DYN);
const UNKNOWN = opaqueType('unknown');

/** The type at run time, where lists and maps do not know what they hold. */
export function typeOfValue(value: CelValue): CelType {
  if (typeof value === 'string') return STRING;
  if (typeof value === 'bigint') return INT;
  if (typeof value === 'boolean') return BOOL;
  if (typeof value === 'number') return DOUBLE;
  return value === null ? NULL : typeOfObject(value);
}

function typeOfObject(value: Extract<CelValue, object>): CelType {
  if (value instanceof Uint8Array) return BYTES;
  switch (value.kind) {
    case 'uint':
      return UINT;
    case 'timestamp':
      return TIMESTAMP;
    case 'duration':
      return DURATION;
    case 'list':
      return LIST;
    case 'map':
      return value.type ?? MAP;
    case 'optional':
      return OPTIONAL;
    case 'type':
      return TYPE;
    case 'opaque':
      return value.type;
    case 'unknown':
      return UNKNOWN;
    case 'error':
      return ERROR;
  }
}
