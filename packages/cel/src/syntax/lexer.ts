/**
 * Tokens of the language. What cannot be one is skipped and reported with the text up to where it went wrong.
 *
 * Mirrors: github.com/google/cel-go/parser/gen/CEL.g4, the lexer rules
 */
export interface Token {
  readonly type: TokenType;
  readonly start: number;
  readonly end: number;
}

export type TokenType = (typeof PUNCTUATION)[number] | Keyword | Named | '<EOF>';
export type Named = 'NUM_FLOAT' | 'NUM_INT' | 'NUM_UINT' | 'STRING' | 'BYTES' | 'IDENTIFIER' | 'ESC_IDENTIFIER';
type Keyword = 'in' | 'true' | 'false' | 'null';

export interface LexicalError {
  readonly offset: number;
  readonly text: string;
}

export interface Tokens {
  /** Ends with `<EOF>`. */
  readonly tokens: readonly Token[];
  readonly errors: readonly LexicalError[];
}

const PUNCTUATION = [
  '==',
  '!=',
  '<=',
  '>=',
  '&&',
  '||',
  '<',
  '>',
  '[',
  ']',
  '{',
  '}',
  '(',
  ')',
  '.',
  ',',
  '-',
  '!',
  '?',
  ':',
  '+',
  '*',
  '/',
  '%',
] as const;

const ESCAPE = /\\(?:[abfnrtv"'\\?`]|[xX][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-3][0-7]{2})/.source;
const QUOTED = [
  `"""(?:${ESCAPE}|[^\\\\])*?"""`,
  `'''(?:${ESCAPE}|[^\\\\])*?'''`,
  `"(?:${ESCAPE}|[^\\\\"\\n\\r])*"`,
  `'(?:${ESCAPE}|[^\\\\'\\n\\r])*'`,
  `[rR]"""[^]*?"""`,
  `[rR]'''[^]*?'''`,
  `[rR]"[^"\\n\\r]*"`,
  `[rR]'[^'\\n\\r]*'`,
].join('|');

const HIDDEN = /(?:[\t \r\n\f]+|\/\/[^\n]*)+/y;
const NUMBER =
  /0x[0-9a-fA-F]+[uU]?|[0-9]+(?:\.[0-9]+(?:[eE][+-]?[0-9]+)?|[eE][+-]?[0-9]+|[uU])?|\.[0-9]+(?:[eE][+-]?[0-9]+)?/y;
const STRING = new RegExp(`[bB]?(?:${QUOTED})`, 'yu');
const IDENTIFIER = /[A-Za-z_][A-Za-z0-9_]*/y;
const ESCAPED_IDENTIFIER = /`[A-Za-z0-9_.\-/ ]+`/y;
/** How far a token that fails can be read. */
const BROKEN_STRING = new RegExp(`"(?:${ESCAPE}|[^\\\\"\\n\\r])*|'(?:${ESCAPE}|[^\\\\'\\n\\r])*`, 'yu');
const BROKEN_ESCAPE = /\\(?:[xX][0-9a-fA-F]?|u[0-9a-fA-F]{0,3}|U[0-9a-fA-F]{0,7}|[0-3][0-7]?)?/y;
const BROKEN_IDENTIFIER = /`[A-Za-z0-9_.\-/ ]*/y;

const KEYWORDS: ReadonlySet<string> = new Set(['in', 'true', 'false', 'null']);

export function tokenize(text: string): Tokens {
  const tokens: Token[] = [];
  const errors: LexicalError[] = [];
  let offset = 0;
  while (true) {
    offset = matchEnd(HIDDEN, text, offset) ?? offset;
    if (offset >= text.length) break;
    const token = tokenAt(text, offset);
    if (token) {
      tokens.push(token);
      offset = token.end;
    } else {
      const end = brokenEnd(text, offset);
      errors.push({ offset, text: text.slice(offset, end) });
      offset = end;
    }
  }
  tokens.push({ type: '<EOF>', start: text.length, end: text.length });
  return { tokens, errors };
}

/** The longest match wins, as in upstream's lexer. */
function tokenAt(text: string, start: number): Token | undefined {
  const string = matchEnd(STRING, text, start);
  if (string !== undefined) {
    const first = text[start];
    return { type: first === 'b' || first === 'B' ? 'BYTES' : 'STRING', start, end: string };
  }
  const identifier = matchEnd(IDENTIFIER, text, start);
  if (identifier !== undefined) {
    const word = text.slice(start, identifier);
    return { type: KEYWORDS.has(word) ? (word as Keyword) : 'IDENTIFIER', start, end: identifier };
  }
  const number = matchEnd(NUMBER, text, start);
  if (number !== undefined) return { type: numberType(text.slice(start, number)), start, end: number };
  const escaped = matchEnd(ESCAPED_IDENTIFIER, text, start);
  if (escaped !== undefined) return { type: 'ESC_IDENTIFIER', start, end: escaped };
  const punctuation = PUNCTUATION.find((sign) => text.startsWith(sign, start));
  return punctuation && { type: punctuation, start, end: start + punctuation.length };
}

function numberType(text: string): Named {
  if (/[uU]$/.test(text)) return 'NUM_UINT';
  return text.startsWith('0x') || /^[0-9]+$/.test(text) ? 'NUM_INT' : 'NUM_FLOAT';
}

/** Up to and with the character that fits no token. */
function brokenEnd(text: string, start: number): number {
  let end = start + 1;
  const first = text[start];
  if (first === '"' || first === "'") {
    end = matchEnd(BROKEN_STRING, text, start)!;
    end = matchEnd(BROKEN_ESCAPE, text, end) ?? end;
  } else if (first === '`') {
    end = matchEnd(BROKEN_IDENTIFIER, text, start)!;
  } else if (first !== '=' && first !== '&' && first !== '|') {
    end = start;
  }
  const wrong = text.codePointAt(end);
  return wrong === undefined ? end : end + (wrong > 0xffff ? 2 : 1);
}

function matchEnd(pattern: RegExp, text: string, offset: number): number | undefined {
  pattern.lastIndex = offset;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}
