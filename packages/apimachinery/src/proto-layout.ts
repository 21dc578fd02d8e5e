import { WIRE_BYTES, WIRE_FIXED64, WIRE_VARINT } from './proto-wire.ts';
import type { Field, ObjectSchema, ScalarSchema } from './schema.ts';

/** Which fields the messages of a type have. Derived from its schema when it is first used. */

/** What one field number of a message leads to: a field, or an inlined struct that is a message of its own. */
export type Slot = { readonly number: number } & ({ readonly field: Field } | { readonly inline: ObjectSchema });

export interface Layout {
  readonly slots: readonly Slot[];
  readonly byNumber: ReadonlyMap<number, Slot>;
}

const layouts = new WeakMap<ObjectSchema, Layout>();

export function layoutOf(schema: ObjectSchema): Layout {
  const known = layouts.get(schema);
  if (known) return known;
  const slots: Slot[] = [];
  for (const { number, field, inline } of schema.members) {
    if (number === undefined) continue;
    if (inline) slots.push({ number, inline });
    else if (field) slots.push({ number, field });
  }
  slots.sort((a, b) => a.number - b.number);
  const layout = { slots, byNumber: new Map(slots.map((slot) => [slot.number, slot])) };
  layouts.set(schema, layout);
  return layout;
}

const names = new WeakMap<ObjectSchema, ReadonlySet<string>>();

/** The JSON fields that protobuf carries: kind and apiVersion are in the envelope instead. */
export function layoutNames(schema: ObjectSchema): ReadonlySet<string> {
  const known = names.get(schema);
  if (known) return known;
  const all = new Set(
    layoutOf(schema).slots.flatMap((slot) => ('inline' in slot ? [...layoutNames(slot.inline)] : [slot.field.name])),
  );
  names.set(schema, all);
  return all;
}

/** How protobuf writes a scalar. */
export function wireOf({ format }: ScalarSchema): number {
  if (format === 'boolean' || format === 'int32' || format === 'int64') return WIRE_VARINT;
  return format === 'double' ? WIRE_FIXED64 : WIRE_BYTES;
}
