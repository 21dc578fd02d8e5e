/**
 * Go's regular expressions as JavaScript's. Pure.
 *
 * Mirrors: Go's regexp/syntax, which patterns of schemas are written in
 * Differs: matching backtracks, so that a pattern may take longer than linear time; patterns come from who may define
 * kinds.
 */

/** A pattern that Go refuses; the message is Go's. */
export class GoRegexpError extends Error {
  override readonly name = 'GoRegexpError';
}

const REPEAT_MAX = 1000;
const DEPTH_MAX = 1000;
const known = new Map<string, RegExp | GoRegexpError>();
const KNOWN_MAX = 1000;

/** The pattern as a RegExp for `test`. Throws GoRegexpError. */
export function goRegexp(pattern: string): RegExp {
  let found = known.get(pattern);
  if (!found) {
    found = compile(pattern);
    if (known.size >= KNOWN_MAX) known.clear();
    known.set(pattern, found);
  }
  if (found instanceof GoRegexpError) throw found;
  return found;
}

function compile(pattern: string): RegExp | GoRegexpError {
  try {
    return new RegExp(new Translator(pattern).translate(), 'u');
  } catch (error) {
    if (error instanceof GoRegexpError) return error;
    return new GoRegexpError(`error parsing regexp: invalid or unsupported Perl syntax: \`${pattern}\``);
  }
}

interface Flags {
  readonly fold: boolean;
  readonly multiline: boolean;
  readonly dotAll: boolean;
  readonly lazy: boolean;
}

const PLAIN: Flags = { fold: false, multiline: false, dotAll: false, lazy: false };
/** Assertions are groups, because Go lets them be repeated. */
const END = String.raw`(?:(?![\s\S]))`;
const START = String.raw`(?:(?<![\s\S]))`;

/** Classes of ASCII characters, as the inside of a JavaScript class. */
const POSIX: Readonly<Record<string, string>> = {
  alnum: '0-9A-Za-z',
  alpha: 'A-Za-z',
  ascii: '\\x00-\\x7F',
  blank: '\\t ',
  cntrl: '\\x00-\\x1F\\x7F',
  digit: '0-9',
  graph: '!-~',
  lower: 'a-z',
  print: ' -~',
  punct: '!-\\/:-@\\[-`\\{-~',
  space: '\\t\\n\\v\\f\\r ',
  upper: 'A-Z',
  word: '0-9A-Za-z_',
  xdigit: '0-9A-Fa-f',
};
const PERL: Readonly<Record<string, readonly [positive: string, negative: string]>> = {
  d: ['0-9', '\\x00-\\/:-\\u{10FFFF}'],
  s: ['\\t\\n\\f\\r ', '\\x00-\\x08\\x0B\\x0E-\\x1F!-\\u{10FFFF}'],
  w: ['0-9A-Za-z_', '\\x00-\\/:-@\\[-\\^`\\{-\\u{10FFFF}'],
};
const CONTROL: Readonly<Record<string, number>> = { a: 7, f: 12, t: 9, n: 10, r: 13, v: 11 };
const CATEGORY =
  /^(?:C|Cc|Cf|Co|Cs|L|Ll|Lm|Lo|Lt|Lu|M|Mc|Me|Mn|N|Nd|Nl|No|P|Pc|Pd|Pe|Pf|Pi|Po|Ps|S|Sc|Sk|Sm|So|Z|Zl|Zp|Zs)$/;

class Translator {
  readonly #pattern: string;
  #at = 0;
  #depth = 0;

  constructor(pattern: string) {
    this.#pattern = pattern;
  }

  translate(): string {
    const text = this.#alternatives(PLAIN);
    if (this.#at < this.#pattern.length) throw failure('unexpected )', this.#pattern);
    return text;
  }

  /** Up to the end of the group. Flags that are set inside hold to that end, over alternatives too. */
  #alternatives(outer: Flags): string {
    if (++this.#depth > DEPTH_MAX) throw failure('expression nests too deeply', this.#pattern);
    let flags = outer;
    let text = '';
    let repeatable = false;
    while (this.#at < this.#pattern.length) {
      const character = this.#peek();
      if (character === ')') break;
      if (character === '|') {
        this.#at++;
        text += '|';
        repeatable = false;
      } else if ('*+?'.includes(character) || (character === '{' && this.#repeat())) {
        const operator = this.#operator(character);
        if (!repeatable) throw failure('missing argument to repetition operator', operator.shown);
        text += operator.text + (operator.lazy !== flags.lazy ? '?' : '');
        repeatable = false;
        this.#refuseDoubleRepeat(operator.shown);
      } else if (character === '(') {
        const group = this.#group(flags);
        flags = group.flags;
        text += group.text;
        repeatable = group.text !== '';
      } else {
        text += this.#atom(character, flags);
        repeatable = true;
      }
    }
    this.#depth--;
    return text;
  }

  #peek(): string {
    const code = this.#pattern.codePointAt(this.#at);
    return code === undefined ? '' : String.fromCodePoint(code);
  }

  #repeat(): RegExpExecArray | null {
    return /^\{(\d+)(?:(,)(\d*))?\}/.exec(this.#pattern.slice(this.#at, this.#at + 24));
  }

  #operator(character: string): { readonly text: string; readonly shown: string; readonly lazy: boolean } {
    let text = character;
    if (character === '{') {
      const [whole, low, , high] = this.#repeat()!;
      text = whole;
      const [min, max] = [Number(low), high ? Number(high) : undefined];
      if (min > REPEAT_MAX || (max ?? 0) > REPEAT_MAX || (max !== undefined && max < min)) {
        throw failure('invalid repeat count', whole);
      }
    }
    this.#at += text.length;
    const lazy = this.#peek() === '?';
    if (lazy) this.#at++;
    return { text, shown: text + (lazy ? '?' : ''), lazy };
  }

  #refuseDoubleRepeat(previous: string): void {
    const next = this.#peek();
    if (next === '' || !('*+?'.includes(next) || (next === '{' && this.#repeat()))) return;
    throw failure('invalid nested repetition operator', previous + this.#operator(next).shown);
  }

  #group(flags: Flags): { readonly text: string; readonly flags: Flags } {
    const start = this.#at++;
    if (!this.#pattern.startsWith('?', this.#at)) return { text: `(${this.#closed(flags)}`, flags };
    const rest = this.#pattern.slice(start);
    const named = /^\(\?P?<([^>]*)>/.exec(rest);
    if (named) return this.#named(named, flags);
    if (/^\(\?P?</.test(rest)) throw failure('invalid named capture', rest);
    const match = /^\(\?([imsU]*)(?:-([imsU]+))?([:)])/.exec(rest);
    if (!match || (match[1] === '' && match[2] === undefined && match[3] === ')')) {
      throw failure('invalid or unsupported Perl syntax', /^\(\?[imsU-]*.?/su.exec(rest)![0]);
    }
    const [whole, on = '', off = '', end] = match;
    this.#at = start + whole.length;
    const changed = withFlags(flags, on, off);
    if (end === ')') return { text: '', flags: changed };
    return { text: `(?:${this.#closed(changed)}`, flags };
  }

  #named(match: RegExpExecArray, flags: Flags): { readonly text: string; readonly flags: Flags } {
    const [whole, name = ''] = match;
    if (!/^\w+$/.test(name)) throw failure('invalid named capture', whole);
    this.#at += whole.length - 1;
    return { text: `(${this.#closed(flags)}`, flags };
  }

  #closed(flags: Flags): string {
    const inside = this.#alternatives(flags);
    if (this.#peek() !== ')') throw failure('missing closing )', this.#pattern);
    this.#at++;
    return `${inside})`;
  }

  #atom(character: string, flags: Flags): string {
    if (character === '[') return folded(this.#class(), flags);
    if (character === '\\') return this.#escape(flags);
    this.#at += character.length;
    switch (character) {
      case '.':
        return flags.dotAll ? String.raw`[\s\S]` : String.raw`[^\n]`;
      case '^':
        return flags.multiline ? String.raw`(?:(?<![^\n]))` : START;
      case '$':
        return flags.multiline ? String.raw`(?:(?![^\n]))` : END;
      default:
        return folded(literal(character.codePointAt(0)!), flags);
    }
  }

  #escape(flags: Flags): string {
    const next = this.#pattern[this.#at + 1] ?? '';
    const assertion = { A: START, z: END, b: '(?:\\b)', B: '(?:\\B)' }[next];
    if (assertion) {
      this.#at += 2;
      return assertion;
    }
    if (next === 'Q') return this.#quoted(flags);
    const set = this.#setEscape();
    if (set !== undefined) return folded(`[${set}]`, flags);
    return folded(literal(this.#characterEscape()), flags);
  }

  /** `\Q...\E`. */
  #quoted(flags: Flags): string {
    const start = this.#at + 2;
    const found = this.#pattern.indexOf('\\E', start);
    const end = found < 0 ? this.#pattern.length : found;
    this.#at = found < 0 ? end : end + 2;
    const text = Array.from(this.#pattern.slice(start, end), (one) => folded(literal(one.codePointAt(0)!), flags));
    return text.length > 0 ? text.join('') : '(?:)';
  }

  /** `\d`, `\pL`, `\P{Greek}` as the inside of a class; undefined for other escapes, which stay. */
  #setEscape(): string | undefined {
    const next = this.#pattern[this.#at + 1] ?? '';
    const perl = PERL[next.toLowerCase()];
    if (perl && /[dswDSW]/.test(next)) {
      this.#at += 2;
      return perl[next === next.toLowerCase() ? 0 : 1];
    }
    if (next !== 'p' && next !== 'P') return undefined;
    const match = /^\\[pP](?:\{(\^?)(\w+)\}|(\w))/.exec(this.#pattern.slice(this.#at));
    const name = match?.[2] ?? match?.[3] ?? '';
    const property = CATEGORY.test(name) ? name : name === 'Any' ? 'Any' : `Script=${name}`;
    if (!match || !isProperty(property)) {
      throw failure('invalid character class range', match?.[0] ?? this.#pattern.slice(this.#at, this.#at + 3));
    }
    this.#at += match[0].length;
    const negated = (next === 'P') !== (match[1] === '^');
    return `\\${negated ? 'P' : 'p'}{${property}}`;
  }

  #characterEscape(): number {
    const rest = this.#pattern.slice(this.#at);
    if (rest.length < 2) throw failure('trailing backslash at end of expression', '');
    const octal = /^\\(0[0-7]{0,2}|[1-7][0-7]{1,2})/.exec(rest);
    const hexadecimal = /^\\x(?:\{([0-9A-Fa-f]+)\}|([0-9A-Fa-f]{2}))/.exec(rest);
    const match = octal ?? hexadecimal;
    if (match) {
      const code = octal ? Number.parseInt(octal[1]!, 8) : Number.parseInt(match[1] ?? match[2]!, 16);
      if (code > 0x10ffff) throw failure('invalid escape sequence', match[0].slice(0, -1));
      this.#at += match[0].length;
      return code;
    }
    const next = String.fromCodePoint(rest.codePointAt(1)!);
    const control = CONTROL[next];
    if (next === 'x')
      throw failure('invalid escape sequence', /^\\x(?:\{[0-9A-Fa-f]*\}?|[0-9A-Fa-f]?.?)/s.exec(rest)![0]);
    if (control === undefined && (/^\w$/.test(next) ? next !== '_' : next > '\x7f')) {
      throw failure('invalid escape sequence', `\\${next}`);
    }
    this.#at += 1 + next.length;
    return control ?? next.codePointAt(0)!;
  }

  #class(): string {
    const start = this.#at++;
    let text = '[';
    if (this.#peek() === '^') {
      text += '^';
      this.#at++;
    }
    for (let first = true; first || this.#peek() !== ']'; first = false) {
      if (this.#at >= this.#pattern.length) throw failure('missing closing ]', this.#pattern.slice(start));
      text += this.#member(first);
    }
    this.#at++;
    return `${text}]`;
  }

  #member(first: boolean): string {
    const rest = this.#pattern.slice(this.#at);
    if (rest.startsWith('-') && !first && rest[1] !== ']') {
      const bad = Array.from(rest).slice(0, 2).join('');
      throw failure('invalid character class range', bad);
    }
    const posix = /^\[:(\^?)(\w+):\]/.exec(rest);
    if (posix) {
      const set = POSIX[posix[2]!];
      if (set === undefined) throw failure('invalid character class range', posix[0]);
      this.#at += posix[0].length;
      return posix[1] === '' ? set : complement(set);
    }
    const set = rest.startsWith('\\') ? this.#setEscape() : undefined;
    if (set !== undefined) return set;
    const low = this.#classCharacter();
    const after = this.#pattern.slice(this.#at, this.#at + 2);
    if (after.length < 2 || after[0] !== '-' || after[1] === ']') return literal(low);
    this.#at++;
    const high = this.#classCharacter();
    if (high < low) {
      throw failure('invalid character class range', rest.slice(0, rest.length - this.#pattern.length + this.#at));
    }
    return `${literal(low)}-${literal(high)}`;
  }

  #classCharacter(): number {
    const character = this.#peek();
    if (character === '') throw failure('missing closing ]', this.#pattern);
    if (character === '\\') return this.#characterEscape();
    this.#at += character.length;
    return character.codePointAt(0)!;
  }
}

function failure(what: string, where: string): GoRegexpError {
  return new GoRegexpError(`error parsing regexp: ${what}: \`${where}\``);
}

function withFlags(flags: Flags, on: string, off: string): Flags {
  const value = (letter: string, before: boolean): boolean => (on.includes(letter) || before) && !off.includes(letter);
  return {
    fold: value('i', flags.fold),
    multiline: value('m', flags.multiline),
    dotAll: value('s', flags.dotAll),
    lazy: value('U', flags.lazy),
  };
}

function folded(text: string, { fold }: Flags): string {
  return fold ? `(?i:${text})` : text;
}

function literal(code: number): string {
  const isPlain = (code >= 0x30 && code <= 0x39) || (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);
  return isPlain || code > 0x7f ? String.fromCodePoint(code) : `\\u{${code.toString(16)}}`;
}

/** Everything that a class does not have, as the inside of a class. */
function complement(set: string): string {
  const inside = new RegExp(`[${set}]`, 'u');
  let text = '';
  for (let code = 0; code < 0x80; code++) if (!inside.test(String.fromCharCode(code))) text += literal(code);
  return `${text}\\u{80}-\\u{10FFFF}`;
}

function isProperty(property: string): boolean {
  try {
    return new RegExp(`\\p{${property}}`, 'u') instanceof RegExp;
  } catch {
    return false;
  }
}
