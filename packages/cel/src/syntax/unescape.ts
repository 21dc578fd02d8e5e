/**
 * The value of a string or bytes token.
 *
 * Mirrors: github.com/google/cel-go/parser/unescape.go
 */
const SIMPLE: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '`': '`',
  '?': '?',
};

/** A message instead of a value: the literal is invalid. */
export type Unescaped<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly message: string };

const ESCAPES = /\\(?:[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|(.))/gsu;
const INVALID_CODE_POINT = 'invalid unicode code point';
const UNABLE = 'unable to unescape string';

export function unescapeString(token: string): Unescaped<string> {
  const { body, raw } = unquote(token);
  if (raw || !body.includes('\\')) return { ok: true, value: body };
  let valid = true;
  const value = body.replace(ESCAPES, (_, ...groups: (string | undefined)[]) => {
    const [hex2, hex4, hex8, octal, simple] = groups;
    if (simple !== undefined) return SIMPLE[simple] ?? simple;
    const code = octal === undefined ? Number.parseInt((hex2 ?? hex4 ?? hex8)!, 16) : Number.parseInt(octal, 8);
    if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) {
      valid = false;
      return '';
    }
    return String.fromCodePoint(code);
  });
  return valid ? { ok: true, value } : { ok: false, message: INVALID_CODE_POINT };
}

/** The token without its `b`. Hexadecimal and octal escapes are bytes; `\u` is not allowed. */
export function unescapeBytes(token: string): Unescaped<Uint8Array> {
  const { body, raw } = unquote(token);
  const encoder = new TextEncoder();
  if (raw || !body.includes('\\')) return { ok: true, value: encoder.encode(body) };
  const bytes: number[] = [];
  let last = 0;
  for (const match of body.matchAll(ESCAPES)) {
    bytes.push(...encoder.encode(body.slice(last, match.index)));
    last = match.index + match[0].length;
    const [, hex2, hex4, hex8, octal, simple] = match;
    if (hex4 !== undefined || hex8 !== undefined) return { ok: false, message: UNABLE };
    if (hex2 !== undefined) bytes.push(Number.parseInt(hex2, 16));
    else if (octal !== undefined) bytes.push(Number.parseInt(octal, 8));
    else bytes.push(...encoder.encode(SIMPLE[simple!] ?? simple!));
  }
  bytes.push(...encoder.encode(body.slice(last)));
  return { ok: true, value: Uint8Array.from(bytes) };
}

function unquote(token: string): { body: string; raw: boolean } {
  const raw = token[0] === 'r' || token[0] === 'R';
  const quoted = (raw ? token.slice(1) : token).replace(/\r\n?/g, '\n');
  const triple = quoted.length >= 6 && (quoted.startsWith('"""') || quoted.startsWith("'''"));
  return { body: triple ? quoted.slice(3, -3) : quoted.slice(1, -1), raw };
}
