/**
 * Values of JSON as YAML: block style, sorted keys, long text folded at its spaces.
 *
 * Mirrors: sigs.k8s.io/yaml over go.yaml.in/yaml/v2 (encode.go, emitterc.go, sorter.go), as its Marshal writes JSON (v1.36)
 */

/** Text goes on in the next line at the first space after so many columns. */
const LINE_LENGTH = 80;
/** Longer keys are marked by a question mark. */
const SIMPLE_KEY_BYTES_MAX = 128;
const INDENT = 2;

/** A document with a line feed at its end. What is undefined is left out. */
export function formatYaml(value: unknown): string {
  const out: Out = { text: '', column: 0 };
  writeNode(out, value, 0, 'root');
  return `${out.text}\n`;
}

interface Out {
  text: string;
  /** In characters, of the line that is being written. */
  column: number;
}

/** Where a node begins: at the start of the document, behind a dash, or behind a key. */
type Place = 'root' | 'item' | 'value';

function writeNode(out: Out, value: unknown, indent: number, place: Place): void {
  if (Array.isArray(value)) {
    if (value.length === 0) write(out, place === 'root' ? '[]' : ' []');
    else writeList(out, value as readonly unknown[], indent, place);
  } else if (typeof value === 'object' && value !== null) {
    const keys = keysOf(value);
    if (keys.length === 0) write(out, place === 'root' ? '{}' : ' {}');
    else writeMap(out, value as Readonly<Record<string, unknown>>, keys, indent, place);
  } else {
    if (place !== 'root') write(out, ' ');
    if (typeof value === 'string') writeText(out, value, place === 'item' ? indent : indent + INDENT, false);
    else write(out, typeof value === 'number' ? formatNumber(value) : String(value));
  }
}

/** A list in a map is not indented; one in a list begins behind the dash of its item. */
function writeList(out: Out, list: readonly unknown[], indent: number, place: Place): void {
  for (const [index, item] of list.entries()) {
    beginLine(out, indent, index === 0 ? place : 'value');
    write(out, '-');
    writeNode(out, item ?? null, indent + INDENT, 'item');
  }
}

function writeMap(
  out: Out,
  map: Readonly<Record<string, unknown>>,
  keys: readonly string[],
  indent: number,
  place: Place,
): void {
  for (const [index, key] of keys.entries()) {
    beginLine(out, indent, index === 0 ? place : 'value');
    const value = map[key];
    const below = Array.isArray(value) ? indent : indent + INDENT;
    if (isSimpleKey(key)) {
      writeText(out, key, indent + INDENT, true);
      write(out, ':');
      writeNode(out, value, isCollection(value) ? below : indent, 'value');
    } else {
      write(out, '? ');
      writeText(out, key, indent + INDENT, false);
      beginLine(out, indent, 'value');
      write(out, ':');
      writeNode(out, value, indent + INDENT, 'item');
    }
  }
}

function beginLine(out: Out, indent: number, place: Place): void {
  if (place === 'root') return;
  if (place === 'item') write(out, ' ');
  else newLine(out, indent);
}

function newLine(out: Out, indent: number): void {
  out.text += `\n${' '.repeat(indent)}`;
  out.column = indent;
}

function write(out: Out, text: string): void {
  out.text += text;
  out.column += text.length;
}

function isCollection(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

function isSimpleKey(key: string): boolean {
  return !LINE_BREAK.test(key) && Buffer.byteLength(key) <= SIMPLE_KEY_BYTES_MAX;
}

const LINE_BREAK = /[\n\r\u0085\u2028\u2029]/;
/** What is printed as it is; the rest, tabs among it, only in double quotes. */
const PRINTABLE = /^[\n\x20-\x7e\u00a0-\ud7ff\ue000-\ufefe\uff00-\ufffd]*$/;
/** Indicators at the start, `: ` and ` #` anywhere, and what a document begins or ends with. */
const INDICATORS =
  /^(?:---|\.\.\.)|^[#,[\]{}&*!|>'"%@`]|^[?:-](?=[ \t\n\r\u0085\u2028\u2029]|$)|:(?=[ \t\n\r]|$)|[ \t\n\r]#/;

/** Plain where it can be nothing but text; a block for several lines; else in quotes. */
function writeText(out: Out, text: string, indent: number, isKey: boolean): void {
  const special = !PRINTABLE.test(text) || / [\n\r\u0085\u2028\u2029]/.test(text);
  if (text.includes('\n')) {
    if (special || isKey || text.endsWith(' ')) writeDoubleQuoted(out, text, indent, isKey);
    else writeBlock(out, text, indent);
    return;
  }
  if (special || meansSomethingElse(text)) writeDoubleQuoted(out, text, indent, isKey);
  else if (INDICATORS.test(text) || text.startsWith(' ') || text.endsWith(' ') || LINE_BREAK.test(text)) {
    write(out, "'");
    writeFolded(out, text.replaceAll("'", "''"), indent, isKey, 1);
    write(out, "'");
  } else writeFolded(out, text, indent, isKey, 0);
}

/** `margin`: how many characters at either end a fold keeps clear of. */
function writeFolded(out: Out, text: string, indent: number, isKey: boolean, margin: number): void {
  if (isKey || out.column + text.length <= LINE_LENGTH) {
    write(out, text);
    return;
  }
  const characters = Array.from(text);
  for (const [index, character] of characters.entries()) {
    const alone = character === ' ' && characters[index - 1] !== ' ' && characters[index + 1] !== ' ';
    const inside = index >= margin && index < characters.length - margin;
    if (alone && inside && out.column > LINE_LENGTH) newLine(out, indent);
    else {
      out.text += character;
      out.column++;
    }
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\0': '0',
  '\u0007': 'a',
  '\b': 'b',
  '\t': 't',
  '\n': 'n',
  '\v': 'v',
  '\f': 'f',
  '\r': 'r',
  '\u001b': 'e',
  '"': '"',
  '\\': '\\',
  '\u0085': 'N',
  '\u00a0': '_',
  '\u2028': 'L',
  '\u2029': 'P',
};

function writeDoubleQuoted(out: Out, text: string, indent: number, isKey: boolean): void {
  write(out, '"');
  const characters = Array.from(text);
  for (const [index, character] of characters.entries()) {
    const next = characters[index + 1];
    const folds =
      character === ' ' && characters[index - 1] !== ' ' && index > 0 && next !== undefined && out.column > LINE_LENGTH;
    if (folds && !isKey) {
      newLine(out, indent);
      if (next === ' ') write(out, '\\');
    } else write(out, escaped(character));
  }
  write(out, '"');
}

function escaped(character: string): string {
  const plain = PRINTABLE.test(character) && !LINE_BREAK.test(character) && character !== '"' && character !== '\\';
  if (plain) return character;
  const known = ESCAPES[character];
  if (known !== undefined) return `\\${known}`;
  const code = character.codePointAt(0)!;
  const hexadecimal = code.toString(16).toUpperCase();
  if (code <= 0xff) return `\\x${hexadecimal.padStart(2, '0')}`;
  return code <= 0xffff ? `\\u${hexadecimal.padStart(4, '0')}` : `\\U${hexadecimal.padStart(8, '0')}`;
}

/** The indicator says whether the text is indented itself, and how many line feeds are at its end. */
function writeBlock(out: Out, text: string, indent: number): void {
  const indented = /^[ \n]/.test(text) ? String(INDENT) : '';
  const end = !text.endsWith('\n') ? '-' : text === '\n' || text.endsWith('\n\n') ? '+' : '';
  const lines = (text.endsWith('\n') ? text.slice(0, -1) : text).split('\n');
  write(out, `|${indented}${end}`);
  for (const line of lines) {
    out.text += '\n';
    if (line !== '') out.text += ' '.repeat(indent) + line;
  }
}

const WORDS: ReadonlySet<string> = new Set(
  ['y', 'yes', 'true', 'on', 'n', 'no', 'false', 'off', 'null'].flatMap((word) => [
    word,
    word.toUpperCase(),
    word[0]!.toUpperCase() + word.slice(1),
  ]),
);
const NUMBER =
  /^[-+]?(?:0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+|[0-9]+|(?:\.[0-9]+|[0-9]+\.[0-9]*|[0-9]+)(?:[eE][-+]?[0-9]+)?)$/;
const SEXAGESIMAL = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/;
const TIME =
  /^\d{4}-\d{1,2}-\d{1,2}(?:[Tt]\d{1,2}:\d{1,2}:\d{1,2}(?:\.\d+)?(?:[Zz]|[-+]\d\d:\d\d)| \d{1,2}:\d{1,2}:\d{1,2}(?:\.\d+)?)?$/;
const SPECIAL_FLOAT = /^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;

/** Whether plain text would be read as something other than text. */
function meansSomethingElse(text: string): boolean {
  if (text === '' || text === '~' || WORDS.has(text)) return true;
  if (!/^[-+.0-9]/.test(text)) return false;
  if (SPECIAL_FLOAT.test(text) || SEXAGESIMAL.test(text) || TIME.test(text)) return true;
  return NUMBER.test(text.startsWith('.') ? text : text.replaceAll('_', ''));
}

/** Integers as they are; others as Go's `%g`. */
function formatNumber(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e21) return String(value);
  const [digits = '', exponent = ''] = value.toExponential().split('e');
  const power = Number(exponent);
  if (power >= -4 && power < 21 && !Number.isInteger(value))
    return power >= 6 ? scientific(digits, power) : String(value);
  return scientific(digits, power);
}

function scientific(digits: string, power: number): string {
  return `${digits}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
}

function keysOf(value: object): string[] {
  const keys = Object.keys(value).filter((key) => (value as Readonly<Record<string, unknown>>)[key] !== undefined);
  return keys.sort(byNature);
}

const LETTER = /\p{L}/u;
const DIGIT = /\p{Nd}/u;

/** Numbers within keys count as numbers, and letters come after everything else. */
function byNature(a: string, b: string): number {
  const [left, right] = [Array.from(a), Array.from(b)];
  for (let i = 0; i < left.length && i < right.length; i++) {
    const [x, y] = [left[i]!, right[i]!];
    if (x === y) continue;
    const [letter, otherLetter] = [LETTER.test(x), LETTER.test(y)];
    if (letter && otherLetter) return x.codePointAt(0)! - y.codePointAt(0)!;
    if (letter || otherLetter) return otherLetter ? -1 : 1;
    const [run, otherRun] = [digitsAt(left, i), digitsAt(right, i)];
    // A zero inside of a number is no leading one.
    const prefix = (x === '0' || y === '0') && insideNumber(left, i) ? '1' : '';
    const difference = Number(prefix + run || 0) - Number(prefix + otherRun || 0);
    if (difference !== 0) return difference;
    if (run.length !== otherRun.length) return run.length - otherRun.length;
    return x.codePointAt(0)! - y.codePointAt(0)!;
  }
  return left.length - right.length;
}

function digitsAt(characters: readonly string[], start: number): string {
  let end = start;
  while (end < characters.length && DIGIT.test(characters[end]!)) end++;
  return characters.slice(start, end).join('');
}

function insideNumber(characters: readonly string[], end: number): boolean {
  for (let i = end - 1; i >= 0 && DIGIT.test(characters[i]!); i--) if (characters[i] !== '0') return true;
  return false;
}
