import { formatJson } from './strict-json.ts';
import type { JsonValue } from './scalars.ts';

/**
 * A patched document as messages show it: objects that the patch looked into have their members in alphabetical order,
 * others as they were written.
 *
 * Mirrors: lazyNode in gopkg.in/evanphx/json-patch.v4 (v1.36)
 */
export function formatPatched(value: JsonValue, opened: ReadonlySet<object>): string {
  if (typeof value !== 'object' || value === null) return formatJson(value);
  if (Array.isArray(value)) {
    return `[${(value as readonly JsonValue[]).map((item) => formatPatched(item, opened)).join(',')}]`;
  }
  const members = Object.entries(value);
  if (opened.has(value)) members.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, member]) => `${formatJson(key)}:${formatPatched(member, opened)}`).join(',')}}`;
}
