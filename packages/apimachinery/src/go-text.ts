/**
 * Values as Go's packages print them in messages.
 *
 * Mirrors: strconv.Quote and encoding/json of Go, as field errors use them
 */
const ESCAPES: Readonly<Record<string, string>> = {
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '"': '\\"',
  '\\': '\\\\',
};
const QUOTED = /["\\]|[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu;
const HTML = /[<>&\u2028\u2029]/g;

/** A string as `%q` prints it: what is not printable is escaped as in Go's source, everything else stays. */
export function goQuote(text: string): string {
  return `"${text.replace(QUOTED, escape)}"`;
}

/** JSON as Go writes it: safe to put into HTML. `indent` is the number of spaces per level. */
export function goJson(value: unknown, indent = 0): string {
  return (JSON.stringify(value, null, indent) ?? 'null').replace(
    HTML,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function escape(character: string): string {
  const known = ESCAPES[character];
  if (known !== undefined) return known;
  const code = character.codePointAt(0)!;
  const hex = code.toString(16);
  if (code < 0x80) return `\\x${hex.padStart(2, '0')}`;
  if (code >= 0xd800 && code < 0xe000) return '\ufffd';
  return code > 0xffff ? `\\U${hex.padStart(8, '0')}` : `\\u${hex.padStart(4, '0')}`;
}
