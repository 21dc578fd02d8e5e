import { readFileSync } from 'node:fs';
import { join } from 'node:path';

interface FieldFacts {
  readonly type?: string;
  readonly map?: readonly [string, string];
  readonly repeated?: boolean;
}
interface Facts {
  readonly enums: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly messages: Readonly<Record<string, { readonly fields: Readonly<Record<string, FieldFacts>> }>>;
}

const facts = JSON.parse(readFileSync(join(import.meta.dirname, '../../facts/cri.json'), 'utf8')) as Facts;

/**
 * A CRI message as the proto names its fields, with everything that has its default left out (as on the wire) and bytes
 * as text: for comparing requests.
 */
export function protoJson(message: string, value: object): Readonly<Record<string, unknown>> {
  const source = value as Readonly<Record<string, unknown>>;
  const result: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(facts.messages[message]!.fields)) {
    const content = fieldJson(field, source[camelCase(name)]);
    if (content !== undefined) result[name] = content;
  }
  return result;
}

function fieldJson(field: FieldFacts, value: unknown): unknown {
  if (value === undefined || value === null) return undefined;
  if (field.map) return Object.keys(value as object).length > 0 ? value : undefined;
  const type = field.type!;
  if (field.repeated) {
    const list = (value as readonly unknown[]).map((item) => elementJson(type, item));
    return list.length > 0 ? list : undefined;
  }
  return isDefault(type, value) ? undefined : elementJson(type, value);
}

function elementJson(type: string, value: unknown): unknown {
  if (type in facts.messages) return protoJson(type, value as object);
  return value instanceof Uint8Array ? new TextDecoder().decode(value) : value;
}

function isDefault(type: string, value: unknown): boolean {
  if (type in facts.messages) return false;
  if (type in facts.enums) return facts.enums[type]![value as string] === 0;
  return value === 0 || value === '' || value === false || (value instanceof Uint8Array && value.length === 0);
}

function camelCase(field: string): string {
  const first = field[0]!.toLowerCase() + field.slice(1);
  return first.replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
