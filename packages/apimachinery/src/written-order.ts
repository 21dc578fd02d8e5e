import type { JsonValue } from './scalars.ts';

/**
 * A patched document with its members in the order in which they would be written: alphabetical in the objects that the
 * patch looked into, as they were in all others. Messages and warnings about the document follow this order.
 *
 * Mirrors: lazyNode in gopkg.in/evanphx/json-patch.v4 (v1.36)
 */
export function inWrittenOrder(value: JsonValue, opened: ReadonlySet<object>): JsonValue {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map((item) => inWrittenOrder(item, opened));
  const members = Object.entries(value).map(([key, member]) => [key, inWrittenOrder(member, opened)] as const);
  if (opened.has(value)) members.sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(members);
}
