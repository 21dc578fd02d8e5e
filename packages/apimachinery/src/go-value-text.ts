/**
 * A JSON value as Go's `%v` prints it: `map[a:1 b:[x y]]`, with keys in order. Some messages show patches so.
 */
export function goValueText(value: unknown): string {
  if (value === null || value === undefined) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(goValueText).join(' ')}]`;
  if (typeof value !== 'object') return `${value as string | number | boolean}`;
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `map[${members.map(([key, member]) => `${key}:${goValueText(member)}`).join(' ')}]`;
}
